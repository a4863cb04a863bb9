/**
 * Parses YAML into plain values, and maps a path in the value to its line and column (spec §12). Bounds nesting and
 * alias expansion. It knows no config keys.
 */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml'
import type { Complaint } from '../net/host/address-checks.ts'

/** A position, 1-based. */
export interface Place {
  readonly line: number
  readonly column: number
}

export interface YamlText {
  /** Plain objects, lists and scalars; `{}` for an empty text. */
  readonly value: unknown
  /**
   * The position of the value at `path`, or of its key `key` if given. If it is missing, the position of the nearest
   * parent.
   */
  place(path: readonly PropertyKey[], key?: string): Place
}

export type YamlProblem = Complaint & Partial<Place>

/** Limit of alias expansions: enough for honest use, and stops a “billion laughs” file. */
const MAX_ALIASES = 100
/** Only the first errors are reported; later ones usually follow from them. */
const MAX_PROBLEMS = 3
/**
 * The parser recurses. On stack overflow Node 20 was seen to abort instead of throwing (60,000 brackets, 2026-11-23).
 * The config file has four levels.
 */
const MAX_DEPTH = 50
const DEEP_BLOCKS = new RegExp(`(?:[-?][^\\S\\n]+){${String(MAX_DEPTH)}}|^ {${String(8 * MAX_DEPTH)}}`, 'm')
/** Strings that may be secrets. They are cut out of the parser's messages, which quote the text. */
const SECRET_LIKE = /[0-9a-zA-Z+/=]{24,}/g

/** Returns the syntax problems, or the value with its positions. */
export function readYaml(text: string): YamlText | { readonly problems: readonly YamlProblem[] } {
  const deepAt = tooDeepAt(text)
  if (deepAt !== undefined) {
    const line = text.slice(0, deepAt).split('\n').length
    return { problems: [{ line, column: 1, wrong: 'is nested too deep', fix: 'no key of this file needs that' }] }
  }
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const faults = [...doc.errors, ...doc.warnings]
  if (faults.length > 0) return { problems: faults.slice(0, MAX_PROBLEMS).map((fault) => syntaxProblem(fault, lines)) }
  try {
    const value: unknown = doc.toJS({ maxAliasCount: MAX_ALIASES })
    return { value: value ?? {}, place: (path, key) => placeOf(doc, lines, path, key) }
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    return { problems: [aliasProblem(doc, lines)] }
  }
}

/** Counts brackets also within quotes and comments: no honest file has that many open ones there. */
function tooDeepAt(text: string): number | undefined {
  let depth = 0
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1)
    if (depth > MAX_DEPTH) return index
  }
  return DEEP_BLOCKS.exec(text)?.index
}

function syntaxProblem(fault: YAMLError, lines: LineCounter): YamlProblem {
  const wrong = `is not valid YAML: ${fault.message.replaceAll(SECRET_LIKE, '…')}`
  return { ...pointOf(lines, fault.pos[0]), wrong, fix: syntaxFix(fault) }
}

function syntaxFix(fault: YAMLError): string {
  switch (fault.code) {
    case 'BAD_SCALAR_START':
      return 'put the value in quotes'
    case 'DUPLICATE_KEY':
      return 'remove one of the two'
    case 'TAB_AS_INDENT':
      return 'indent with spaces'
    case 'MULTIPLE_DOCS':
      return 'remove the "---"'
    case 'TAG_RESOLVE_FAILED':
      return 'remove the word that begins with "!", or put the value in quotes'
    default:
      return 'mend the syntax of this line or the one before'
  }
}

function aliasProblem(doc: Document, lines: LineCounter): YamlProblem {
  let first: Node | undefined
  visit(doc, {
    Alias: (_, node) => {
      const unresolved = node.resolve(doc) === undefined
      if (unresolved || first === undefined) first = node
      return unresolved ? visit.BREAK : undefined
    },
  })
  const unresolved = isAlias(first) && first.resolve(doc) === undefined
  const wrong = unresolved ? 'is an alias (*) of nothing before it' : 'is the first of too many aliases (*)'
  return {
    ...pointOf(lines, first?.range?.[0] ?? 0),
    wrong,
    fix: 'write the value out, in quotes if it begins with "*"',
  }
}

function placeOf(doc: Document, lines: LineCounter, path: readonly PropertyKey[], key?: string): Place {
  let node: unknown = doc.contents
  for (const step of path) {
    const next: unknown = isCollection(node) ? node.get(step, true) : undefined
    if (next === undefined) break
    node = next
  }
  const pair =
    key !== undefined && isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined
  const target = pair === undefined ? node : pair.key
  return pointOf(lines, isNode(target) ? (target.range?.[0] ?? 0) : 0)
}

function pointOf(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

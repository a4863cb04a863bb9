/** From the schema's issues to problems with line and column; suggests the config key for a mistyped one (spec §12). */
import type * as z from 'zod'
import type { ConfigProblem } from './faults.ts'
import { KNOWN_KEYS, pathPattern, expectedAt } from './schema.ts'
import type { YamlText } from './yaml.ts'

type Issue = z.core.$ZodIssue

/** Sorted by position in the file. */
export function problemsOf(issues: readonly Issue[], yaml: YamlText, file: string): readonly ConfigProblem[] {
  const problems = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(issue, yaml) : [badValue(issue, yaml)],
  )
  const placed = problems.map((problem) => ({ file, ...problem }))
  return placed.sort((a, b) => a.line - b.line || a.column - b.column)
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, yaml: YamlText) {
  return issue.keys.map((name) => ({
    ...yaml.place(issue.path, name),
    key: showPath([...issue.path, name]),
    wrong: 'unknown key',
    fix: suggestion(name, issue.path),
  }))
}

/** Suggests the nearest key of the same map, else the same name in another map, else lists the allowed keys. */
function suggestion(name: string, path: readonly PropertyKey[]): string {
  const here = path.length === 0 ? '' : `${pathPattern(path)}.`
  const siblings = KNOWN_KEYS.filter((known) => known.startsWith(here) && !known.slice(here.length).includes('.'))
  const names = siblings.map((known) => known.slice(here.length))
  const near = nearest(name, names)
  if (near !== undefined) return `did you mean "${near}"?`
  const elsewhere = KNOWN_KEYS.find((known) => known.split('.').at(-1) === name)
  if (elsewhere !== undefined) return `did you mean "${elsewhere.replaceAll('.*', '[]')}"?`
  return `remove it; the keys here are ${names.join(', ')}`
}

function badValue(issue: Issue, yaml: YamlText) {
  const fix: unknown = issue.code === 'custom' ? issue.params?.['fix'] : undefined
  return {
    ...yaml.place(issue.path),
    key: showPath(issue.path),
    wrong: typeof fix === 'string' ? issue.message : describeInput(issue),
    fix: typeof fix === 'string' ? fix : `write ${expectedAt(issue.path)}`,
  }
}

/** Describes a value by its type alone: it may be a secret. */
function describeInput(issue: Issue): string {
  const { input } = issue
  if (input === undefined) return 'is missing'
  if (input === null || input === '') return 'is empty'
  if (issue.code !== 'invalid_type') return 'is not one of the values allowed'
  if (Array.isArray(input)) return 'is a list'
  return typeof input === 'object' ? 'is a map' : `is a ${typeof input === 'string' ? 'text' : typeof input}`
}

/** Formats a path as `chains[0].name`. */
function showPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${String(step)}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}

/** The candidate nearest to `word`, if it is within a third of its length. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase().replaceAll(/[-_]/g, '')
  let best: { name: string; edits: number } | undefined
  for (const name of candidates) {
    const edits = distance(lower, name.toLowerCase())
    if (best === undefined || edits < best.edits) best = { name, edits }
  }
  return best !== undefined && best.edits <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined
}

/** Levenshtein distance; swapping two neighbours costs one (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + differs)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = above
    above = row
  }
  return above[b.length] ?? 0
}

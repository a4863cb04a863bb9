/** A block as a line of `log` (spec §11): time, author, reps, id, text and state. Pure. */
import type { ListedBlock } from '../control/shapes.ts'
import type { AddressBook } from './address-book.ts'
import type { Colors, StyleOfAuthor } from './colors.ts'
import { sanitize } from './sanitize.ts'
import { kindOf, blockText, shortId, shortKey, showSize, showTime } from './block-text.ts'

/** Limits of one shown text: a screenful. `get payload` prints the rest. */
const SHOWN_LINES = 40
const SHOWN_CHARS = 4_000

/** Width of the author's column: a key in short. */
const AUTHOR_CHARS = 16

const INDENT = '    '

export interface LogStyle {
  readonly names: Pick<AddressBook, 'nameOf'>
  readonly colors: Colors
  readonly styleOf: StyleOfAuthor
}

/** One line, with further lines of the text indented below; no final newline. */
export function logLines(block: ListedBlock, { names, colors, styleOf }: LogStyle): string {
  const [first = '', ...rest] = textLines(block)
  const author = names.nameOf(block.author) ?? (block.author === undefined ? 'anonymous' : shortKey(block.author))
  const head = [
    colors('dim', showTime(block.time)),
    colors(styleOf(block.author), author.padEnd(AUTHOR_CHARS)),
    (block.like === undefined ? signed(block.reps) : '').padStart(2),
    colors('dim', shortId(block.id)),
    ...(block.state === 'accepted' ? [] : [colors('yellow', block.state)]),
    ...(first === '' ? [] : [first]),
  ]
  return [head.join('  '), ...rest.map((line) => INDENT + line)].join('\n')
}

/** The block as JSON: as `chain.get` gives it, with the author's name, and the text, or else the payload unchanged. */
export function logJson(block: ListedBlock, { names }: Pick<LogStyle, 'names'>): object {
  const { content, ...view } = block
  const name = names.nameOf(block.author)
  const { text } = blockText(block)
  return {
    ...view,
    ...(name === undefined ? {} : { name }),
    ...(text === undefined ? { content } : { text }),
  }
}

/** Reps with a sign: `+2`, `-1`, `0`. */
function signed(reps: number): string {
  return reps > 0 ? `+${String(reps)}` : String(reps)
}

function textLines(block: ListedBlock): string[] {
  const { like } = block
  const { text, placeholder = '' } = blockText(block)
  const lines = text === undefined ? [placeholder] : shown(text)
  if (like === undefined) return lines
  const [first = '', ...rest] = lines
  const vote = `${kindOf(block)}s ${shortId(like.target)}`
  return [first === '' ? vote : `${vote}: ${first}`, ...rest]
}

function shown(text: string): string[] {
  const kept = text.slice(0, SHOWN_CHARS).replace(/[\uD800-\uDBFF]$/, '')
  const lines = sanitize(kept.replace(/\s+$/, '')).split('\n')
  const isWhole = kept.length === text.length && lines.length <= SHOWN_LINES
  if (isWhole) return lines
  const left = lines.slice(0, SHOWN_LINES)
  return [...left, `(${showSize(Buffer.byteLength(text))} in all: see get payload)`]
}

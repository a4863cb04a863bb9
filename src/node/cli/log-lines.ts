/** A block as a line of `log` (spec §11): time, author, reps, id, text and state. Pure. */
import type { ListedBlock } from '../control/shapes.ts'
import type { AddressBook } from './address-book.ts'
import type { Colors, StyleOfAuthor } from './colors.ts'
import { spokenOf, type LogContext } from './log-context.ts'
import { sanitize, sanitizeLine } from './sanitize.ts'
import { kindOf, blockText, shortId, shortKey, showSize, showTime, type Zone } from './block-text.ts'

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
  readonly zone: Zone
}

/** One line, with further lines of the text indented below; no final newline. */
export function logLines(block: ListedBlock, context: LogContext, style: LogStyle): string {
  const { colors, styleOf, zone } = style
  const [first = '', ...rest] = textLines(block, context)
  const author = authorText(block.author, context, style)
  const head = [
    colors('dim', showTime(block.time, zone)),
    colors(styleOf(block.author), author.padEnd(AUTHOR_CHARS)),
    (block.like === undefined ? signed(block.reps) : '').padStart(2),
    colors('dim', shortId(block.id)),
    ...(block.state === 'accepted' ? [] : [colors('yellow', block.state)]),
    ...(first === '' ? [] : [first]),
  ]
  return [head.join('  '), ...rest.map((line) => INDENT + line)].join('\n')
}

/**
 * The reader's name for an author; else digits of the key that nobody can imitate, and behind them what the author says that he
 * is called: `423DAA5B0C12D3F4 ~ana`.
 */
function authorText(pub: string | undefined, { profiles }: LogContext, { names }: Pick<LogStyle, 'names'>): string {
  if (pub === undefined) return 'anonymous'
  const said = profiles.get(pub)?.name
  return names.nameOf(pub) ?? (said === undefined ? shortKey(pub) : `${shortKey(pub)} ~${sanitizeLine(said)}`)
}

/**
 * The block as JSON: as `chain.get` gives it, with the reader's name for the author, what the author is called by himself, the
 * first words of the post that it speaks of, and the text, or else the payload unchanged.
 */
export function logJson(block: ListedBlock, context: LogContext, { names }: Pick<LogStyle, 'names'>): object {
  const { content, ...view } = block
  const name = names.nameOf(block.author)
  const saysName = name === undefined ? context.profiles.get(block.author ?? '')?.name : undefined
  const quoted = context.quotes.get(spokenOf(block) ?? '')
  const { text } = blockText(block)
  return {
    ...view,
    ...(name === undefined ? {} : { name }),
    ...(saysName === undefined ? {} : { saysName }),
    ...(quoted === undefined || quoted === '' ? {} : { quoted }),
    ...(text === undefined ? { content } : { text }),
  }
}

/** Reps with a sign: `+2`, `-1`, `0`. */
function signed(reps: number): string {
  return reps > 0 ? `+${String(reps)}` : String(reps)
}

function textLines(block: ListedBlock, { quotes }: LogContext): string[] {
  const { text, placeholder = '' } = blockText(block)
  const lines = text === undefined ? [placeholder] : shown(text)
  const target = spokenOf(block)
  if (target === undefined) return lines
  const [first = '', ...rest] = lines
  const quote = quotes.get(target) ?? ''
  const verb = block.like === undefined ? 'answers' : `${kindOf(block)}s`
  const what = `${verb} ${shortId(target)}${quote === '' ? '' : ` ${quote}`}`
  return [first === '' ? what : `${what}: ${first}`, ...rest]
}

function shown(text: string): string[] {
  const kept = text.slice(0, SHOWN_CHARS).replace(/[\uD800-\uDBFF]$/, '')
  const lines = sanitize(kept.replace(/\s+$/, '')).split('\n')
  const isWhole = kept.length === text.length && lines.length <= SHOWN_LINES
  if (isWhole) return lines
  const left = lines.slice(0, SHOWN_LINES)
  return [...left, `(${showSize(Buffer.byteLength(text))} in all: see get payload)`]
}

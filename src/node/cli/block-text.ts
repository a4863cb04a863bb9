/** Text for people about blocks (spec §11): short ids, kinds, times, sizes, and texts or placeholders. Pure. */
import type { ListedBlock } from '../control/shapes.ts'

/** Hex digits of a short id: more than the six that can be typed, and still readable at a glance. */
const SHORT_DIGITS = 8

/**
 * Hex digits of a key that stands for a person. A key with 8 digits of somebody else's is found in minutes; with 16, not
 * in a year by a thousand machines.
 */
const KEY_DIGITS = 16

const KIB = 1024
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `12_A5AB0E12`; accepted wherever an id is. */
export function shortId(id: string): string {
  const [height = '', digits = ''] = id.split('_')
  return `${height}_${digits.slice(0, SHORT_DIGITS)}`
}

/** Where no name is known: as many digits as nobody can imitate. */
export function shortKey(pub: string): string {
  return pub.slice(0, KEY_DIGITS)
}

/** Decodes text; undefined if the bytes are no UTF-8 or contain a NUL, which no text has. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = UTF8.decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

/** A rounded size: `12 KiB`, `300 bytes`. */
export function showSize(bytes: number): string {
  if (bytes < KIB) return `${String(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`
  if (bytes < KIB * KIB) return `${String(Math.round(bytes / KIB))} KiB`
  return `${String(Math.round(bytes / KIB / KIB))} MiB`
}

/** A block's text, or a placeholder in brackets that says why there is none. */
export interface BlockText {
  readonly text?: string
  readonly placeholder?: string
}

/** The text of a block that was listed with its payload. */
export function blockText({ content, pay, takenBack }: ListedBlock): BlockText {
  switch (content?.is) {
    case 'here': {
      const bytes = Buffer.from(content.payload ?? '', 'base64')
      const text = textOf(bytes)
      return text === undefined ? { placeholder: `(binary, ${showSize(bytes.length)})` } : { text }
    }
    case 'long':
      return { placeholder: `(${showSize(pay.size)})` }
    case 'missing':
      return { placeholder: '(not here yet)' }
    case 'sealed':
      return { placeholder: "(sealed to the chain's owner)" }
    // If it is only hidden, the block's state says so already.
    case 'hidden':
      return takenBack === true ? { placeholder: '(taken back by its author)' } : {}
    case undefined:
      return {}
  }
}

export function kindOf({ like }: ListedBlock): 'post' | 'like' | 'dislike' {
  if (like === undefined) return 'post'
  return like.n === 1 ? 'like' : 'dislike'
}

/** The author's time in UTC; in ms beyond the range of dates. */
export function showTime(ms: number): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return `${String(ms)} ms`
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

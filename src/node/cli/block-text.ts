/** What blocks say, in words for people (spec §11): short ids, names, texts, and what stands where no text can. Pure. */
import type { ListedBlock } from '../control/shapes.ts'

/** Hex digits of an id or a key that people see: more than the six that can be typed, and still one glance. */
const SHORT_DIGITS = 8

const KIB = 1024
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `12_A5AB0E12`, which can be typed for the whole id. */
export function shortId(id: string): string {
  const [height = '', digits = ''] = id.split('_')
  return `${height}_${digits.slice(0, SHORT_DIGITS)}`
}

export function shortKey(pub: string): string {
  return pub.slice(0, SHORT_DIGITS)
}

/** Bytes as text; `undefined` if they are none. A NUL stands in no text that a person wrote. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = UTF8.decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

/** `12 KiB`, `300 bytes`; rounded. */
export function showSize(bytes: number): string {
  if (bytes < KIB) return `${String(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`
  if (bytes < KIB * KIB) return `${String(Math.round(bytes / KIB))} KiB`
  return `${String(Math.round(bytes / KIB / KIB))} MiB`
}

/** What a block says: its text, or in brackets why there is none. */
export interface BlockText {
  readonly text?: string
  readonly placeholder?: string
}

/** Of a block that was listed with its payload. */
export function blockText({ content, pay }: ListedBlock): BlockText {
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
    // Its state says so.
    case 'hidden':
    case undefined:
      return {}
  }
}

/** What kind of block it is. */
export function kindOf({ like }: ListedBlock): 'post' | 'like' | 'dislike' {
  if (like === undefined) return 'post'
  return like.n === 1 ? 'like' : 'dislike'
}

/** A time as its author wrote it, in UTC; a date only as far as there is a calendar. */
export function showTime(ms: number): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return `${String(ms)} ms`
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

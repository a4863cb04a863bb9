/** Text for people about blocks (spec §11): short ids, kinds, times, sizes, and texts or placeholders. Pure. */
import type { ListedBlock } from '../control/shapes.ts'
import { sanitizeLine } from './sanitize.ts'

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
      const text = isTextType(pay.type) ? textOf(bytes) : undefined
      return text === undefined ? { placeholder: aboutPayload(pay, bytes.length, 'binary') } : { text }
    }
    case 'long':
      return { placeholder: aboutPayload(pay, pay.size) }
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

/** Types of text beside `text/…`; JSON and XML under other names end like these. */
const TEXT_TYPE = /^text\/|^application\/(?:json|xml|yaml|toml|javascript)$|^(?!image\/).*\+(?:json|xml|yaml)$/

/** Whether a payload of this type is shown as text, if it is some; one without a type may be anything. */
function isTextType(type: string | undefined): boolean {
  return type === undefined || TEXT_TYPE.test(type)
}

/** `(cake.jpg, image/jpeg, 12 KiB)`: as much as the author said. */
function aboutPayload({ name, type }: ListedBlock['pay'], bytes: number, otherwise?: string): string {
  const said = [...(name === undefined ? [] : [sanitizeLine(name)]), ...(type === undefined ? [] : [type])]
  const words = said.length === 0 && otherwise !== undefined ? [otherwise] : said
  return `(${[...words, showSize(bytes)].join(', ')})`
}

/** Characters of a text that is quoted where another block speaks of it. */
const QUOTED_CHARS = 40

/** The first words of a text, on one line: `Who brings the …`. */
export function firstWords(text: string, atMost = QUOTED_CHARS): string {
  const [line = '', ...more] = text.trim().split(/\r?\n/, 2)
  const chars = Array.from(sanitizeLine(line.slice(0, 4 * atMost)))
  const isWhole = chars.length <= atMost && more.length === 0 && line.length <= 4 * atMost
  return isWhole ? chars.join('') : `${chars.slice(0, atMost).join('').trimEnd()}…`
}

/** How another block speaks of this one: `“Who brings the cake?”`, `(cake.jpg, image/jpeg, 12 KiB)`, or nothing. */
export function quoteOf(block: ListedBlock): string {
  const { text, placeholder = '' } = blockText(block)
  if (text === undefined) return placeholder
  const words = firstWords(text)
  return words === '' ? '' : `“${words}”`
}

export function kindOf({ like }: ListedBlock): 'post' | 'like' | 'dislike' {
  if (like === undefined) return 'post'
  return like.n === 1 ? 'like' : 'dislike'
}

/** In which zone times are shown. */
export type Zone = 'local' | 'utc'

const MINUTE_MS = 60_000

/**
 * The author's time, with the zone behind it: `2026-11-25 15:09:16+01:00`, `Z` for UTC; in ms beyond the range of dates.
 * Local is what the process takes for it (`TZ`, or the system's zone), as it was at that time.
 */
export function showTime(ms: number, zone: Zone): string {
  const date = new Date(ms)
  // A local time may be up to a day beyond the range, where it could not be shown.
  const minutes = zone === 'utc' ? 0 : -date.getTimezoneOffset()
  const shifted = new Date(ms + minutes * MINUTE_MS)
  if (Number.isNaN(date.getTime()) || Number.isNaN(shifted.getTime())) return `${String(ms)} ms`
  const clock = shifted
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '')
  return clock + offsetText(minutes)
}

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z'
  const ahead = Math.abs(minutes)
  const [hours, rest] = [Math.floor(ahead / 60), ahead % 60].map((n) => String(n).padStart(2, '0'))
  return `${minutes < 0 ? '-' : '+'}${hours ?? ''}:${rest ?? ''}`
}

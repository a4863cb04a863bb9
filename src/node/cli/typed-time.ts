/** Times as people type them (spec §11): `2026-11-25`, `2026-11-25 14:09`, `yesterday`, `3d` ago. Pure. */
import { UsageError } from './io.ts'
import type { Zone } from './block-text.ts'

const DAY_MS = 86_400_000
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS }

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?(Z|[+-]\d\d:\d\d)?$/

/** A moment, or a whole day, of which the first and the last millisecond count. */
export interface TypedTime {
  readonly firstMs: number
  readonly lastMs: number
}

/** @throws {UsageError} */
export function parseTime(text: string, { nowMs, zone }: { readonly nowMs: number; readonly zone: Zone }): TypedTime {
  const ago = /^(\d{1,6})([smhdw])$/.exec(text)
  if (ago !== null) return moment(nowMs - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0))
  if (text === 'today') return dayOf(nowMs, zone)
  if (text === 'yesterday') return dayOf(dayOf(nowMs, zone).firstMs - 1, zone)
  const match = DATE.exec(text)
  if (match === null || !isDate(match)) throw wrongTime()
  const [, year, month, day, hour, minute, second = '00', offset = zone === 'utc' ? 'Z' : ''] = match
  const date = `${year ?? ''}-${month ?? ''}-${day ?? ''}`
  const at = Date.parse(`${date}T${hour ?? '00'}:${minute ?? '00'}:${second}${offset}`)
  if (Number.isNaN(at) || at < 0) throw wrongTime()
  if (hour !== undefined) return moment(at)
  return match[7] === undefined ? dayOf(at, zone) : { firstMs: at, lastMs: at + DAY_MS - 1 }
}

/** Whether the day is in the calendar: `Date.parse` takes the 31st of every month. */
function isDate([, year, month, day]: RegExpExecArray): boolean {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

function moment(ms: number): TypedTime {
  return { firstMs: Math.max(0, ms), lastMs: Math.max(0, ms) }
}

/** The day of a moment, which has 23 or 25 hours where the clock is changed. */
function dayOf(ms: number, zone: Zone): TypedTime {
  const [first, next] = [new Date(ms), new Date(ms)]
  if (zone === 'utc') {
    first.setUTCHours(0, 0, 0, 0)
    next.setUTCHours(24, 0, 0, 0)
  } else {
    first.setHours(0, 0, 0, 0)
    next.setHours(24, 0, 0, 0)
  }
  return { firstMs: first.getTime(), lastMs: next.getTime() - 1 }
}

function wrongTime(): UsageError {
  return new UsageError(
    'expected a day (2026-11-25, today, yesterday), a time (2026-11-25T14:09, with a zone if wanted), or how long ago (30m, 2h, 3d, 1w)',
  )
}

/** Times as people read them (spec §11), in a zone with summer time. */
import { afterAll, expect, test, vi } from 'vitest'
import { showTime } from '../../../../src/node/cli/block-text.ts'

vi.stubEnv('TZ', 'America/St_Johns')
afterAll(() => {
  vi.unstubAllEnvs()
})

test('in the local zone as it was then, with the zone behind it; in UTC if told', () => {
  expect(showTime(Date.UTC(2026, 10, 25, 14, 9, 16), 'local')).toBe('2026-11-25 10:39:16-03:30')
  expect(showTime(Date.UTC(2026, 6, 1, 1, 0, 0), 'local')).toBe('2026-06-30 22:30:00-02:30')
  expect(showTime(Date.UTC(2026, 6, 1, 1, 0, 0), 'utc')).toBe('2026-07-01 01:00:00Z')
})

test('a zone of whole hours ahead, and one that is UTC', () => {
  vi.stubEnv('TZ', 'Asia/Tokyo')
  expect(showTime(Date.UTC(2026, 10, 25, 20), 'local')).toBe('2026-11-26 05:00:00+09:00')
  vi.stubEnv('TZ', 'UTC')
  expect(showTime(Date.UTC(2026, 10, 25, 20), 'local')).toBe('2026-11-25 20:00:00Z')
})

test('beyond the range of dates, in ms', () => {
  expect(showTime(Number.MAX_SAFE_INTEGER, 'local')).toBe('9007199254740991 ms')
  expect(showTime(8_640_000_000_000_000, 'utc')).toBe('+275760-09-13 00:00:00Z')
})

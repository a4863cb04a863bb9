/** Times as people type them (spec §11), in a zone with summer time. */
import { afterAll, expect, test, vi } from 'vitest'
import { parseTime } from '../../../../src/node/cli/typed-time.ts'

vi.stubEnv('TZ', 'Europe/Berlin')
afterAll(() => {
  vi.unstubAllEnvs()
})

const NOW_MS = Date.UTC(2026, 10, 25, 23, 30)
const shown = (text: string, zone: 'local' | 'utc' = 'local'): string[] => {
  const { firstMs, lastMs } = parseTime(text, { nowMs: NOW_MS, zone })
  return [firstMs, lastMs].map((ms) => new Date(ms).toISOString())
}

test.each([
  ['2026-11-25', 'local', '2026-11-24T23:00:00.000Z', '2026-11-25T22:59:59.999Z'],
  ['2026-11-25', 'utc', '2026-11-25T00:00:00.000Z', '2026-11-25T23:59:59.999Z'],
  ['2026-10-25', 'local', '2026-10-24T22:00:00.000Z', '2026-10-25T22:59:59.999Z'],
  ['today', 'local', '2026-11-25T23:00:00.000Z', '2026-11-26T22:59:59.999Z'],
  ['yesterday', 'local', '2026-11-24T23:00:00.000Z', '2026-11-25T22:59:59.999Z'],
  ['yesterday', 'utc', '2026-11-24T00:00:00.000Z', '2026-11-24T23:59:59.999Z'],
  ['2026-07-01 14:09', 'local', '2026-07-01T12:09:00.000Z', '2026-07-01T12:09:00.000Z'],
  ['2026-07-01T14:09:16-03:30', 'local', '2026-07-01T17:39:16.000Z', '2026-07-01T17:39:16.000Z'],
  ['2h', 'utc', '2026-11-25T21:30:00.000Z', '2026-11-25T21:30:00.000Z'],
  ['1w', 'local', '2026-11-18T23:30:00.000Z', '2026-11-18T23:30:00.000Z'],
] as const)('%s in the zone %s', (text, zone, first, last) => {
  expect(shown(text, zone)).toEqual([first, last])
})

test.each(['', 'soon', '2026-02-30', '2026-13-01', '2026-11-25 25:00', '1y', '1969-01-01'])(
  '“%s” is no time',
  (text) => {
    expect(() => shown(text)).toThrow('expected a day')
  },
)

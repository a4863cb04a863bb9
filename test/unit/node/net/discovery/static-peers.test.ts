import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LONGEST_STATIC_DELAY_MS, nextDelayMs } from '../../../../../src/node/net/discovery/redial-backoff.ts'
import { checkProperty } from '../../../../support/property.ts'

const chance = fc.double({ min: 0, max: 1, noNaN: true })

test('a delay never exceeds a minute and never falls below half a second, however long a peer is away', () => {
  checkProperty(
    'redial-delay-bounds',
    fc.property(fc.nat({ max: 1_000_000 }), chance, (attempt, random) => {
      const delayMs = nextDelayMs(attempt, () => random)
      expect(delayMs).toBeGreaterThanOrEqual(500)
      expect(delayMs).toBeLessThanOrEqual(60_000)
    }),
  )
})

test('delays double until the cap, and half of each is chance', () => {
  expect([0, 1, 2, 5, 6, 7].map((attempt) => nextDelayMs(attempt, () => 1))).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000,
  ])
  expect([0, 1, 6].map((attempt) => nextDelayMs(attempt, () => 0))).toEqual([500, 1000, 30_000])
  expect(nextDelayMs(1_000, () => 1, LONGEST_STATIC_DELAY_MS)).toBe(30_000)
})

/** When a chain is compared, and with whom (spec §7). */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chooseCompared,
  CompareTimer,
  compareIntervalMs,
  peersPerComparison,
  type Candidate,
} from '../../../../../src/node/net/sync/compare-timer.ts'
import { COMPARE_MS, COMPARISONS_PER_SECOND, PEERS_COMPARED } from '../../../../../src/protocol/sync-limits.ts'
import { checkProperty } from '../../../../support/property.ts'

const half = (): number => 0.5

/** The moments at which each chain was due, at one look a second. */
function looks(chains: readonly string[], seconds: number): Map<string, number[]> {
  const timer = new CompareTimer<string>(0, half)
  const dueMs = new Map<string, number[]>()
  for (let nowMs = 0; nowMs <= seconds * 1000; nowMs += 1000) {
    for (const chain of timer.due(chains, nowMs, half)) dueMs.set(chain, [...(dueMs.get(chain) ?? []), nowMs])
  }
  return dueMs
}

test('each chain is compared once an interval, however many there are', () => {
  for (const count of [1, 10, 3_000, 5_000]) {
    const chains = Array.from({ length: count }, (_, n) => `#c${String(n)}`)
    const intervalMs = compareIntervalMs(count)
    const dueMs = looks(chains, (3 * intervalMs) / 1000)
    expect(dueMs.size).toBe(count)
    const waits = [...dueMs.values()].flatMap((times) => times.map((time, n) => time - (times[n - 1] ?? 0)))
    expect(Math.max(...waits)).toBeLessThanOrEqual(intervalMs + 2_000)
  }
})

test('ten chains do not begin at once, and ten thousand cost no more a second than three thousand', () => {
  const ten = looks(
    Array.from({ length: 10 }, (_, n) => `#c${String(n)}`),
    60,
  )
  expect(new Set([...ten.values()].flat()).size).toBe(10)
  expect(compareIntervalMs(3_000)).toBe(COMPARE_MS)
  expect(compareIntervalMs(10_000)).toBe((10_000 / COMPARISONS_PER_SECOND) * 1000)
  expect([1, 750, 1_000, 10_000].map(peersPerComparison)).toEqual([PEERS_COMPARED, PEERS_COMPARED, 3, 1])
})

test('after a pause of the process those that are due come a little at a time', () => {
  const chains = Array.from({ length: 1_000 }, (_, n) => `#c${String(n)}`)
  const timer = new CompareTimer<string>(0, half)
  timer.due(chains, 0, half)
  const counts = [3_600_000, 3_601_000, 3_602_000].map((nowMs) => timer.due(chains, nowMs, half).length)
  expect(counts).toEqual([100, 100, 100])
})

test('no chains, and then one', () => {
  const timer = new CompareTimer<string>(0, half)
  expect(timer.due([], 1_000, half)).toEqual([])
  expect(timer.due(['#c'], 2_000, half)).toEqual([])
  expect(timer.due(['#c'], 2_000 + COMPARE_MS, half)).toEqual(['#c'])
})

const candidate = (peer: string, isPreferred: boolean, comparedMs = -Infinity): Candidate => ({
  peer,
  isPreferred,
  comparedMs,
})

test('among any number of peers that gave nothing, half of those asked are ones that did', () => {
  const sybils = Array.from({ length: 60 }, (_, n) => candidate(`sybil ${String(n)}`, false))
  const honest = [candidate('ann', true, 30), candidate('bob', true, 20), candidate('eve', true, 10)]
  const chosen = chooseCompared([...sybils, ...honest], 4, half)
  expect(chosen.slice(0, 2)).toEqual(['eve', 'bob'])
  expect(new Set(chosen).size).toBe(4)
  expect(chooseCompared([...sybils, ...honest], 1, half)).toEqual(['eve'])
})

test('as many as wanted, or all, and nobody twice', () => {
  const candidates = fc.array(fc.record({ isPreferred: fc.boolean(), comparedMs: fc.integer() }), { maxLength: 12 })
  checkProperty(
    'peers-compared',
    fc.property(
      candidates,
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (all, count, chance) => {
        const named = all.map((one, n) => ({ ...one, peer: `peer ${String(n)}` }))
        const chosen = chooseCompared(named, count, () => chance)
        expect(chosen).toHaveLength(Math.min(count, all.length))
        expect(new Set(chosen).size).toBe(chosen.length)
      },
    ),
  )
})

/** The budget for signatures that the native verifier does not take (spec §3): a share for each peer, and one for all of them. */
import { expect, test } from 'vitest'
import { RECHECKS, RECHECKS_PER_PEER } from '../../../src/protocol/intake-limits.ts'
import { RecheckBudget } from '../../../src/protocol/recheck-budget.ts'

function granted(rechecks: RecheckBudget, peer: string, tries: number, nowMs = 0): number {
  return Array.from({ length: tries }, () => rechecks.take(peer, nowMs)).filter(Boolean).length
}

test('a peer has its share and not one more, until time brings some again; another one has its own', () => {
  const { burst, perSecond } = RECHECKS_PER_PEER
  const rechecks = new RecheckBudget(0)
  expect([granted(rechecks, 'a', burst), granted(rechecks, 'a', 1)]).toEqual([burst, 0])
  expect(granted(rechecks, 'b', 1)).toBe(1)
  expect(granted(rechecks, 'a', perSecond + 1, 1000)).toBe(perSecond)
})

test('fresh peer ids do not multiply it: all together have one share, however many they are', () => {
  const { burst, perSecond } = RECHECKS
  const rechecks = new RecheckBudget(0)
  const some = (from: number, nowMs: number): number => {
    let sum = 0
    for (let n = from; n < from + 1000; n += 1) sum += granted(rechecks, `fresh ${String(n)}`, 3, nowMs)
    return sum
  }
  expect(some(0, 0)).toBe(burst)
  expect([some(1000, 0), some(2000, 1000)]).toEqual([0, perSecond])
})

test('who finds nothing left for all keeps its own share', () => {
  const rechecks = new RecheckBudget(0)
  for (let n = 0; n < RECHECKS.burst; n += 1) granted(rechecks, `fresh ${String(n)}`, 1)
  expect(granted(rechecks, 'a', 5)).toBe(0)
  const laterMs = 60_000
  expect(granted(rechecks, 'a', 1000, laterMs)).toBe(RECHECKS_PER_PEER.burst)
})

test('other work counts in both shares, may owe more than is left, and is paid back by time', () => {
  const rechecks = new RecheckBudget(0)
  const { burst, perSecond } = RECHECKS_PER_PEER
  expect(rechecks.spend('a', burst - 1, 0)).toBe(true)
  expect(rechecks.spend('a', perSecond, 0)).toBe(false)
  expect([rechecks.spend('a', 0, 999), rechecks.spend('a', 0, 1000)]).toEqual([false, true])
  expect(rechecks.spend('b', RECHECKS.burst, 1000)).toBe(false)
  // What others used up does not count where nothing was spent.
  expect([rechecks.spend('c', 0, 1000), rechecks.take('c', 1000)]).toEqual([true, false])
})

test('all together it is a tenth of one core at most, at 1.6 ms each', () => {
  expect(RECHECKS.perSecond * 1.6).toBeLessThanOrEqual(105)
})

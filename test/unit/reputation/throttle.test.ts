/** The rations of the throttle (spec §5): what may come in now, and when the rest may. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AuthorKey, BlockId } from '../../../src/dag/ids.ts'
import {
  FREED_PER_HOUR,
  LARGE_FORGOTTEN_MS,
  MAX_THROTTLED_AUTHORS,
  OLD_BLOCKS_PER_HOUR,
  REWRITES_PER_DAY,
  SLOW_REWRITE_GAP_MS,
  Throttle,
  type Cost,
} from '../../../src/reputation/throttle.ts'
import { Watch } from '../../../src/reputation/watch.ts'
import { DAY, FIRST_DAY, HOUR, keyOf, MINUTE } from '../../support/economy.ts'
import { checkProperty } from '../../support/property.ts'

const T = FIRST_DAY
const [ann, bob] = [keyOf(1), keyOf(2)]

function noted(...times: readonly number[]): Watch {
  const watch = new Watch()
  for (const time of times) watch.note(time)
  return watch
}

const old = (count: number, id = 'some'): Cost => ({ id: id as BlockId, old: count, rewrites: new Map() })
const rewrites = (count: number, by = ann): Cost => ({
  id: 'some' as BlockId,
  old: 0,
  rewrites: new Map([[by, count]]),
})
const fresh = (): Throttle => new Throttle(new Watch())
/** As after a restart. */
const again = (throttle: Throttle): Throttle => new Throttle(new Watch(), throttle.record())

/** How many of these a throttle lets in at this time, one after the other. */
function taken(throttle: Throttle, cost: Cost, nowMs: number, freer?: AuthorKey): number {
  for (let count = 0; ; count += 1) if (!throttle.take(cost, nowMs, freer)) return count
}

describe('blocks that claim to be old', () => {
  test('are old if more than 24 hours old, and of a time when we watched', () => {
    const throttle = new Throttle(noted(T, T + MINUTE))
    expect(throttle.isOld(T, T + DAY)).toBe(false)
    expect(throttle.isOld(T, T + DAY + 1)).toBe(true)
    expect(throttle.isOld(T + MINUTE + 1, T + 2 * DAY)).toBe(false)
    expect(throttle.isOld(T - 1, T + 2 * DAY)).toBe(false)
  })

  test('come in by 100 in any hour', () => {
    const throttle = fresh()
    expect(OLD_BLOCKS_PER_HOUR).toBe(100)
    expect(taken(throttle, old(1), T)).toBe(100)
    expect(throttle.mayTakeOld(T + HOUR - 1)).toBe(false)
    expect(throttle.mayTakeOld(T + HOUR)).toBe(true)
    for (let n = 0; n < 50; n += 1) expect(throttle.take(old(1), T + HOUR)).toBe(true)
    expect(taken(throttle, old(1), T + HOUR + 30 * MINUTE)).toBe(50)
    expect(taken(throttle, old(1), T + 2 * HOUR)).toBe(50)
  })

  test('wait an hour at most when the clock is set back', () => {
    const throttle = fresh()
    taken(throttle, old(1), T)
    expect(throttle.mayTakeOld(T - DAY)).toBe(false)
    expect(throttle.mayTakeOld(T - DAY + HOUR - 1)).toBe(false)
    expect(throttle.mayTakeOld(T - DAY + HOUR)).toBe(true)
  })

  test('are due when the ration says so', () => {
    const throttle = fresh()
    for (let n = 0; n < 40; n += 1) throttle.take(old(1), T)
    const now = T + 10 * MINUTE
    const due = [1, 60, 61, 100, 101, 160, 161].map((count) => (throttle.oldDueMs(now, count) - now) / MINUTE)
    expect(due).toEqual([0, 0, 50, 50, 60, 60, 110])
  })
})

describe('blocks that rewrite what is accepted', () => {
  test('60 at once per author, each back after a day, and meanwhile one an hour', () => {
    expect([REWRITES_PER_DAY, SLOW_REWRITE_GAP_MS]).toEqual([60, HOUR])
    const throttle = fresh()
    expect(taken(throttle, rewrites(1), T)).toBe(60)
    expect(taken(throttle, rewrites(1), T + HOUR - 1)).toBe(0)
    expect(taken(throttle, rewrites(1), T + HOUR)).toBe(1)
    expect(taken(throttle, rewrites(1), T + 2 * HOUR - 1)).toBe(0)
    expect(taken(throttle, rewrites(1), T + 2 * HOUR)).toBe(1)
    // What came in slowly does not put off what comes back.
    expect(taken(throttle, rewrites(1), T + DAY - 1)).toBe(1)
    expect(taken(throttle, rewrites(1), T + DAY)).toBe(60)
  })

  test('come back one by one, as they were taken', () => {
    const throttle = fresh()
    for (let n = 0; n < 60; n += 1) throttle.take(rewrites(1), T + n * MINUTE)
    expect(taken(throttle, rewrites(1), T + HOUR)).toBe(0)
    expect(taken(throttle, rewrites(1), T + DAY + 9 * MINUTE)).toBe(10)
  })

  test('are counted for each author alone', () => {
    const throttle = fresh()
    taken(throttle, rewrites(1), T)
    expect([throttle.mayRewrite(ann, T, 1), throttle.mayRewrite(bob, T, 60), throttle.mayRewrite(bob, T, 61)]).toEqual([
      false,
      true,
      false,
    ])
    expect(taken(throttle, rewrites(1, bob), T)).toBe(60)
  })

  test('wait as long as ever when the clock is set back', () => {
    const throttle = fresh()
    taken(throttle, rewrites(1), T)
    const back = T - 5 * DAY
    expect(taken(throttle, rewrites(1), back)).toBe(0)
    expect(taken(throttle, rewrites(1), back + HOUR)).toBe(1)
    expect(taken(throttle, rewrites(1), back + DAY)).toBe(60)
  })

  test('are remembered of 4,096 authors, who took longest ago out', () => {
    const throttle = fresh()
    expect(MAX_THROTTLED_AUTHORS).toBe(4096)
    for (let n = 0; n < MAX_THROTTLED_AUTHORS; n += 1) throttle.take(rewrites(60, keyOf(n)), T)
    const may = (n: number): boolean => throttle.mayRewrite(keyOf(n), T, 1)
    expect([may(0), may(1)]).toEqual([false, false])
    throttle.take(rewrites(1, keyOf(MAX_THROTTLED_AUTHORS)), T)
    expect([may(0), may(1)]).toEqual([true, false])
    expect(throttle.record().rewrites).toHaveLength(MAX_THROTTLED_AUTHORS)
  })

  test('are due one an hour, or when the ration comes back', () => {
    const throttle = fresh()
    const due = (nowMs: number, count: number): number => (throttle.rewritesDueMs(ann, nowMs, count) - T) / HOUR
    expect([due(T, 60), due(T, 61), due(T, 62), due(T, 120)]).toEqual([0, 1, 2, 24])
    taken(throttle, rewrites(1), T)
    expect([due(T, 1), due(T + HOUR / 2, 1), due(T, 2), due(T, 30)]).toEqual([1, 1, 2, 24])
  })
})

describe('what a fresh block frees', () => {
  test('is what is left of the hour’s ration, and 100 more per author and hour', () => {
    const throttle = fresh()
    expect(FREED_PER_HOUR).toBe(100)
    for (let n = 0; n < 30; n += 1) throttle.take(old(1), T)
    expect(taken(throttle, old(1), T, ann)).toBe(170)
    expect([throttle.mayFree(ann, T), throttle.mayFree(bob, T)]).toEqual([false, true])
    expect(taken(throttle, old(1), T, bob)).toBe(100)
    expect(taken(throttle, old(1), T + HOUR - 1, ann)).toBe(0)
    expect(taken(throttle, old(1), T + HOUR, ann)).toBe(200)
  })

  test('are rewrites too, beyond the ration of their author, but not of its own author', () => {
    const throttle = fresh()
    expect(taken(throttle, rewrites(1), T, bob)).toBe(60 + 200)
    expect(taken(fresh(), rewrites(1), T, ann)).toBe(60)
  })

  test('is all or nothing for one block that brings in several', () => {
    const throttle = fresh()
    expect([throttle.take(old(100), T, ann), throttle.take(old(99), T, ann), throttle.take(old(2), T, ann)]).toEqual([
      true,
      true,
      false,
    ])
    expect(throttle.take(old(1), T, ann)).toBe(true)
  })
})

describe('a block that brings in more at once than a ration holds', () => {
  test('comes in after an hour for each hundred', () => {
    const throttle = fresh()
    expect([throttle.isLarge(old(100)), throttle.isLarge(rewrites(60))]).toEqual([false, false])
    expect([throttle.isLarge(old(101)), throttle.isLarge(rewrites(61))]).toEqual([true, true])
    const large = old(250)
    expect(throttle.takeLarge(large, T)).toBe(false)
    expect(throttle.largeDueMs(large, T + HOUR) - T).toBe(2.5 * HOUR)
    expect(throttle.takeLarge(large, T + 2.5 * HOUR - 1)).toBe(false)
    expect(throttle.takeLarge(large, T + 2.5 * HOUR)).toBe(true)
    expect(throttle.mayTakeOld(T + 2.5 * HOUR)).toBe(false)
  })

  test('one after the other, unless the first was not seen for two hours', () => {
    const throttle = fresh()
    const [one, other] = [old(250, 'one'), old(250, 'other')]
    throttle.takeLarge(one, T)
    const mayWait = (nowMs: number): boolean[] =>
      ['one', 'other'].map((id) => throttle.mayWaitLarge(id as BlockId, nowMs))
    expect(mayWait(T + LARGE_FORGOTTEN_MS - 1)).toEqual([true, false])
    expect(throttle.takeLarge(other, T + LARGE_FORGOTTEN_MS - 1)).toBe(false)
    expect(mayWait(T + LARGE_FORGOTTEN_MS)).toEqual([true, true])
    expect(throttle.takeLarge(other, T + LARGE_FORGOTTEN_MS)).toBe(false)
    expect([throttle.isWaitingLarge('one' as BlockId), throttle.isWaitingLarge('other' as BlockId)]).toEqual([
      false,
      true,
    ])
    expect(throttle.takeLarge(other, T + LARGE_FORGOTTEN_MS + 2.5 * HOUR)).toBe(true)
  })
})

test('a restart keeps all of it: nobody gets a new ration by it', () => {
  const throttle = fresh()
  taken(throttle, old(1), T, bob)
  taken(throttle, rewrites(1), T)
  throttle.takeLarge(old(500, 'large'), T)
  const restarted = again(throttle)
  expect(restarted.record()).toEqual(throttle.record())
  expect([restarted.mayTakeOld(T), restarted.mayFree(bob, T), restarted.mayRewrite(ann, T, 1)]).toEqual([
    false,
    false,
    false,
  ])
  expect(restarted.takeLarge(old(500, 'large'), T + 5 * HOUR)).toBe(true)
})

test('in any hour at most 100 old ones, and 100 for each author who frees; in any day 84 rewrites; whatever is tried', () => {
  const tries = fc.array(fc.tuple(fc.nat(90), fc.nat(40), fc.constantFrom('old', 'freed', 'rewrite')), {
    maxLength: 60,
  })
  checkProperty(
    'throttle-within-rations',
    fc.property(tries, (list) => {
      const throttle = fresh()
      const came = { old: [] as number[], rewrite: [] as number[] }
      let nowMs = T
      for (const [minutes, count, what] of list) {
        nowMs += minutes * MINUTE
        const kind = what === 'rewrite' ? 'rewrite' : 'old'
        for (let n = 0; n < count; n += 1) {
          const cost = kind === 'old' ? old(1) : rewrites(1)
          if (throttle.take(cost, nowMs, what === 'freed' ? bob : undefined)) came[kind].push(nowMs)
        }
        const within = (times: readonly number[], ms: number) => times.filter((time) => time > nowMs - ms).length
        expect(within(came.old, HOUR)).toBeLessThanOrEqual(OLD_BLOCKS_PER_HOUR + FREED_PER_HOUR)
        expect(within(came.rewrite, DAY)).toBeLessThanOrEqual(REWRITES_PER_DAY + 24)
      }
    }),
  )
})

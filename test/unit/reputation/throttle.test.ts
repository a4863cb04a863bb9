import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_WATCHED, MAX_WITHDRAWERS, OLD_BLOCKS_PER_HOUR, WATCH_GAP_MS } from '../../../src/reputation/throttle.ts'
import { Throttle, Watch } from '../../../src/reputation/throttle.ts'
import { DAY, FIRST_DAY, HOUR, keyOf, MINUTE } from '../../support/economy.ts'
import { checkProperty } from '../../support/property.ts'

const T = FIRST_DAY
const [ann, bob] = [keyOf(1), keyOf(2)]

function noted(...times: readonly number[]): Watch {
  const watch = new Watch()
  for (const time of times) watch.note(time)
  return watch
}

describe('a watch', () => {
  test('goes on if the last note was at most three minutes ago, else begins anew', () => {
    expect(WATCH_GAP_MS).toBe(3 * MINUTE)
    const watch = noted(T, T + 3 * MINUTE, T + 6 * MINUTE, T + 9 * MINUTE + 1)
    expect(watch.intervals()).toEqual([
      [T, T + 6 * MINUTE],
      [T + 9 * MINUTE + 1, T + 9 * MINUTE + 1],
    ])
  })

  test('tells the first and the last moment of an interval, and those beside it', () => {
    const watch = noted(T, T + MINUTE, T + HOUR)
    const asked = [T - 1, T, T + 1, T + MINUTE, T + MINUTE + 1, T + HOUR - 1, T + HOUR, T + HOUR + 1]
    expect(asked.filter((time) => watch.wasWatching(time))).toEqual([T, T + 1, T + MINUTE, T + HOUR])
    expect(new Watch().wasWatching(T)).toBe(false)
  })

  test('comes back from what was stored, and goes on where that ended', () => {
    const watch = new Watch(noted(T, T + MINUTE, T + HOUR).intervals())
    watch.note(T + HOUR + 3 * MINUTE)
    expect(watch.intervals()).toEqual([
      [T, T + MINUTE],
      [T + HOUR, T + HOUR + 3 * MINUTE],
    ])
  })

  test('with a clock set back within what it has, changes nothing; before that, begins an interval there', () => {
    const watch = noted(T, T + 2 * MINUTE, T + 4 * MINUTE, T + MINUTE)
    expect(watch.intervals()).toEqual([[T, T + 4 * MINUTE]])
    watch.note(T - HOUR)
    watch.note(T - HOUR + MINUTE)
    expect(watch.intervals()).toEqual([
      [T - HOUR, T - HOUR + MINUTE],
      [T, T + 4 * MINUTE],
    ])
    for (let time = T - HOUR; time <= T; time += MINUTE) watch.note(time)
    expect(watch.intervals()).toEqual([[T - HOUR, T + 4 * MINUTE]])
  })

  test('keeps the last 1,000 intervals, and none that ended more than 90 days ago', () => {
    const watch = new Watch()
    for (let n = 0; n < MAX_WATCHED + 5; n += 1) watch.note(T + n * HOUR)
    expect(watch.intervals()).toHaveLength(MAX_WATCHED)
    expect(watch.intervals()[0]).toEqual([T + 5 * HOUR, T + 5 * HOUR])
    const old = noted(T, T + MINUTE, T + HOUR, T + MINUTE + 90 * DAY)
    expect(old.intervals()[0]).toEqual([T, T + MINUTE])
    old.note(T + MINUTE + 90 * DAY + 1)
    expect(old.intervals()[0]).toEqual([T + HOUR, T + HOUR])
  })

  test('has watched in all that lies between two notes that follow soon, whatever its clock does', () => {
    const jumps = fc.array(fc.oneof(fc.nat(4), fc.integer({ min: -30, max: 30 })), { maxLength: 40 })
    checkProperty(
      'watch-covers-close-notes',
      fc.property(jumps, (list) => {
        const watch = new Watch()
        const minutes = new Set<number>()
        let [now, before] = [100, Number.NEGATIVE_INFINITY]
        for (const jump of list) {
          now += jump
          watch.note(T + now * MINUTE)
          const from = now >= before && now - before <= 3 ? before : now
          for (let minute = from; minute <= now; minute += 0.5) minutes.add(minute)
          before = now
        }
        const all = Array.from({ length: 5400 }, (_, n) => n / 2 - 1300)
        const watched = all.filter((minute) => watch.wasWatching(T + minute * MINUTE))
        expect(watched).toEqual([...minutes].sort((a, b) => a - b))
        const ends = watch.intervals().flat()
        expect(ends).toEqual([...ends].sort((a, b) => a - b))
      }),
    )
  })
})

describe('blocks that claim to be old', () => {
  test('are suspect if more than 24 hours old, and of a time when we watched', () => {
    const throttle = new Throttle(noted(T, T + MINUTE))
    expect(throttle.isSuspect(T, T + DAY)).toBe(false)
    expect(throttle.isSuspect(T, T + DAY + 1)).toBe(true)
    expect(throttle.isSuspect(T + MINUTE + 1, T + 2 * DAY)).toBe(false)
    expect(throttle.isSuspect(T - 1, T + 2 * DAY)).toBe(false)
  })

  const full = (nowMs: number) => {
    const throttle = new Throttle(new Watch())
    for (let n = 0; n < OLD_BLOCKS_PER_HOUR; n += 1) {
      expect(throttle.mayTakeOld(nowMs + n)).toBe(true)
      throttle.tookOld(nowMs + n)
    }
    expect(throttle.mayTakeOld(nowMs + OLD_BLOCKS_PER_HOUR)).toBe(false)
    return throttle
  }

  test('come in by 100 in any hour', () => {
    const throttle = full(T)
    expect(throttle.mayTakeOld(T + HOUR - 1)).toBe(false)
    expect(throttle.mayTakeOld(T + HOUR)).toBe(true)
    throttle.tookOld(T + HOUR)
    expect(throttle.mayTakeOld(T + HOUR)).toBe(false)
    expect(throttle.mayTakeOld(T + HOUR + 1)).toBe(true)
  })

  test('count only once they are accepted: who is only asked about takes nothing from the ration', () => {
    const throttle = new Throttle(new Watch())
    for (let n = 0; n < 3 * OLD_BLOCKS_PER_HOUR; n += 1) expect(throttle.mayTakeOld(T)).toBe(true)
  })

  test('wait an hour at most when the clock is set back', () => {
    const throttle = full(T)
    expect(throttle.mayTakeOld(T - DAY)).toBe(false)
    expect(throttle.mayTakeOld(T - DAY + HOUR - 1)).toBe(false)
    expect(throttle.mayTakeOld(T - DAY + HOUR)).toBe(true)
  })
})

describe('blocks that withdraw another one of their author', () => {
  const take = (throttle: Throttle, times: readonly number[]) => times.filter((time) => throttle.mayWithdraw(ann, time))

  test('come in one a minute, and one an hour after the third', () => {
    const fourth = T + 2 * MINUTE + HOUR
    const throttle = new Throttle(new Watch())
    const asked = [T, T + MINUTE - 1, T + MINUTE, T + 2 * MINUTE, T + 3 * MINUTE, fourth - 1, fourth, fourth + MINUTE]
    expect(take(throttle, asked)).toEqual([T, T + MINUTE, T + 2 * MINUTE, fourth])
    expect(take(throttle, [fourth + HOUR - 1, fourth + HOUR])).toEqual([fourth + HOUR])
  })

  test('are counted for each author alone', () => {
    const throttle = new Throttle(new Watch())
    expect([ann, bob, ann, bob].map((author) => throttle.mayWithdraw(author, T))).toEqual([true, true, false, false])
  })

  test('are forgotten 24 hours after the last one', () => {
    const first = [T, T + MINUTE, T + 2 * MINUTE]
    const [early, late] = [new Throttle(new Watch()), new Throttle(new Watch())]
    take(early, first)
    take(late, first)
    const again = T + 2 * MINUTE + DAY
    expect(take(early, [again - 1, again - 1 + MINUTE])).toEqual([again - 1])
    expect(take(late, [again, again + MINUTE, again + 2 * MINUTE, again + 3 * MINUTE])).toHaveLength(3)
  })

  test('wait a minute, or an hour, when the clock is set back', () => {
    const throttle = new Throttle(new Watch())
    const back = T - 5 * DAY
    expect(take(throttle, [T, back, back + MINUTE - 1, back + MINUTE])).toEqual([T, back + MINUTE])
  })

  test('are remembered of 4,096 authors, who withdrew longest ago out', () => {
    const throttle = new Throttle(new Watch())
    for (let n = 0; n < MAX_WITHDRAWERS; n += 1) throttle.mayWithdraw(keyOf(n), T)
    expect(throttle.mayWithdraw(keyOf(0), T)).toBe(false)
    expect(throttle.mayWithdraw(keyOf(MAX_WITHDRAWERS), T)).toBe(true)
    expect([keyOf(1), keyOf(0)].map((author) => throttle.mayWithdraw(author, T))).toEqual([false, true])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_WATCHED, Watch, WATCH_GAP_MS } from '../../../src/reputation/watch.ts'
import { DAY, FIRST_DAY, HOUR, MINUTE } from '../../support/economy.ts'
import { checkProperty } from '../../support/property.ts'

const T = FIRST_DAY

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

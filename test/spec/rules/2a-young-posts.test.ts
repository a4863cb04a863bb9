/** Rule 2.a of the paper's §3.3. */
import { describe, expect, test } from 'vitest'
import { forumOf } from '../../support/forum.ts'

describe('2.a: a post younger than 24 h takes 1 rep from its author', () => {
  test('until 24 h less a millisecond, and not at 24 h sharp', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < a1 @0 08:00')
    expect(forum.reps('a', '0 08:00')).toBe(10 - 1)
    expect(forum.repsAround('a', '1 08:00')).toEqual([10 - 1, 10 + 1, 10 + 1])
  })

  test('each of them, however many a day', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < a1..4 @0 08:00 every 1h')
    expect(['0 11:00', '1 08:00', '1 09:00', '1 11:00'].map((time) => forum.reps('a', time))).toEqual([
      10 - 4,
      10 + 1 - 3,
      10 + 1 - 2,
      10 + 1,
    ])
  })

  test('one that is ahead of the clock too', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < a1 @0 08:00')
    expect(forum.repsAround('a', '0 08:00')).toEqual([9, 9, 9])
  })

  test('one that got in by a like too', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00
      a1 b1   < a2..3 @0 11:00 every 1m likes b1`)
    expect([forum.state('b1'), forum.reps('b', '0 12:00')]).toEqual(['accepted', 2 - 1])
  })

  test('what an author has is what was left before the post, as its past says', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1..10 @0 08:00 every 1m
      a10     < a11    @1 07:59:59.999
      a10     < a12    @1 08:00
      a10     < a13    @1 08:00:00.001`)
    expect(['a1', 'a2', 'a10'].map((name) => forum.k(name))).toEqual([10, 9, 1])
    // 24 h after a1: it costs nothing any more, and its day adds one.
    expect(['a11', 'a12', 'a13'].map((name) => forum.k(name))).toEqual([10 - 10, 10 + 1 - 9, 10 + 1 - 9])
    expect(forum.states('a10 a11 a12 a13')).toBe('a10 paid, a11 held, a12 paid, a13 paid')
  })

  test('one of concurrent posts does not see what the others take: each needs a rep of its own', () => {
    //            ┌ a1   four reps, so the first four in order are paid
    //            ├ a2
    //  genesis ◄─┼ a3
    //            ├ a4
    //            ├ a5
    //            └ a6
    const forum = forumOf('a', 'b', 'c', 'd', 'e', 'f', 'g').draw('genesis < a1|6 @0 08:00 every 1m')
    expect(['a1', 'a6'].map((name) => forum.k(name))).toEqual([4, 4])
    expect(forum.states('a1 a2 a3 a4 a5 a6')).toBe('a1 paid, a2 paid, a3 paid, a4 paid, a5 held, a6 held')
    expect([forum.reps('a', '0 09:00'), forum.heads()]).toEqual([0, 'a1 a2 a3 a4'])
  })
})

/** Rule 1.b of the paper's §3.3. */
import { describe, expect, test } from 'vitest'
import { forumOf } from '../../support/forum.ts'

/** Newcomer b, welcomed: b has nothing but what posts and likes bring. */
const WELCOME = `
  genesis < a1 @0 08:00
  a1      < b1 @0 10:00
  a1 b1   < a2 @0 11:00 likes b1`

describe('1.b: a post older than 24 h adds 1 rep to its author', () => {
  test('at 24 h sharp, and not a millisecond before; 2.a ends with it', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < b1 @0 10:00')
    expect(forum.repsAround('b', '1 10:00')).toEqual([10 - 1, 10 + 1, 10 + 1])
  })

  test('also one that got in by a like, which its author could not pay for: 24 h after the like', () => {
    const forum = forumOf().draw(WELCOME)
    expect([forum.k('b1'), forum.state('b1')]).toEqual([0, 'accepted'])
    expect(forum.repsAround('b', '1 10:00')).toEqual([1 - 1, 1, 1])
    expect(forum.repsAround('b', '1 11:00')).toEqual([1, 1 + 1, 1 + 1])
  })

  test('so one that says that it is old brings nothing sooner', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00
      a1      < a2 @1 12:00
      a2 b1   < a3 @1 12:00 likes b1`)
    expect([forum.reps('b', '1 12:00'), ...forum.repsAround('b', '2 12:00')]).toEqual([1, 1, 1 + 1, 1 + 1])
  })

  test('the earliest like that counts, or post that mints, decides', () => {
    const forum = forumOf('a', 'c', 'd').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00
      a1 b1   < a2 @0 10:00 likes b1
      a2      < b2 @0 11:00
      b2      < a3 @0 12:00 likes b2`)
    // b2 mints, for b was liked; b1 does not, but its like came before b2.
    expect(forum.repsAround('b', '1 10:00')).toEqual([1 + 1 - 1, 1 + 1 - 1 + 1, 1 + 1 - 1 + 1])
    expect(forum.reps('b', '1 11:00')).toBe(1 + 1 + 1)
  })

  test('of an author with standing: by a like in the last 90 days, or a day minted in them', () => {
    const forum = forumOf('a', 'c', 'd').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00
      a1 b1   < a2 @0 10:00 likes b1
      a2      < b2 @90 10:00
      b2      < a3 @90 12:00
      a3      < b3 @91 10:00:00.001`)
    // b2 is at the window's edge and mints; its day gives standing to b3, when the like is gone.
    expect([forum.k('b2'), forum.k('b3'), forum.states('b2 b3')]).toEqual([1, 1, 'b2 paid, b3 paid'])
    expect(forum.reps('b', '92 10:01')).toBe(2)
  })

  test('but not one that is held', () => {
    const forum = forumOf('a').draw(`
      genesis < b1 @0 10:00
      genesis < a1 @0 11:00`)
    expect([forum.state('b1'), forum.reps('b', '1 10:00')]).toEqual(['held', 0])
  })

  test('a like is no post, however old', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00 likes a1`)
    expect(forum.reps('b', '5 09:00')).toBe(10 - 1)
  })
})

describe('1.b: … but only one a day', () => {
  test('ten posts in the last seven days add 7', () => {
    const forum = forumOf().draw(WELCOME)
    expect(forum.reps('b', '1 11:00')).toBe(2)
    forum.draw(`
      a2 < b2..5   @1 12:00 every 1d
      b5 < b6..7   @5 12:00 every 1h
      b7 < b8..9   @6 12:00 every 1h
      b9 < b10..11 @7 12:00 every 1h`)
    expect([forum.states('b2 b11'), forum.reps('b', '8 13:00')]).toEqual(['b2 paid, b11 paid', 2 + 7])
  })

  test('days are those of UTC: a millisecond apart, at midnight, posts add 2', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < b1 @0 23:59:59.999
      b1      < b2 @1 00:00`)
    expect(forum.repsAround('b', '1 23:59:59.999')).toEqual([10 - 2, 10 + 1 - 1, 10 + 2])
    expect(forum.repsAround('b', '2 00:00')).toEqual([10 + 1 - 1, 10 + 2, 10 + 2])
  })

  test('a whole day apart but for a millisecond, on one day, posts add 1', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < b1 @0 00:00
      b1      < b2 @0 23:59:59.999`)
    expect(forum.repsAround('b', '1 00:00')).toEqual([10 - 2, 10 + 1 - 1, 10 + 1 - 1])
    expect(forum.repsAround('b', '1 23:59:59.999')).toEqual([10 + 1 - 1, 10 + 1, 10 + 1])
  })

  test('24 h are counted from each post, not from the end of its day', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < b1 @0 08:00
      b1      < b2 @0 20:00
      b2      < b3 @1 02:00`)
    expect(['1 07:59', '1 08:00', '1 20:00', '2 02:00'].map((time) => forum.reps('b', time))).toEqual([
      10 - 3,
      10 + 1 - 2,
      10 + 1 - 1,
      10 + 2,
    ])
  })

  test('concurrent posts of one day add 1 too', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < b1|5 @0 08:00 every 1h')
    expect(forum.reps('b', '1 12:00')).toBe(10 + 1)
  })
})

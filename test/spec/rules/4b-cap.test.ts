/** Rule 4.b of the paper's §3.3, and where spec §4 applies it. */
import { describe, expect, test } from 'vitest'
import { forumOf } from '../../support/forum.ts'

/** 70 reps, were it not for the cap, from 40 08:00 on. */
const FORTY_DAYS = 'genesis < a1..40 @0 08:00 every 1d'

describe('4.b: users are limited to 30 reps', () => {
  test('30 of the first post and 1 of its day are 30', () => {
    expect(forumOf().draw('genesis < a1 @0 08:00').repsAround('a', '1 08:00')).toEqual([30 - 1, 30, 30])
  })

  test('with a post a day an author who began with 10 comes to 30, and no further', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < a1..25 @0 08:00 every 1d')
    expect(['a20', 'a21', 'a22', 'a25'].map((name) => forum.k(name))).toEqual([10 + 19, 30, 30, 30])
    expect(forum.reps('a', '25 08:00')).toBe(30)
  })

  test('likes go no further either, given or received; a post has no limit', () => {
    const forum = forumOf('a', 'c').draw(`
      genesis < a1..40  @0 08:00 every 1d
      a40     < c1      @40 08:00
      c1      < b1      @40 08:00
      c1 b1   < a41..70 @40 09:00 every 1m likes b1
      a70     < a71     @40 10:00 likes b1
      a70     < c2..4   @40 10:00 every 1m likes b1`)
    expect([forum.k('a70'), forum.k('a71'), forum.states('a70 a71')]).toEqual([1, 0, 'a70 paid, a71 held'])
    expect([forum.reps('a', '40 12:00'), forum.reps('a', '41 12:00')]).toEqual([0, 0])
    expect([forum.reps('b', '40 12:00'), forum.reps('b', '41 12:00')]).toEqual([30, 30])
    expect(forum.repsOfPost('b1')).toBe(33)
  })

  describe('moment by moment: what changes in one is taken together', () => {
    const RICH = `
      genesis < a1    @0 08:00
      a1      < b1    @0 09:00
      a1      < c1    @0 09:00
      a1 b1   < a2    @0 10:00 likes b1
      a2 c1   < a3    @0 10:01 likes c1
      a3      < a4..7 @1 12:00 every 1d`

    test('a like and a dislike at 30', () => {
      const forum = forumOf().draw(RICH).draw(`
        a7 < b2 @6 09:00 likes a1
        a7 < c2 @6 09:00 dislikes a1`)
      expect(forum.repsAround('a', '6 09:00')).toEqual([30, 30, 30])
    })

    test('a millisecond apart, the like is lost', () => {
      const forum = forumOf().draw(RICH).draw(`
        a7 < b2 @6 09:00 likes a1
        a7 < c2 @6 09:00:00.001 dislikes a1`)
      expect(forum.repsAround('a', '6 09:00:00.001')).toEqual([30 - 1, 30 - 1, 30 - 1])
    })

    test('who posts 24 h after the last post spends what comes in then', () => {
      const forum = forumOf().draw('genesis < a1..3 @0 08:00 every 1d')
      expect([forum.k('a3'), forum.reps('a', '2 08:00')]).toEqual([30, 30])
    })
  })

  test('what an author saved up gives no burst: 30 posts within 24 h, and not one more', () => {
    const forum = forumOf().draw(FORTY_DAYS).draw('a40 < a41..71 @40 09:00 every 1m')
    expect(['a41', 'a70', 'a71'].map((name) => forum.k(name))).toEqual([30, 1, 0])
    expect([forum.states('a41 a70 a71'), forum.heads()]).toEqual(['a41 paid, a70 paid, a71 held', 'a70'])
  })

  test('nor are there more at the same time', () => {
    const forum = forumOf().draw(FORTY_DAYS).draw('a40 < a41|71 @40 08:00 every 1m')
    expect(['a41', 'a71'].map((name) => forum.k(name))).toEqual([30, 30])
    expect(forum.states('a41 a70 a71')).toBe('a41 paid, a70 paid, a71 held')
    expect(forum.heads().split(' ')).toHaveLength(30)
  })

  test('what is given does not come back by what was saved up', () => {
    const forum = forumOf().draw(FORTY_DAYS).draw(`
      a40    < b1      @40 08:00
      a40 b1 < a41..50 @40 09:00 every 1m likes b1`)
    expect(forum.reps('a', '40 09:09')).toBe(30 - 10)
    expect(forum.repsAround('a', '41 09:09')).toEqual([20, 20, 20])
  })
})

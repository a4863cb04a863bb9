/** Rule 4.c of the paper's §3.3, and what spec §4 leaves out of it. */
import { describe, expect, test } from 'vitest'
import { forumOf } from '../../support/forum.ts'

describe('4.c: only posts up to 90 days old are considered', () => {
  test('at 90 days sharp a post still adds its rep, a millisecond later it does not', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < a1 @0 08:00')
    expect(forum.repsAround('a', '90 08:00')).toEqual([10 + 1, 10 + 1, 10])
  })

  test('a day with two posts adds until the later one goes', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < a1..2 @0 08:00 every 12h')
    expect(forum.repsAround('a', '90 08:00')).toEqual([10 + 1, 10 + 1, 10 + 1])
    expect(forum.repsAround('a', '90 20:00')).toEqual([10 + 1, 10 + 1, 10])
  })

  test('… and is minted by the later one alone then, 24 h after it or its like', () => {
    // b1 has no standing, b2 has: the day is minted by the like of b1, and once b1 is out of the window, by b2.
    const forum = forumOf('a', 'c', 'd').draw(`
      genesis < a1    @0 08:00
      a1      < b1    @0 09:00
      a1 b1   < a2..3 @0 10:00 every 1m likes b1
      a3      < b2    @0 21:00
      b2      < a4    @0 22:00`)
    expect(forum.repsAround('b', '1 10:00')).toEqual([2 - 1, 2 + 1 - 1, 2 + 1 - 1])
    expect(forum.repsAround('b', '90 09:00')).toEqual([3, 3, 3])
    expect(forum.repsAround('b', '90 10:00')).toEqual([3, 3, 2])
    expect(forum.repsAround('b', '90 21:00')).toEqual([1, 1, 0])
  })

  test('a post out of the window mints no day, however late it is liked', () => {
    const forum = forumOf('a', 'c', 'd').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00
      a1 b1   < a2 @89 10:00 likes b1
      a2      < a3 @89 11:00`)
    expect(forum.repsAround('b', '90 09:00')).toEqual([1, 1, 1])
    expect(forum.reps('b', '90 10:00')).toBe(1)
  })

  test('posts a millisecond apart, at midnight, go one by one', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 23:59:59.999
      a1      < a2 @1 00:00`)
    expect(forum.repsAround('a', '91 00:00')).toEqual([10 + 2, 10 + 1, 10])
  })

  test('a like stops to count for both at once', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00 likes a1`)
    expect(forum.repsAround('a', '90 09:00')).toEqual([10 + 1, 10 + 1, 10])
    expect(forum.repsAround('b', '90 09:00')).toEqual([10 - 1, 10 - 1, 10])
  })

  test('so does a dislike: nobody is banned for ever', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00 dislikes a1`)
    expect(forum.repsAround('a', '90 09:00')).toEqual([10 - 1, 10 - 1, 10])
    expect(forum.repsAround('b', '90 09:00')).toEqual([10 - 1, 10 - 1, 10])
  })

  test('a like counts from its own time: that of a post long out of the window too', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @100 09:00 likes a1`)
    expect(forum.reps('a', '100 09:00')).toBe(10 + 1)
  })

  test('what a block sees is up to 90 days older than the block', () => {
    //  … ◄─ a2 ◄─┬─ s2   90 days after the like that welcomed s
    //            └─ s3   a millisecond later
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < s1 @0 09:00
      a1 s1   < a2 @0 10:00 likes s1`)
    expect(forum.repsAround('s', '90 09:00')).toEqual([1 + 1, 1 + 1, 1])
    forum.draw(`
      a2 < s2 @90 10:00
      a2 < s3 @90 10:00:00.001`)
    expect([forum.k('s2'), forum.k('s3'), forum.states('s2 s3')]).toEqual([1, 0, 's2 paid, s3 held'])
  })

  test('silence for 90 days costs the cap and not the base: 30, and what is new', () => {
    const forum = forumOf().draw(`
      genesis < a1    @0 08:00
      a1      < b1    @0 09:00
      a1 b1   < a2..6 @0 10:00 every 1m likes b1`)
    expect(forum.reps('a', '90 08:00')).toBe(30 + 1 - 5)
    expect(forum.repsAround('a', '90 10:04')).toEqual([30 - 1, 30 - 1, 30])
  })

  test('blocks that are in stay in, and a post keeps its reps', () => {
    const forum = forumOf().draw(`
      genesis < a1    @0 08:00
      a1      < b1    @0 09:00
      a1 b1   < a2..6 @0 10:00 every 1m likes b1
      a6      < a7    @300 08:00`)
    expect([forum.states('a1 b1 a7'), forum.repsOfPost('b1')]).toEqual(['a1 paid, b1 accepted, a7 paid', 5])
    expect(forum.reps('b', '300 08:00')).toBe(0)
  })
})

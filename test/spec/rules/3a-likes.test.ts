/** Rule 3.a of the paper's §3.3, and what spec §3 says a like is. */
import { describe, expect, test } from 'vitest'
import { forumOf } from '../../support/forum.ts'

const WELCOME = `
  genesis < a1 @0 08:00
  a1      < b1 @0 10:00
  a1 b1   < a2 @0 11:00 likes b1`

describe("3.a: a like from A of B's post takes 1 rep from A and adds 1 to B", () => {
  test('at once', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00`)
    expect(['a', 'b'].map((letter) => forum.reps(letter, '0 11:00'))).toEqual([10 - 1, 10 - 1])
    forum.draw('b1 < a2 @0 11:00 likes b1')
    expect(['a', 'b'].map((letter) => forum.reps(letter, '0 11:00'))).toEqual([10 - 1 - 1, 10 - 1 + 1])
    expect(forum.repsOfPost('b1')).toBe(1)
  })

  test('one that is ahead of the clock too: what is had is shown as of the latest head, and a block beside it is worth less', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00
      b1      < a2 @0 11:00 likes b1
      b1      < b2 @0 10:30`)
    expect(['a', 'b'].map((letter) => forum.reps(letter, '0 10:30'))).toEqual([10 - 1 - 1, 10 - 1 - 1 + 1])
    expect(forum.k('b2')).toBe(10 - 1)
  })

  test('and as much when it is 24 h old', () => {
    const forum = forumOf('a', 'b', 'c').draw(WELCOME)
    expect(forum.repsAround('a', '1 11:00')).toEqual([10 + 1 - 1, 10 + 1 - 1, 10 + 1 - 1])
    expect(forum.repsAround('b', '1 11:00')).toEqual([10 + 1 + 1, 10 + 1 + 1, 10 + 1 + 1])
  })

  test('what it took is earned again, up to the cap of 30', () => {
    const forum = forumOf().draw(WELCOME)
    expect(forum.repsAround('a', '1 08:00')).toEqual([30 - 1 - 1, 30, 30])
    expect(forum.repsAround('a', '1 11:00')).toEqual([30, 30, 30])
  })

  test('each like, of the same post by the same author too', () => {
    const forum = forumOf().draw(WELCOME).draw('a2 < a3..5 @0 12:00 every 1m likes b1')
    expect([forum.reps('a', '0 13:00'), forum.reps('b', '0 13:00')]).toEqual([30 - 1 - 4, 4 - 1])
    expect(forum.repsOfPost('b1')).toBe(4)
  })

  test('a like of an unsigned post adds to the post alone', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis  < anon1 @0 08:00
      anon1    < a1    @0 09:00 likes anon1`)
    expect([forum.repsOfPost('anon1'), forum.reps('a', '0 09:00'), forum.state('anon1')]).toEqual([1, 9, 'accepted'])
  })

  test('a like that its author cannot pay for is held, and moves nothing', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < s1 @0 09:00 likes a1`)
    expect([forum.k('s1'), forum.state('s1'), forum.repsOfPost('a1')]).toEqual([0, 'held', 0])
    expect(['a', 's'].map((letter) => forum.reps(letter, '0 09:00'))).toEqual([10 - 1, 0])
  })

  test('one whose rep an earlier post took does not count, though a block of somebody else keeps it in', () => {
    //  a1 ◄ b1 ◄ a2 ◄ a3 ◄─┬─ b2    b has one rep for two: the earlier, b2, gets it,
    //                      └─ b3 ◄ a4    but a4 stands on b3 already
    const forum = forumOf('a', 'c', 'd').draw(WELCOME).draw(`
      a2 < a3 @0 11:01 likes b1
      a3 < b3 @0 13:00 likes a1
      b3 < a4 @0 14:00`)
    expect([forum.repsOfPost('a1'), forum.reps('a', '0 14:00')]).toEqual([1, 10 + 1 - 2 - 2])
    forum.draw('a3 < b2 @0 12:00')
    expect(forum.states('b2 b3 a4')).toBe('b2 paid, b3 accepted, a4 paid')
    expect([forum.repsOfPost('a1'), forum.reps('a', '0 14:00')]).toEqual([0, 10 - 2 - 2])
  })
})

describe('3.a: what is no like, and is refused', () => {
  const forum = forumOf('a', 'b', 'c').draw(`
    genesis < a1 @0 08:00
    a1      < b1 @0 09:00 likes a1
    genesis < c1 @0 08:00`)

  test.each([
    ["one of the author's own post", 'a1 < a2 @0 10:00 likes a1', 'DAG_BAD_LIKE'],
    ['one of a like', 'b1 < a2 @0 10:00 likes b1', 'DAG_BAD_LIKE'],
    ['one of a post that is not in its past', 'b1 < a2 @0 10:00 likes c1', 'DAG_BAD_LIKE'],
    ['one that is not signed', 'c1 < anon1 @0 10:00 likes c1', 'DAG_UNSIGNED'],
    ["one of somebody else's post, which is none of these", 'c1 < a2 @0 10:00 likes c1', 'sound'],
  ])('%s', (_, line, answer) => {
    expect(forum.refusal(line)).toBe(answer)
  })
})

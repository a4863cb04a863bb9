/** Rule 3.b of the paper's §3.3, and what spec §4 says of hiding. */
import { describe, expect, test } from 'vitest'
import { forumOf } from '../../support/forum.ts'

describe("3.b: a dislike from A of B's post takes 1 rep from A and 1 from B", () => {
  test('at once', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < b1 @0 08:00
      b1      < a1 @0 09:00 dislikes b1`)
    expect(['a', 'b'].map((letter) => forum.reps(letter, '0 09:00'))).toEqual([10 - 1, 10 - 1 - 1])
    expect(forum.repsOfPost('b1')).toBe(-1)
  })

  test('and as much when it is 24 h old', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < b1 @0 08:00
      b1      < a1 @0 09:00 dislikes b1`)
    expect(forum.repsAround('a', '1 09:00')).toEqual([9, 9, 9])
    expect(forum.repsAround('b', '1 09:00')).toEqual([10 + 1 - 1, 10 + 1 - 1, 10 + 1 - 1])
  })

  test('what it took is earned again, up to the cap of 30', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00
      a1 b1   < a2 @0 11:00 likes b1
      a2      < a3 @1 08:00
      a3      < a4 @1 12:00 dislikes b1`)
    expect(forum.repsAround('a', '2 08:00')).toEqual([30 - 1 - 1, 30, 30])
    expect(forum.repsAround('a', '2 12:00')).toEqual([30, 30, 30])
  })

  test('it can put an author below zero, who then cannot post', () => {
    const forum = forumOf().draw(`
      genesis < a1    @0 08:00
      a1      < b1    @0 10:00
      a1 b1   < a2    @0 11:00 likes b1
      a2      < a3..6 @0 12:00 every 1m dislikes b1
      a6      < b2    @2 00:00`)
    expect([forum.reps('b', '1 10:00'), forum.k('b2'), forum.state('b2')]).toEqual([1 - 4, -2, 'held'])
  })

  test("one of the author's own post is allowed, and costs what any vote costs", () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < a2 @0 09:00 dislikes a1`)
    expect([forum.state('a2'), forum.repsOfPost('a1'), forum.reps('a', '0 09:00')]).toEqual(['paid', -1, 10 - 1 - 1])
  })

  test('one of a like, and one that is not signed, are refused', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00 likes a1`)
    expect(forum.refusal('b1 < c1    @0 10:00 dislikes b1')).toBe('DAG_BAD_LIKE')
    expect(forum.refusal('b1 < anon1 @0 10:00 dislikes a1')).toBe('DAG_UNSIGNED')
  })
})

/** A post, then so many dislikes by one, then so many likes by another. */
function voted(likes: number, dislikes: number) {
  const forum = forumOf('a', 'b', 'c').draw(`
    genesis < a1 @0 08:00
    a1      < b1..${dislikes} @0 09:00 every 1m dislikes a1`)
  if (likes > 0) forum.draw(`b${dislikes} < c1..${likes} @0 10:00 every 1m likes a1`)
  return forum
}

describe('3.b: a post with at least 5 dislikes, and twice as many as likes, is hidden', () => {
  test.each([
    { likes: 0, dislikes: 4, hidden: false },
    { likes: 0, dislikes: 5, hidden: true },
    { likes: 2, dislikes: 4, hidden: false },
    { likes: 2, dislikes: 5, hidden: true },
    { likes: 3, dislikes: 5, hidden: false },
    { likes: 3, dislikes: 6, hidden: true },
    { likes: 4, dislikes: 7, hidden: false },
    { likes: 4, dislikes: 8, hidden: true },
  ])('$dislikes dislikes, $likes likes: $hidden', ({ likes, dislikes, hidden }) => {
    const forum = voted(likes, dislikes)
    expect([forum.isHidden('a1'), forum.repsOfPost('a1')]).toEqual([hidden, likes - dislikes])
  })

  test('likes bring it back, and dislikes hide it again', () => {
    const forum = voted(2, 5)
    const seen = [forum.isHidden('a1')]
    forum.draw('c2 < c3 @0 11:00 likes a1')
    seen.push(forum.isHidden('a1'))
    forum.draw('c3 < b6 @0 12:00 dislikes a1')
    seen.push(forum.isHidden('a1'))
    forum.draw('b6 < c4 @0 13:00 likes a1')
    seen.push(forum.isHidden('a1'))
    expect(seen).toEqual([true, false, true, false])
  })

  test('it stays where it is, with all that stands on it', () => {
    const forum = voted(0, 5)
    expect(forum.states('a1 b5')).toBe('a1 paid, b5 paid')
  })

  test('an unsigned post can be hidden too', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < anon1 @0 08:00
      anon1   < a1    @0 09:00 likes anon1
      a1      < b1..5 @0 10:00 every 1m dislikes anon1`)
    expect([forum.isHidden('anon1'), forum.repsOfPost('anon1')]).toEqual([true, -4])
  })

  test('dislikes know no window: what is hidden stays so when they are older than 90 days', () => {
    const forum = voted(0, 5).draw('b5 < c1 @200 08:00')
    expect([forum.isHidden('a1'), forum.repsOfPost('a1'), forum.reps('a', '200 08:00')]).toEqual([true, -5, 10])
  })
})

describe('3.b: only dislikes that count hide a post', () => {
  test('not the one of somebody without reps', () => {
    const forum = voted(0, 4).draw('b4 < s1 @0 11:00 dislikes a1')
    expect([forum.state('s1'), forum.isHidden('a1'), forum.repsOfPost('a1')]).toEqual(['held', false, -4])
  })

  test('one that is withdrawn brings the post back', () => {
    //  … ◄ b4 ◄ c1 ◄ c2 ◄─┬─ s2     one rep for two: the earlier, s2, gets it, though it comes later
    //      s1 ◄─┘         └─ s3 ●   the fifth dislike
    const forum = voted(0, 4).draw(`
      b4    < s1 @0 10:00
      b4 s1 < c1 @0 10:01 likes s1
      c1    < c2 @0 10:02 likes s1
      c2    < s3 @0 12:00 dislikes a1`)
    expect([forum.k('s3'), forum.state('s3'), forum.isHidden('a1')]).toEqual([1, 'paid', true])
    forum.draw('c2 < s2 @0 11:00')
    expect([forum.states('s2 s3'), forum.isHidden('a1')]).toEqual(['s2 paid, s3 held', false])
  })
})

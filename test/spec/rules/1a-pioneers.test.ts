/** Rule 1.a of the paper's §3.3, and spec §2 and §4 where they say more of it. */
import { describe, expect, test } from 'vitest'
import { forumOf, group, identityOf } from '../../support/forum.ts'

describe('1.a: the first post of a chain adds 30 reps to its author', () => {
  test('before it nobody has any; with it its author does, and nobody else', () => {
    const forum = forumOf()
    expect([forum.reps('a', '0 07:00'), forum.reps('b', '0 07:00')]).toEqual([0, 0])
    forum.draw('genesis < a1 @0 08:00')
    expect([forum.k('a1'), forum.state('a1')]).toEqual([30, 'paid'])
    // 2.a: it costs one while it is fresh.
    expect([forum.reps('a', '0 08:00'), forum.reps('b', '0 08:00')]).toEqual([29, 0])
  })

  test('only the first: a second post on the genesis by the same author is sound, and adds nothing', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      genesis < a2 @0 09:00`)
    expect([forum.k('a1'), forum.k('a2'), forum.states('a1 a2')]).toEqual([30, 30, 'a1 paid, a2 paid'])
    expect([forum.reps('a', '0 09:00'), forum.heads()]).toEqual([28, 'a1 a2'])
  })

  test('a first post by anybody else is of another forum', () => {
    const forum = forumOf().draw('genesis < a1 @0 08:00')
    expect(forum.refusal('genesis < b1 @0 07:00')).toBe('DAG_OTHER_PIONEER')
  })

  test('it must be signed, and no like', () => {
    expect(forumOf().refusal('genesis < anon1 @0 08:00')).toBe('DAG_UNSIGNED')
    const forum = forumOf().draw('genesis < a1 @0 08:00')
    expect(forum.refusal('genesis < a2 @0 08:00 dislikes a1')).toBe('DAG_BAD_LIKE')
  })

  test('they never expire: after 90 days of silence the forum is not dead', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < a2 @400 08:00`)
    expect([forum.k('a2'), forum.state('a2')]).toEqual([30, 'paid'])
  })
})

/** `a`, `b`, … `z`, `aa`, `ab`, … */
const LETTERS = [...Array.from({ length: 26 }, (_, n) => String.fromCharCode(97 + n)), 'aa', 'ab', 'ac', 'ad']

describe('1.a: k pioneers that a forum was joined with start with ⌊30/k⌋ reps each', () => {
  test.each([
    { k: 1, each: 30 },
    { k: 3, each: 10 },
    { k: 7, each: 4 },
    { k: 15, each: 2 },
    { k: 16, each: 1 },
    { k: 30, each: 1 },
  ])('$k pioneers: $each', ({ k, each }) => {
    const pioneers = LETTERS.slice(0, k)
    const forum = forumOf(...pioneers)
    for (const letters of pioneers) expect(forum.reps(letters, '0 08:00')).toBe(each)
    expect(forum.reps('stranger', '0 08:00')).toBe(0)
    forum.draw(pioneers.map((letters) => `genesis < ${letters}1 @0 08:00`).join('\n'))
    for (const letters of pioneers) {
      expect([forum.k(`${letters}1`), forum.state(`${letters}1`)]).toEqual([each, 'paid'])
      expect(forum.reps(letters, '0 08:00')).toBe(each - 1)
    }
  })

  test('one of 30 has one post a day in hand, and not two', () => {
    const forum = forumOf(...LETTERS).draw(`
      genesis < b1 @0 08:00
      b1      < b2 @0 09:00`)
    expect([forum.k('b1'), forum.k('b2'), forum.states('b1 b2')]).toEqual([1, 0, 'b1 paid, b2 held'])
  })

  test('to be first gives a stranger nothing', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < s1 @0 08:00
      genesis < a1 @0 09:00`)
    expect([forum.k('s1'), forum.states('s1 a1'), forum.heads()]).toEqual([0, 's1 held, a1 paid', 'a1'])
    expect(['s', 'a'].map((letter) => forum.reps(letter, '0 09:00'))).toEqual([0, 9])
  })

  test('they never expire either', () => {
    const forum = forumOf('a', 'b', 'c').draw('genesis < a1 @0 08:00')
    expect(['a', 'b'].map((letter) => forum.reps(letter, '400 08:00'))).toEqual([10, 10])
  })
})

describe('1.a speaks of forums', () => {
  test('in an identity chain the first post brings a guest nothing', () => {
    const page = identityOf('o').draw('genesis < g1 @0 08:00')
    expect([page.k('g1'), page.state('g1'), page.reps('g', '0 08:00')]).toEqual([0, 'held', 0])
  })

  test('in a group nobody needs it, and anybody may begin', () => {
    const family = group().draw(`
      genesis < a1 @0 08:00
      genesis < b1 @0 08:00`)
    expect([family.states('a1 b1'), family.reps('a', '0 08:00')]).toEqual(['a1 paid, b1 paid', Infinity])
  })
})

/** Rule 4.a of the paper's §3.3, and what spec §5 makes of it where blocks are concurrent. */
import { describe, expect, test } from 'vitest'
import { forumOf } from '../../support/forum.ts'

describe('4.a: posts of users without reputation are held until they get a like, neither linked nor relayed', () => {
  test('with none it is held, and no head', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00`)
    expect([forum.k('b1'), forum.state('b1'), forum.heads()]).toEqual([0, 'held', 'a1'])
    expect(forum.reps('b', '3 00:00')).toBe(0)
  })

  test('a like by somebody with reps lets it in, whatever its author has', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00
      a1 b1   < a2 @0 11:00 likes b1`)
    expect([forum.states('b1 a2'), forum.heads(), forum.k('b1')]).toEqual(['b1 accepted, a2 paid', 'a2', 0])
  })

  test('one rep is enough to get in, and none is not', () => {
    const forum = forumOf().draw(`
      genesis < a1    @0 08:00
      a1      < b1    @0 10:00
      a1 b1   < a2..3 @0 11:00 every 1m likes b1
      a3      < b2..3 @0 12:00 every 1m`)
    expect([forum.k('b2'), forum.k('b3'), forum.states('b2 b3')]).toEqual([1, 0, 'b2 paid, b3 held'])
  })

  test('one that is not signed is held, and a like lets it in', () => {
    const forum = forumOf().draw(`
      genesis < a1    @0 08:00
      a1      < anon1 @0 10:00`)
    expect(forum.state('anon1')).toBe('held')
    forum.draw('a1 anon1 < a2 @0 11:00 likes anon1')
    expect(forum.state('anon1')).toBe('accepted')
  })

  test('a like by somebody who has none himself lets nothing in', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00
      a1 b1   < c1 @0 11:00 likes b1`)
    expect([forum.states('b1 c1'), forum.heads()]).toEqual(['b1 held, c1 held', 'a1'])
    // Somebody else's like lets in the post, and not the other like of it.
    forum.draw('a1 b1 < a2 @0 12:00 likes b1')
    expect([forum.states('b1 c1'), forum.repsOfPost('b1')]).toEqual(['b1 accepted, c1 held', 1])
  })

  test('nothing but the like that welcomes it may stand on a held post', () => {
    const forum = forumOf().draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 10:00
      a1      < c1 @0 10:00`)
    const lines = {
      'a post by its author': 'b1 < b2 @0 11:00',
      'a post by somebody with reps': 'a1 b1 < a2 @0 11:00',
      'a dislike': 'a1 b1 < a2 @0 11:00 dislikes b1',
      'a like of another held post': 'a1 b1 c1 < a2 @0 11:00 likes c1',
      'a like of an accepted post': 'a1 b1 < c2 @0 11:00 likes a1',
    }
    for (const [what, line] of Object.entries(lines)) {
      expect([what, forum.refusal(line)]).toEqual([what, 'REP_UNACCEPTED_BACK'])
    }
    expect(forum.refusal('a1 b1 < a2 @0 11:00 likes b1')).toBe('sound')
  })
})

/** Newcomer b has one rep, and 24 h after b1 three. */
const ONE_REP = `
  genesis < a1    @0 08:00
  a1      < b1    @0 10:00
  a1 b1   < a2..3 @0 11:00 every 1m likes b1`

describe('4.a where posts are concurrent: of two that one rep is there for, the earlier in order is in', () => {
  //             ┌── b2   noon
  //   … ◄─ a3 ◄─┤
  //             └── b3   one o'clock
  const [early, late] = ['a3 < b2 @0 12:00', 'a3 < b3 @0 13:00']

  test('whichever comes first, everywhere', () => {
    for (const order of [`${early}\n${late}`, `${late}\n${early}`]) {
      const forum = forumOf().draw(ONE_REP).draw(order)
      expect([forum.states('b2 b3'), forum.heads()]).toEqual(['b2 paid, b3 held', 'b2'])
      expect(forum.reps('b', '0 13:00')).toBe(2 - 2)
    }
  })

  test('the other is withdrawn when it comes', () => {
    const forum = forumOf().draw(ONE_REP).draw(late)
    expect([forum.state('b3'), forum.heads()]).toEqual(['paid', 'b3'])
    forum.draw(early)
    expect([forum.state('b3'), forum.heads()]).toEqual(['held', 'b2'])
  })

  test('of equal times, the one of lower height', () => {
    const forum = forumOf().draw(ONE_REP).draw(`
      a3    < a4    @0 11:30
      a4    < b4    @0 13:00
      ${late}`)
    expect([forum.states('b3 b4'), forum.heads()]).toEqual(['b3 paid, b4 held', 'a4 b3'])
  })

  test('it stays while a paid block of somebody else stands on it', () => {
    const forum = forumOf().draw(ONE_REP).draw(`
      ${late}
      b3 < a4 @0 14:00
      ${early}`)
    expect([forum.states('b2 b3 a4'), forum.heads()]).toEqual(['b2 paid, b3 accepted, a4 paid', 'b2 a4'])
  })

  test('one that is withdrawn takes along the post that it welcomed', () => {
    const forum = forumOf().draw(ONE_REP).draw(`
      a3    < c1 @0 12:30
      a3 c1 < b3 @0 13:00 likes c1`)
    expect(forum.states('c1 b3')).toBe('c1 accepted, b3 paid')
    forum.draw(early)
    expect([forum.states('c1 b3'), forum.heads()]).toEqual(['c1 held, b3 held', 'b2'])
  })

  test('a like lets in whatever stands under the post, a withdrawn block too', () => {
    //             ┌── b2 ◄──────── a4   likes c1
    //   … ◄─ a3 ◄─┤                │
    //             └── b3 ◄── c1 ◄──┘
    const forum = forumOf().draw(ONE_REP).draw(`
      ${late}
      b3    < c1 @0 13:30
      ${early}`)
    expect(forum.states('b3 c1')).toBe('b3 held, c1 held')
    forum.draw('b2 c1 < a4 @0 14:00 likes c1')
    expect([forum.states('b3 c1 a4'), forum.heads()]).toEqual(['b3 accepted, c1 accepted, a4 paid', 'a4'])
  })

  test('what an author puts on an unpaid block of his own is not paid, rich as he may be', () => {
    //             ┌── b2
    //   … ◄─ a3 ◄─┤
    //             └── b3 ◄── b4   a day later
    const forum = forumOf().draw(ONE_REP).draw(`
      ${late}
      b3 < b4 @1 13:00`)
    expect([forum.k('b4'), forum.states('b3 b4')]).toEqual([2 + 1, 'b3 paid, b4 paid'])
    forum.draw(early)
    expect([forum.states('b2 b3 b4'), forum.heads()]).toEqual(['b2 paid, b3 held, b4 held', 'b2'])
  })

  test('… unless a block of somebody else stands between', () => {
    //             ┌── b2
    //   … ◄─ a3 ◄─┤
    //             └── b3 ◄── a4 ◄── b4
    const forum = forumOf().draw(ONE_REP).draw(`
      ${late}
      b3 < a4 @0 14:00
      a4 < b4 @1 13:00
      ${early}`)
    expect(forum.states('b2 b3 a4 b4')).toBe('b2 paid, b3 accepted, a4 paid, b4 paid')
  })
})

/** What spec §4 adds to rule 3.b: a dislike by the post's own author takes it back. */
import { describe, expect, test } from 'vitest'
import { forumOf, group, identityOf, ownerOnlyOf } from '../../support/forum.ts'

describe('3.b: a dislike by its own author takes a post back', () => {
  test('one hides it at once, and nothing else', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 08:30`)
    const before = [forum.isHidden('a1'), forum.isTakenBack('a1')]
    forum.draw('b1 < a2 @0 09:00 dislikes a1')
    expect([before, forum.isHidden('a1'), forum.isTakenBack('a1')]).toEqual([[false, false], true, true])
    expect([forum.isHidden('b1'), forum.states('a1 b1 a2')]).toEqual([false, 'a1 paid, b1 paid, a2 paid'])
  })

  test('it costs 1, as any vote does, and does not lower its author a second time', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < a2 @0 09:00 dislikes a1`)
    expect([forum.reps('a', '0 09:00'), forum.reps('a', '1 09:00')]).toEqual([10 - 1 - 1, 10 + 1 - 1])
  })

  test('that of somebody else takes nothing back, nor that of another post', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < a2 @0 08:01
      a2      < b1 @0 09:00 dislikes a1
      b1      < a3 @0 10:00 dislikes a2`)
    expect(['a1', 'a2'].map((name) => forum.isTakenBack(name))).toEqual([false, true])
  })

  test('likes do not undo it', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1    @0 08:00
      a1      < a2    @0 09:00 dislikes a1
      a2      < b1..9 @0 10:00 every 1m likes a1`)
    expect([forum.isHidden('a1'), forum.repsOfPost('a1')]).toEqual([true, 9 - 1])
  })

  test('in a like nothing can be taken back: it is refused', () => {
    const forum = forumOf('a', 'b', 'c').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00 likes a1`)
    expect(forum.refusal('b1 < b2 @0 10:00 dislikes b1')).toBe('DAG_BAD_LIKE')
  })
})

/** A newcomer's post, welcomed by the founder. */
function welcomed() {
  return forumOf().draw(`
    genesis < a1 @0 08:00
    a1      < b1 @0 10:00
    a1 b1   < a2 @0 11:00 likes b1`)
}

describe('3.b: it takes back where it is accepted', () => {
  test('by an author with 0 reps it is not, and takes nothing back; a day after the welcome it is', () => {
    const forum = welcomed()
    expect(forum.repsAround('b', '1 10:00')).toEqual([0, 1, 1])
    forum.draw(`
      a2 < b2 @1 09:59 dislikes b1
      a2 < b3 @1 10:00 dislikes b1`)
    expect([forum.k('b2'), forum.k('b3'), forum.states('b2 b3')]).toEqual([0, 1, 'b2 held, b3 paid'])
    expect(forum.isTakenBack('b1')).toBe(true)
  })

  test('by an author with 0 reps alone: the post stays', () => {
    const forum = welcomed().draw('a2 < b2 @0 12:00 dislikes b1')
    expect([forum.state('b2'), forum.isHidden('b1'), forum.repsOfPost('b1')]).toEqual(['held', false, 1])
  })

  test('withdrawn, it takes nothing back: the post shows again', () => {
    //  … ◄ a3 ◄─┬─ b2 ●   takes b1 back; one rep for two: the earlier, b3, gets it, though it comes later
    //           └─ b3
    const forum = welcomed().draw(`
      a2 < a3 @0 11:01 likes b1
      a3 < b2 @0 13:00 dislikes b1`)
    expect([forum.k('b2'), forum.state('b2'), forum.isHidden('b1')]).toEqual([1, 'paid', true])
    forum.draw('a3 < b3 @0 12:00')
    expect([forum.states('b2 b3'), forum.isHidden('b1'), forum.isTakenBack('b1')]).toEqual([
      'b2 held, b3 paid',
      false,
      false,
    ])
  })

  test('unpaid, but accepted under the block of somebody else, it does', () => {
    const forum = welcomed().draw(`
      a2 < a3 @0 11:01 likes b1
      a3 < b2 @0 13:00 dislikes b1
      b2 < a4 @0 14:00
      a3 < b3 @0 12:00`)
    expect([forum.states('b2 b3'), forum.isTakenBack('b1')]).toEqual(['b2 accepted, b3 paid', true])
  })

  test('it does though it does not count: then it costs nothing, and its post loses no rep by it', () => {
    const forum = welcomed().draw(`
      a2 < a3 @0 11:01 likes b1
      a3 < b2 @0 13:00 dislikes b1
      b2 < a4 @0 14:00
      a3 < b3 @0 12:00 dislikes a1`)
    expect([forum.isTakenBack('b1'), forum.repsOfPost('b1'), forum.reps('b', '0 14:00')]).toEqual([true, 2, 0])
  })

  test('done twice, it stays done when one of the two is withdrawn', () => {
    const forum = welcomed().draw(`
      a2 < a3..5 @0 11:01 every 1m likes b1
      a5 < b2    @0 12:00 dislikes b1
      b2 < b3    @0 13:00
      b3 < a6    @0 13:30
      a6 < b5    @0 15:00 dislikes b1`)
    expect([forum.k('b5'), forum.states('b2 b5')]).toEqual([1, 'b2 paid, b5 paid'])
    forum.draw('a6 < b4 @0 14:00')
    expect([forum.states('b2 b4 b5'), forum.isTakenBack('b1')]).toEqual(['b2 paid, b4 paid, b5 held', true])
  })
})

describe('3.b: in all chains', () => {
  test('in a group, if it is signed', () => {
    const forum = group().draw(`
      genesis < a1    @0 08:00
      a1      < anon1 @0 08:01
      anon1   < b1    @0 08:02
      b1      < a2    @0 09:00 dislikes a1
      a2      < b2    @0 09:01 dislikes anon1`)
    expect(['a1', 'anon1', 'b1'].map((name) => forum.isHidden(name))).toEqual([true, false, false])
  })

  test('by the owner, in both kinds of @', () => {
    for (const forum of [identityOf('a'), ownerOnlyOf('a')]) {
      forum.draw(`
        genesis < a1 @0 08:00
        a1      < a2 @0 08:01 dislikes a1`)
      expect(forum.isHidden('a1')).toBe(true)
    }
  })

  test('by a guest in @, who has reps by the owner; the dislikes of others do not take it back', () => {
    const forum = identityOf('a').draw(`
      genesis < a1 @0 08:00
      a1      < b1 @0 09:00
      a1 b1   < a2 @0 09:01 likes b1
      a2      < a3 @0 09:02 likes b1
      a3      < a4 @0 09:03 dislikes b1`)
    expect([forum.isHidden('b1'), forum.reps('b', '0 09:03')]).toEqual([false, 0])
    forum.draw(`
      a4      < a5 @0 09:04 likes b1
      a5      < b2 @0 09:05 dislikes b1`)
    expect([forum.state('b2'), forum.isTakenBack('b1'), forum.isHidden('b1')]).toEqual(['paid', true, true])
  })
})

/** Rule 4.e of the paper's §3.3; the others hold for guests of an identity chain (spec §4). */
import { describe, expect, test } from 'vitest'
import { identityOf, ownerOnlyOf } from '../../support/forum.ts'

describe('4.e: in public identity chains the owner has infinite reputation', () => {
  test('forty posts in a row, forty at once and forty likes are in', () => {
    const page = identityOf('o').draw(`
      genesis < o1..40    @0 08:00
      o40     < o41|80    @0 08:00
      o40     < g1        @0 08:00
      o40 g1  < o81..120  @0 08:00 likes g1`)
    expect([page.k('o40'), page.states('o40 o80 o120')]).toEqual([Infinity, 'o40 paid, o80 paid, o120 paid'])
    expect([page.repsOfPost('g1'), page.reps('g', '0 08:00')]).toEqual([40, 30])
  })

  test("the owner's posts are never hidden, and dislikes do not stop the owner", () => {
    const page = identityOf('o').draw(`
      genesis < o1     @0 08:00
      o1      < g1     @0 09:00
      o1 g1   < o2..8  @0 10:00 likes g1
      o8      < g2..7  @0 11:00 dislikes o1
      g7      < o9     @0 12:00`)
    expect([page.states('g2 g7 o9'), page.repsOfPost('o1')]).toEqual(['g2 paid, g7 paid, o9 paid', -6])
    expect(page.isHidden('o1')).toBe(false)
  })

  test("the owner's likes are of others' posts only", () => {
    expect(identityOf('o').draw('genesis < o1 @0 08:00').refusal('o1 < o2 @0 09:00 likes o1')).toBe('DAG_BAD_LIKE')
  })

  test('where only the owner posts, nobody else does, and nobody unsigned', () => {
    const page = ownerOnlyOf('o').draw('genesis < o1..40 @0 08:00')
    expect(page.states('o1 o40')).toBe('o1 paid, o40 paid')
    expect(
      ['o40 < g1 @0 09:00', 'o40 < anon1 @0 09:00', 'genesis < g1 @0 08:00'].map((line) => page.refusal(line)),
    ).toEqual(['DAG_NOT_OWNER', 'DAG_NOT_OWNER', 'DAG_NOT_OWNER'])
  })
})

describe('4.e: guests are under the rules of forums', () => {
  test('one without reps is held until the owner likes the post; unsigned ones too', () => {
    const page = identityOf('o').draw(`
      genesis < o1    @0 08:00
      o1      < g1    @0 09:00
      o1      < anon1 @0 09:00`)
    expect([page.states('g1 anon1'), page.heads()]).toEqual(['g1 held, anon1 held', 'o1'])
    page.draw(`
      o1 g1    < o2 @0 10:00 likes g1
      o2 anon1 < o3 @0 10:00 likes anon1`)
    expect([page.states('g1 anon1'), page.heads()]).toEqual(['g1 accepted, anon1 accepted', 'o3'])
  })

  test('posts and likes bring a guest reps, who can welcome the next one', () => {
    const page = identityOf('o').draw(`
      genesis < o1 @0 08:00
      o1      < g1 @0 09:00
      o1 g1   < o2 @0 10:00 likes g1`)
    expect(page.repsAround('g', '1 09:00')).toEqual([1 - 1, 1, 1])
    expect(page.repsAround('g', '1 10:00')).toEqual([1, 1 + 1, 1 + 1])
    page.draw(`
      o2      < h1 @1 10:00
      o2 h1   < g2 @1 11:00 likes h1
      g2      < g3 @1 12:00`)
    expect([page.k('g2'), page.k('g3'), page.states('h1 g2 g3')]).toEqual([2, 1, 'h1 accepted, g2 paid, g3 paid'])
  })

  test("a guest's post can be hidden", () => {
    const page = identityOf('o').draw(`
      genesis < o1    @0 08:00
      o1      < g1    @0 09:00
      o1 g1   < o2    @0 10:00 likes g1
      o2      < o3..6 @0 11:00 dislikes g1`)
    expect(page.isHidden('g1')).toBe(false)
    expect(page.draw('o6 < o7 @0 12:00 dislikes g1').isHidden('g1')).toBe(true)
  })

  test('of two concurrent posts that a guest has one rep for, the earlier is in', () => {
    const page = identityOf('o').draw(`
      genesis < o1    @0 08:00
      o1      < g1    @0 09:00
      o1 g1   < o2..3 @0 10:00 likes g1
      o3      < g3    @0 12:00
      o3      < g2    @0 11:00`)
    expect([page.states('g2 g3'), page.heads()]).toEqual(['g2 paid, g3 held', 'g2'])
  })
})

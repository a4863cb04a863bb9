/** Rule 4.d of the paper's §3.3. */
import { describe, expect, test } from 'vitest'
import { group } from '../../support/forum.ts'

describe('4.d: in private chains all users have infinite reputation', () => {
  test('forty posts in a row and forty at once are in, signed or not', () => {
    const family = group().draw(`
      genesis < a1..40    @0 08:00
      a40     < b1|40     @0 08:00
      a40     < anon1|40  @0 08:00`)
    expect([family.k('a40'), family.k('anon1')]).toEqual([Infinity, Infinity])
    expect(family.states('a40 b1 b40 anon1 anon40')).toBe('a40 paid, b1 paid, b40 paid, anon1 paid, anon40 paid')
    expect(family.heads().split(' ')).toHaveLength(80)
  })

  test('anybody may make first blocks, which are merged', () => {
    const family = group().draw(`
      genesis     < a1    @0 08:00
      genesis     < b1    @0 07:00
      genesis     < anon1 @0 09:00
      a1 b1 anon1 < c1    @0 10:00`)
    expect([family.states('a1 b1 anon1 c1'), family.heads()]).toEqual(['a1 paid, b1 paid, anon1 paid, c1 paid', 'c1'])
  })

  test('dislikes neither stop an author nor hide a post', () => {
    const family = group().draw(`
      genesis < a1    @0 08:00
      a1      < b1..9 @0 09:00 dislikes a1
      b9      < a2    @0 10:00`)
    expect([family.repsOfPost('a1'), family.isHidden('a1'), family.state('a2')]).toEqual([-9, false, 'paid'])
  })

  test('likes are what they are elsewhere: signed, and not of a post of one’s own', () => {
    const family = group().draw('genesis < a1 @0 08:00')
    expect(family.refusal('a1 < a2    @0 09:00 likes a1')).toBe('DAG_BAD_LIKE')
    expect(family.refusal('a1 < anon1 @0 09:00 likes a1')).toBe('DAG_UNSIGNED')
    expect(family.draw('a1 < b1 @0 09:00 likes a1').repsOfPost('a1')).toBe(1)
  })
})

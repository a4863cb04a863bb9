/** The door to reputation: who is accepted where, while reps are not counted (spec §2; rules 4.d, 4.e). */
import { expect, test } from 'vitest'
import type { Chain } from '../../../src/dag/chain.ts'
import { judgeBlock } from '../../../src/reputation/verdict.ts'
import { author, chain, post } from '../../support/blocks.ts'

const KEY = 'AB'.repeat(32)
const forum = chain('#forum')
const first = post(forum, { author: 1 }).block

function verdict(on: Chain, by?: number): string {
  const { author: _, ...unsigned } = first.header
  const judged = judgeBlock(on, by === undefined ? unsigned : { ...unsigned, author: author(by).author })
  return judged.ok ? judged.value.why : judged.fault.code
}

test('4.d members of a group are accepted, signed or not', () => {
  const group = chain('$group', KEY)
  expect([verdict(group), verdict(group, 1)]).toEqual(Array(2).fill('members of a group post without limit'))
})

test('4.e the owner of an identity chain is accepted without limit; guests as everybody is in forums', () => {
  for (const name of [`@${author(1).author}`, `@!${author(1).author}`]) {
    expect(verdict(chain(name), 1)).toBe('the owner posts without limit')
  }
  const owned = chain(`@${author(1).author}`)
  expect([verdict(owned, 2), verdict(owned)]).toEqual(['signed', 'REP_UNSIGNED'])
})

test('in forums whoever signs is accepted, and what is unsigned refused, naming the chain', () => {
  expect([verdict(forum, 1), verdict(forum, 2)]).toEqual(['signed', 'signed'])
  expect(verdict(chain('#forum', author(1).author))).toBe('REP_UNSIGNED')
  const { author: _, ...unsigned } = first.header
  expect(judgeBlock(forum, unsigned)).toEqual({ ok: false, fault: { code: 'REP_UNSIGNED', chain: '#forum' } })
})

/** Whose heads a post does not link (spec §5, *Posting*): what is remembered, of whom, and for how long. */
import { expect, test } from 'vitest'
import type { Chain } from '../../../../../src/dag/chain.ts'
import type { AuthorKey } from '../../../../../src/dag/ids.ts'
import { AvoidedHeads } from '../../../../../src/node/chain/intake/avoided-heads.ts'
import { AVOIDED_AUTHORS } from '../../../../../src/protocol/intake-limits.ts'
import { ChainState } from '../../../../../src/reputation/chain-state.ts'
import { author, chain } from '../../../../support/blocks.ts'
import { drawnId } from '../../../../support/draw.ts'
import { DAY, FIRST_DAY, keyOf } from '../../../../support/economy.ts'

const T = FIRST_DAY

/** Known blocks by these authors, with the local indexes 1, 2, … */
function known(on: Chain, ...authors: readonly (AuthorKey | undefined)[]): ChainState {
  const reputation = new ChainState(on, 3)
  for (const [n, by] of authors.entries()) {
    const row = { id: drawnId(`block ${String(n)}`), height: 1, time: T, backs: [0] }
    reputation.append({ ...row, ...(by === undefined ? {} : { author: by }) }, 1)
  }
  return reputation
}

test('all heads of an author who had a block withdrawn, for 24 h from the last time', () => {
  const avoided = new AvoidedHeads(known(chain('#forum'), keyOf(1), keyOf(1), keyOf(2)))
  avoided.noteWithdrawn(1, T)
  const at = (ms: number) => [1, 2, 3].map((head) => avoided.has(head, ms))
  expect([at(T), at(T + DAY - 1), at(T + DAY)]).toEqual([
    [true, true, false],
    [true, true, false],
    [false, false, false],
  ])
  avoided.noteWithdrawn(2, T + 5)
  expect([at(T + DAY), at(T + DAY + 5)]).toEqual([
    [true, true, false],
    [false, false, false],
  ])
})

test('nobody who has no limit, and nobody who did not sign', () => {
  const owner = author(1).author
  const avoided = new AvoidedHeads(known(chain(`@${owner}`), owner, undefined))
  for (const index of [1, 2]) avoided.noteWithdrawn(index, T)
  expect([avoided.has(1, T), avoided.has(2, T)]).toEqual([false, false])
})

test('4,096 authors are remembered; the one whose last time is longest ago is forgotten first', () => {
  expect(AVOIDED_AUTHORS).toBe(4096)
  const authors = Array.from({ length: AVOIDED_AUTHORS + 1 }, (_, n) => keyOf(n + 1))
  const avoided = new AvoidedHeads(known(chain('#forum'), ...authors))
  for (let index = 1; index <= 4096; index += 1) avoided.noteWithdrawn(index, T)
  avoided.noteWithdrawn(1, T)
  expect([1, 2, 4096].map((index) => avoided.has(index, T))).toEqual([true, true, true])
  avoided.noteWithdrawn(4097, T)
  expect([1, 2, 3, 4097].map((index) => avoided.has(index, T))).toEqual([true, false, true, true])
})

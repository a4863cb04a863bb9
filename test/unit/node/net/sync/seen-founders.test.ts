/** What peers say of their founders (spec §2, §8), for people who choose. */
import { expect, test } from 'vitest'
import { SeenFounders } from '../../../../../src/node/net/sync/seen-founders.ts'
import { PEERS_SHOWN } from '../../../../../src/protocol/sync-limits.ts'
import { author } from '../../../../support/blocks.ts'

const [one, other] = [author(1).author, author(2).author]

test('each founder once, with the most blocks that anybody claims; those whom more peers follow first', () => {
  const seen = new SeenFounders()
  seen.note('ann', { founder: other, blocks: 9 })
  seen.note('bob', { founder: one, blocks: 2 })
  seen.note('cyd', { founder: one, blocks: 5 })
  expect(seen.list()).toEqual([
    { founder: one, blocks: 5, peers: ['bob', 'cyd'] },
    { founder: other, blocks: 9, peers: ['ann'] },
  ])
  seen.note('ann', { founder: one, blocks: 1 })
  seen.note('bob', undefined)
  seen.forget('cyd')
  expect(seen.list()).toEqual([{ founder: one, blocks: 1, peers: ['ann'] }])
})

test('of strangers without end the oldest are forgotten', () => {
  const seen = new SeenFounders()
  for (let n = 0; n <= PEERS_SHOWN; n += 1) seen.note(String(n), { founder: one, blocks: n })
  expect(seen.peers()).toHaveLength(PEERS_SHOWN)
  expect(seen.peers()[0]).toBe('1')
})

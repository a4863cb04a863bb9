/**
 * Signatures that hold and that are dear to check (spec §3): a peer that brings very many is heard out in its own time, is
 * not blamed, and holds up nobody else; what is put off gets in later.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { RECHECKS_PER_PEER } from '../../src/protocol/intake-limits.ts'
import { author, chain, post } from '../support/blocks.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { BREACHES, servingBlocks, Stranger } from '../support/stranger.ts'
import { TORSION, torsionPost } from '../support/torsion.ts'

const NAME = `@${TORSION.author}`
const ON = chain(NAME)
const PLAIN = `@${author(1).author}`

let playground: Playground
let node: Daemon
let stranger: Stranger

beforeAll(async () => {
  playground = await Playground.open()
  node = await playground.start('node', { chains: [{ name: NAME }, { name: PLAIN }] })
  stranger = await Stranger.start()
  await stranger.meet(node)
})

afterAll(async () => {
  await stranger.stop()
  await playground.close()
})

function line(count: number): MadeBlock[] {
  const blocks: MadeBlock[] = []
  for (let n = 0; n < count; n += 1) {
    const back = blocks.at(-1)
    const backs = back === undefined ? [] : [back.block]
    blocks.push(torsionPost(ON, { backs, time: 1_700_000_000_000 + n, payload: String(n) }))
  }
  return blocks
}

test('§3 more of them than the budget: the pull ends for now, without blame, and goes on by itself', async () => {
  const blocks = line(RECHECKS_PER_PEER.burst + 10)
  stranger.answer = servingBlocks(ON, blocks)
  const pulled = await node.client.call('peer.recv', { addr: stranger.address, chain: NAME })
  expect(pulled.new).toBeGreaterThanOrEqual(RECHECKS_PER_PEER.burst)
  expect(pulled.new).toBeLessThan(blocks.length)
  expect(pulled.missing).toBe(blocks.length - pulled.new)
  // Meanwhile another chain of the same peer goes on: its signatures are cheap.
  const cheap = post(chain(PLAIN), { author: 1 })
  stranger.answer = servingBlocks(chain(PLAIN), [cheap])
  expect(await node.client.call('peer.recv', { addr: stranger.address, chain: PLAIN })).toMatchObject({ new: 1 })
  stranger.answer = servingBlocks(ON, blocks)
  await eventually(
    () => node.client.call('chain.consensus', { chain: NAME }),
    (ids) => ids.length === blocks.length + 1,
  )
  const top = blocks.at(-1)!
  const next = torsionPost(ON, { backs: [top.block], time: 1_700_000_001_000 })
  stranger.answer = servingBlocks(ON, [...blocks, next])
  await stranger.say(ON, () =>
    encodeAnnouncement({
      v: 1,
      nonce: crypto.getRandomValues(new Uint8Array(8)),
      heads: [next.block.id],
      block: { ...next.block, payload: next.payload },
    }),
  )
  await eventually(
    () => node.client.call('chain.consensus', { chain: NAME }),
    (ids) => ids.length === blocks.length + 2,
  )
  expect(await stranger.breachesLeft(node)).toBe(BREACHES)
})

/** A neighbour that announces known heads for ever (spec §7): it costs next to nothing, nobody is blamed, and news get through. */
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { ANNOUNCEMENTS } from '../../src/protocol/gossip-limits.ts'
import { author, chain, post } from '../support/blocks.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { BREACHES, servingBlocks, Stranger } from '../support/stranger.ts'

const NAME = '#known'
const ON = chain(NAME)
const { seed, author: pub } = author(1)
/** Two at first; and one a minute, where a busy machine takes minutes. */
const FEW = 8

const SIGN = bytesToHex(seed).toUpperCase() + pub

let playground: Playground
let node: Daemon
let honest: Daemon
let loud: Stranger

beforeAll(async () => {
  playground = await Playground.open()
  node = await playground.start('node', { chains: [{ name: NAME, founder: pub }] })
  honest = await playground.start('honest', { chains: [{ name: NAME }], peers: node.addresses })
  loud = await Stranger.start()
  await loud.meet(node)
})

afterAll(async () => {
  await loud.stop()
  await playground.close()
})

/** The honest daemon posts, and the node has it. */
async function honestPost(text: string): Promise<void> {
  const { id } = await honest.client.call('chain.post', { chain: NAME, text, sign: SIGN })
  await eventually(
    () => node.client.call('chain.consensus', { chain: NAME }),
    (ids) => ids.includes(id),
  )
}

test('§7 four times as many as are read at once: no blame, hardly a question, and what others post gets through', async () => {
  const first = post(ON, { author: 1, time: Date.now() - 60_000 })
  loud.answer = servingBlocks(ON, [first])
  expect(await node.client.call('peer.recv', { addr: loud.address, chain: NAME })).toMatchObject({ new: 1 })
  await eventually(
    () => honest.client.call('chain.consensus', { chain: NAME }),
    (ids) => ids.length === 2,
  )
  // On the topic like everybody; the node compares heads with it then.
  loud.listen(ON)
  await eventually(
    () => Promise.resolve(loud.asked.filter(({ t }) => t === 'open').length),
    (opened) => opened >= 2,
  )
  const asked = loud.asked.length
  const known = (): Uint8Array => encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [first.block.id] })
  for (let n = 0; n < 4 * ANNOUNCEMENTS.burst; n += 1) await loud.say(ON, known)
  await honestPost('while it was loud')
  // It may have been news: the node looks once, and then it is told that there is nothing.
  await eventually(
    () => Promise.resolve(loud.asked.slice(asked).map(({ t }) => t)),
    (kinds) => kinds.length > 0,
  )
  await honestPost('and afterwards')
  const kinds = loud.asked.slice(asked).map(({ t }) => t)
  expect(kinds.filter((kind) => kind !== 'open')).toEqual([])
  expect(kinds.length).toBeLessThanOrEqual(FEW)
  expect(await loud.breachesLeft(node)).toBe(BREACHES)
})

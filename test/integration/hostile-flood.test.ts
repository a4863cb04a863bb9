/**
 * Announcements by the thousand (spec §7): beyond a rate that no honest peer reaches, who sends them is blamed each time,
 * and out in the end; none of them is read. Honest bursts are not: of who posts quickly, or has much to tell at once.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { ANNOUNCEMENT_FLOOD, ANNOUNCEMENTS, OWN_ANNOUNCEMENTS } from '../../src/protocol/gossip-limits.ts'
import { author } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { ALICE, Branch, pvt, riding } from '../support/attack-blocks.ts'
import { type AttackedChain, AttackedNetwork, idsOf } from '../support/attacked-network.ts'
import { servingBlocks } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

/** As many as one frame of gossip may have. */
const A_FRAME = 4096

const known = ({ base }: AttackedChain): Uint8Array =>
  encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [base.block.id] })

test('a flood, of heads that everybody knows: who sends it is banned, for the flood alone', async () => {
  const at = await network.newChain()
  await network.withstands(at, async () => {
    const liar = await network.stranger()
    const flood = async (): Promise<boolean> => {
      await liar.sayAtOnce(
        network.node,
        at.on,
        Array.from({ length: A_FRAME }, () => known(at)),
      )
      return liar.isWelcome(network.node)
    }
    // A machine that takes in no more than the rate would never have to blame anybody.
    await eventually(flood, (isWelcome) => !isWelcome, 60_000)
    await network.isBanned(liar, { code: 'GOSSIP_FLOOD' })
  })
  await network.keepsNoMore(at)
})

test('much at once is told of by who has much: nothing to be blamed for, and all of it comes', async () => {
  const at = await network.newChain(`@${author(ALICE).author}`)
  const branch = new Branch(at.on, [at.base])
  for (let n = 0; n < 2 * ANNOUNCEMENTS.burst; n += 1) branch.post(ALICE, at.base.block.header.time + n)
  const eager = await network.stranger(servingBlocks(at.on, branch.blocks))
  const told = branch.blocks.map((made) => riding(made))
  const filler = Array.from({ length: ANNOUNCEMENT_FLOOD.burst / 2 - told.length }, () => known(at))
  await eager.sayAtOnce(network.node, at.on, [...told, ...filler])
  for (const daemon of [network.node, ...network.honest]) {
    await eventually(
      () => idsOf(daemon, at.name),
      (ids) => ids.length === 1 + branch.blocks.length,
      60_000,
    )
  }
  await network.isSpared(eager, at)
})

test('a peer that posts quickly is heard, and nobody thinks worse of it', async () => {
  const at = await network.newChain(`@!${author(ALICE).author}`)
  const [left, right] = network.honest
  const posts = 3 * OWN_ANNOUNCEMENTS.burst
  const post = (n: number): Promise<unknown> =>
    left.client.call('chain.post', { chain: at.name, text: `post ${String(n)}`, sign: pvt(ALICE) })
  await Promise.all(Array.from({ length: posts }, (_, n) => post(n)))
  for (const daemon of [left, network.node, right!]) {
    await eventually(
      () => idsOf(daemon, at.name),
      (ids) => ids.length === 1 + 1 + posts,
      60_000,
    )
  }
  expect(network.blames({ id: left.peerId })).toEqual([])
  expect(network.blames({ id: network.node.peerId }, right)).toEqual([])
})

/**
 * A stranger who offers what a forum has hidden (spec §4, §8): its payload is kept aside, and neither shown, nor served, nor
 * taken or fetched again.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Chain } from '../../src/dag/chain.ts'
import { SIGNATURE_BYTES } from '../../src/dag/block-limits.ts'
import { decodeReply } from '../../src/protocol/codec.ts'
import { RIDING_BLOCK_BYTES } from '../../src/protocol/gossip-limits.ts'
import { must, post } from '../support/blocks.ts'
import { DAY, HOUR, MINUTE } from '../support/economy.ts'
import { ALICE, BOB, Branch, riding, shown } from '../support/attack-blocks.ts'
import { AttackedNetwork } from '../support/attacked-network.ts'
import { BREACHES, servingBlocks } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.openWithClocks()
})

afterAll(async () => {
  await network.close()
})

describe('§4 the payload of a post that is hidden', () => {
  /** Bob's post with a payload of this length, which Alice dislikes five times. */
  const hiddenHistory = (length: number) => (on: Chain) => {
    const start = Date.now() - 3 * DAY
    const first = post(on, { author: ALICE, time: start })
    const bobs = post(on, { author: BOB, backs: [first.block], payload: new Uint8Array(length).fill(7) })
    const branch = new Branch(on, [first, bobs])
    for (let minute = 0; minute < 6; minute += 1)
      branch.vote(minute === 0 ? 1 : -1, bobs, ALICE, start + minute * MINUTE)
    branch.post(ALICE, start + HOUR)
    return branch.blocks
  }

  const lengths = [
    { title: 'that rides along', length: 1000 },
    { title: 'that comes in frames', length: 100_000 },
  ]
  test.each(lengths)(
    '$title is not shown nor served, and not taken or fetched again when it is offered',
    async ({ length }) => {
      const at = await network.newForum(hiddenHistory(length))
      const bobs = at.history[1]!
      const isHidden = async (): Promise<void> => {
        for (const { client } of [network.node, network.honest[0]]) {
          const got = client.call('chain.get', { chain: at.name, id: shown(bobs), part: 'payload' })
          await expect(got).rejects.toMatchObject({ code: 'payload-hidden' })
          expect(await client.call('chain.status', { chain: at.name })).toMatchObject({ missing: 0 })
        }
      }
      await isHidden()
      const fresh = at.honestBlock()
      const liar = await network.stranger(servingBlocks(at.on, [...at.history, fresh]))
      const bytesBefore = (await network.node.client.call('chain.status', { chain: at.name })).bytes
      if (length < RIDING_BLOCK_BYTES) await liar.say(at.on, () => riding(bobs))
      expect(await network.node.client.call('peer.recv', { addr: liar.address, chain: at.name })).toMatchObject({
        new: 1,
      })
      const wanted = liar.asked.flatMap((asked) =>
        asked.t === 'get' ? asked.ids : asked.t === 'frame' ? [asked.block] : [],
      )
      expect(wanted).toEqual([fresh.block.id])
      const size = fresh.block.headerBytes.byteLength + SIGNATURE_BYTES + fresh.payload.byteLength
      expect((await network.node.client.call('chain.status', { chain: at.name })).bytes).toBe(bytesBefore + size)
      await isHidden()
      const wire = await liar.wire(network.node)
      await wire.ask({ t: 'open', id: 1, chain: at.on.rendezvous })
      const given = decodeReply((await wire.ask({ t: 'get', id: 2, chain: at.on.rendezvous, ids: [bobs.block.id] }))!)
      expect(must(given)).toMatchObject({ t: 'blocks', blocks: [{ state: 'hidden' }] })
      const frame = decodeReply(
        (await wire.ask({ t: 'frame', id: 3, chain: at.on.rendezvous, block: bobs.block.id, offset: 0 }))!,
      )
      expect(must(frame)).toMatchObject({ t: 'no-payload', why: 'hidden' })
      await wire.close()
      await at.settled()
      await at.honestPosts()
      await at.settled()
      expect(await liar.breachesLeft(network.node)).toBe(BREACHES)
    },
  )
})

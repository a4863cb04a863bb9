/**
 * Announcements (spec §7) of what is never delivered, of heads that everybody knows, and of what is no announcement. Known
 * and unknown heads are hints, and any peer may come to give them: they cost a bounded number of pulls, no memory, and
 * nobody's good name. What no honest peer says is blamed.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeBlock } from '../../src/dag/block.ts'
import { encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { ANNOUNCE_HEADS, ANNOUNCEMENTS, CATCH_UP_MS } from '../../src/protocol/gossip-limits.ts'
import { COMPARE_MS, IDS_PER_PAGE } from '../../src/protocol/sync-limits.ts'
import { author, bytes, chain, must, post } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { floodOf } from '../support/flood.ts'
import { above, ALICE, BOB, forgedSignature, founderOf, inventedIds, riding } from '../support/attack-blocks.ts'
import { type AttackedChain, AttackedNetwork, type Blame } from '../support/attacked-network.ts'
import { refuse, servingBlocks, type Answer } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

const BATCH = 50

function headsOnly(heads: ReturnType<typeof inventedIds>): Uint8Array {
  return encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [...heads].sort() })
}

describe('announced, and never delivered', () => {
  const KINDS: readonly { title: string; answer: (at: AttackedChain) => Answer }[] = [
    { title: 'it does not have the chain when it is asked', answer: () => refuse },
    {
      title: 'it lists what it does not give',
      answer: ({ on, base }) =>
        servingBlocks(on, [base], {
          open: ({ id }) => ({
            t: 'opened',
            id,
            ...founderOf(on),
            blocks: 1,
            heads: inventedIds(ANNOUNCE_HEADS).sort(),
            more: false,
          }),
          diff: ({ id }) => ({ t: 'ids', id, ids: inventedIds(IDS_PER_PAGE), more: true }),
        }),
    },
    { title: 'it answers nothing', answer: () => () => undefined },
  ]

  test.each(KINDS)('$title: heads that nobody has', async ({ answer }) => {
    const at = await network.newChain()
    const liar = await network.stranger(answer(at))
    await network.withstands(
      at,
      async () => {
        for (let said = 0; said < BATCH; said += 1) await liar.say(at.on, () => headsOnly(inventedIds(ANNOUNCE_HEADS)))
        await liar.isWelcome(network.node)
      },
      { waves: floodOf(ANNOUNCEMENTS.burst / BATCH, 10) },
    )
    await eventually(
      () => Promise.resolve(liar.asked.length),
      (asked) => asked > 0,
    )
    await liar.hangUp(network.node)
    await network.keepsNoMore(at)
    await network.isSpared(liar, at)
  })

  test('a block that rides along without its past', async () => {
    const at = await network.newChain()
    const liar = await network.stranger()
    const orphan = (): Uint8Array =>
      riding(post(at.on, { backs: [above(at, { payload: randomBytes(8) }).block], author: ALICE }))
    await network.withstands(
      at,
      async () => {
        await liar.say(at.on, orphan)
        await liar.isWelcome(network.node)
      },
      { waves: 30 },
    )
    await eventually(
      () => Promise.resolve(liar.asked.length),
      (asked) => asked > 0,
    )
    await network.keepsNoMore(at)
    await network.isSpared(liar, at)
  })
})

test('known heads, announced for ever: nothing is asked for, nobody is blamed', async () => {
  const at = await network.newChain()
  const bore = await network.stranger(servingBlocks(at.on, [at.base]))
  const told = new Map<string, number>()
  const fromMs = performance.now()
  await network.withstands(
    at,
    async () => {
      for (let said = 0; said < BATCH; said += 1) await bore.say(at.on, () => headsOnly([at.base.block.id]))
      await bore.isWelcome(network.node)
    },
    { waves: floodOf(ANNOUNCEMENTS.burst / BATCH, 40) },
  )
  for (const request of bore.asked) {
    // The node asks a new peer about its other chains, too.
    if (request.t === 'open' && !Buffer.from(request.chain).equals(at.on.rendezvous)) continue
    told.set(request.t, (told.get(request.t) ?? 0) + 1)
  }
  // A pull when it subscribed and one when that ended, one in each time after some of it was skipped unread, and comparisons.
  const elapsedMs = performance.now() - fromMs
  const pulls = 2 + Math.ceil(elapsedMs / CATCH_UP_MS) + Math.ceil(elapsedMs / COMPARE_MS)
  expect(told.get('open') ?? 0).toBeLessThanOrEqual(pulls)
  expect([...told.keys()].filter((t) => t !== 'open')).toEqual([])
  await network.keepsNoMore(at)
  await network.isSpared(bore, at)
})

describe('what no honest peer announces', () => {
  const LIES: readonly { title: string; make: (at: AttackedChain) => Uint8Array; blame: Blame; on?: string }[] = [
    {
      title: 'a bad signature: banned at once',
      make: (at) => riding(forgedSignature(above(at))),
      blame: { code: 'GOSSIP_BAD_BLOCK', cause: 'DAG_BAD_SIGNATURE' },
    },
    { title: 'no announcement at all', make: () => randomBytes(100), blame: { code: 'WIRE_MALFORMED' } },
    {
      title: 'more heads than one has',
      make: () => headsOnly(inventedIds(ANNOUNCE_HEADS + 1)),
      blame: { code: 'WIRE_MALFORMED' },
    },
    {
      title: "a guest's post on a chain that is its owner's alone",
      on: `@!${author(ALICE).author}`,
      // Made for the chain beside it, where it would be fine: the same header but for who may write it.
      make: (at) => {
        const open = chain(`@${author(ALICE).author}`)
        const { header } = at.base.block
        const parts = { chain: open, height: 2, time: header.time, backs: [at.base.block.id], payload: bytes('guest') }
        return riding(must(makeBlock({ ...parts, pvt: author(BOB), random: () => new Uint8Array(32) })))
      },
      blame: { code: 'GOSSIP_BAD_BLOCK', cause: 'DAG_NOT_OWNER' },
    },
  ]

  test.each(LIES)('$title', async ({ make, blame, on }) => {
    const at = await network.newChain(on)
    await network.withstands(at, async () => {
      const liar = await network.stranger()
      await liar.say(at.on, () => make(at))
      await network.isBlamed(liar, [blame])
      expect(liar.asked).toEqual([])
    })
    await network.keepsNoMore(at)
  })
})

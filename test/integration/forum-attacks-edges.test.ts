/**
 * Attacks at the edges of the rules (spec §3, §4, §5) by strangers who bring them to a daemon: heads that must not be linked
 * without others, times after now and at the window's edge, posts that are taken back. An honest daemon behind the attacked
 * one agrees, and honest people can still post.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_BACKS } from '../../src/dag/block-limits.ts'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { author, chain, like, post } from '../support/blocks.ts'
import { DAY, HOUR, MINUTE } from '../support/economy.ts'
import { callsOn, codeOf } from '../support/forum-nodes.ts'
import { ALICE, BOB, Branch, MALLORY, shown } from '../support/attack-blocks.ts'
import type { AttackedForum } from '../support/attacked-forum.ts'
import { AttackedNetwork } from '../support/attacked-network.ts'
import { EVE, FIRST_FRESH, forumOfPioneers, VICTIM, victimsHistory } from '../support/ledger-attacks.ts'
import { BREACHES, servingBlocks, type Stranger } from '../support/stranger.ts'

let network: AttackedNetwork
let now: number

beforeAll(async () => {
  network = await AttackedNetwork.openWithClocks()
  now = await network.now()
})

afterAll(async () => {
  await network.close()
})

async function isSpared(liar: Stranger): Promise<void> {
  liar.answer = () => undefined
  expect(await liar.breachesLeft(network.node)).toBe(BREACHES)
}

/** The node asks the stranger, who now has these blocks beside the history. */
async function pulls(at: AttackedForum, liar: Stranger, blocks: readonly MadeBlock[]): Promise<void> {
  liar.answer = servingBlocks(at.on, [...at.history, ...blocks])
  await network.recv(liar, at.name)
}

describe('§5 a post is always possible', () => {
  const AUTHORS = [10, 11, 12, 13, 14]

  /** All were welcomed eight days ago; Eve has one rep left after a post of an hour ago. */
  function history(on: Chain): MadeBlock[] {
    const branch = new Branch(on)
    branch.post(ALICE, now - 9 * DAY)
    for (const by of [EVE, ...AUTHORS]) branch.welcome(by, ALICE, now - 8 * DAY)
    branch.post(EVE, now - HOUR)
    branch.post(ALICE, now - HOUR)
    return branch.blocks
  }

  /**
   *        ┌─ f                       Eve's, and the earliest: it makes g1 and g2 unpaid, which are in by what is above them
   *        ├─ crowd, 16 times         Alice's; of more than 16 heads they push f out
   *  top ◄─┼─ g1 ◄─ X1 ◄─ g2 ◄─ X2    Eve's g1 and g2; X1 likes g1
   *        └─ L ◄─ h                  L gives Eve a second rep: h is paid beside f, and not beside g1 and g2 without f
   */
  function heads({ on, top, history: [, evesFirst] }: AttackedForum) {
    const start = now - 30 * MINUTE
    const branch = () => new Branch(on, [top])
    const f = branch().post(EVE, start)
    const crowd = Array.from({ length: MAX_BACKS }, (_, n) => {
      // Likes for Eve: nobody links a head whose author is below zero.
      if (n < 4) return branch().vote(1, evesFirst!, ALICE, start + MINUTE + n)
      return branch().post(ALICE, start + MINUTE + n)
    })
    const row = branch()
    row.vote(1, row.post(EVE, start + 2 * MINUTE), ALICE, start + 2 * MINUTE)
    row.post(EVE, start + 2 * MINUTE)
    const over = row.post(ALICE, start + 2 * MINUTE)
    const liked = branch()
    liked.vote(1, evesFirst!, ALICE, start + 3 * MINUTE)
    const h = liked.post(EVE, start + 4 * MINUTE)
    return { h, over, blocks: [...crowd, ...row.blocks.slice(1), ...liked.blocks.slice(1), f] }
  }

  test('over 19 heads, of which the 16 highest must not be linked without the lowest: five authors post', async () => {
    const at = await network.newForum(history)
    const { h, over, blocks } = heads(at)
    const liar = await network.stranger()
    await pulls(at, liar, blocks)
    // Now that f is in, h is paid.
    await pulls(at, liar, blocks)
    await at.settled({ accepted: blocks })
    for (const { client } of [network.node, ...network.honest])
      expect((await client.call('chain.status', { chain: at.name })).heads).toBe(MAX_BACKS + 3)
    const [posted] = await at.canPost(...AUTHORS)
    const { backs } = await callsOn(at.name).blockOn(network.node, posted!)
    expect([backs.length, backs.includes(shown(over)), backs.includes(shown(h))]).toEqual([MAX_BACKS - 1, true, false])
    expect((await network.node.client.call('chain.status', { chain: at.name })).heads).toBe(1)
    await at.settled({ accepted: blocks })
    await isSpared(liar)
  })
})

describe('§3, §4 times that the attacker chooses', () => {
  test('likes dated after now work at once within half an hour, and beyond it when their time comes', async () => {
    now = await network.now()
    const at = await network.newForum(victimsHistory(now), forumOfPioneers('#ahead', 15))
    const [target] = at.history
    const branch = new Branch(at.on, [at.top])
    const guest = branch.welcome(FIRST_FRESH, EVE, now + 29 * MINUTE)
    branch.vote(-1, target!, EVE, now + 35 * MINUTE)
    const blocks = branch.blocks.slice(1)
    const liar = await network.stranger()
    await pulls(at, liar, blocks)
    await at.settled({ accepted: blocks.slice(0, -1) })
    // As the next post would have it, whose time is that of the head: the guest's own is paid back later.
    expect(await at.repsOf(VICTIM, EVE, FIRST_FRESH)).toEqual([3, 1, 0])
    await at.canPost(VICTIM, ALICE)
    expect(await at.repsOf(VICTIM)).toEqual([2])
    await network.setClocks(now + 6 * MINUTE)
    await pulls(at, liar, blocks)
    await at.settled({ accepted: blocks })
    expect(await at.repsOf(VICTIM, EVE, FIRST_FRESH)).toEqual([1, 0, 0])
    expect((await callsOn(at.name).blockOn(network.node, shown(guest))).reps).toBe(1)
    await at.canPost(VICTIM, ALICE)
    await isSpared(liar)
  })

  test('4.c a like is worth a rep for 90 days and not a millisecond longer', async () => {
    now = await network.now()
    const edge = now - MINUTE
    const at = await network.newForum((on) => {
      const branch = new Branch(on)
      branch.post(ALICE, edge - 92 * DAY)
      const hers = branch.post(EVE, edge - 90 * DAY - HOUR)
      branch.vote(1, hers, ALICE, edge - 90 * DAY)
      branch.post(ALICE, edge - DAY)
      return branch.blocks
    })
    const on = (time: number): MadeBlock => post(at.on, { author: EVE, backs: [at.top.block], time })
    const vote = (time: number): MadeBlock =>
      like(at.on, -1, at.history[0]!.block, { author: EVE, backs: [at.top.block], time })
    const [within, beyond] = [on(edge), [on(edge + 1), vote(edge + 1)]]
    const liar = await network.stranger()
    await pulls(at, liar, beyond)
    await at.settled()
    await pulls(at, liar, [...beyond, within])
    await at.settled({ accepted: [within] })
    expect(await at.repsOf(EVE)).toEqual([-1])
    await at.canPost(ALICE, ALICE)
    await at.settled({ accepted: [within] })
    await isSpared(liar)
  })
})

describe('3.b posts that their authors take back', () => {
  async function seen(at: AttackedForum, made: MadeBlock) {
    const { blockOn, payloadOn } = callsOn(at.name)
    const sights = [network.node, ...network.honest].map(async (daemon) => {
      const { state } = await blockOn(daemon, shown(made))
      return `${state}, ${await payloadOn(daemon, shown(made)).catch(codeOf)}`
    })
    return [...new Set(await Promise.all(sights))].join('; ')
  }

  const text = ({ payload }: MadeBlock): string => new TextDecoder().decode(payload)
  const SHOWN = (made: MadeBlock): string => `accepted, ${text(made)}`
  const HIDDEN = 'hidden, payload-hidden'

  const takenBackBy = (by: number, made: MadeBlock, { on, top }: AttackedForum, time: number): MadeBlock =>
    like(on, -1, made.block, { author: by, backs: [top.block], time })

  test('by who has 0 reps: it is not accepted, and the post stays', async () => {
    now = await network.now()
    const at = await network.newForum((on) => {
      const branch = new Branch(on)
      branch.post(ALICE, now - DAY)
      branch.welcome(BOB, ALICE, now - HOUR)
      return branch.blocks
    })
    const bobs = at.history[1]!
    const liar = await network.stranger()
    await pulls(at, liar, [takenBackBy(BOB, bobs, at, now)])
    await at.canPost(ALICE, ALICE)
    await at.settled()
    expect(await seen(at, bobs)).toBe(SHOWN(bobs))
    expect(await at.repsOf(BOB)).toEqual([0])
    await isSpared(liar)
  })

  test('by guests in the chain of an owner: by who has a rep, and by nobody else', async () => {
    now = await network.now()
    const at = await network.newForum(
      (on) => {
        const branch = new Branch(on)
        branch.post(ALICE, now - 4 * DAY)
        branch.welcome(BOB, ALICE, now - 3 * DAY)
        branch.welcome(MALLORY, ALICE, now - HOUR)
        return branch.blocks
      },
      chain(`@${author(ALICE).author}`),
    )
    const [, bobs, , mallorys] = at.history
    const [byBob, byMallory] = [takenBackBy(BOB, bobs!, at, now), takenBackBy(MALLORY, mallorys!, at, now)]
    const liar = await network.stranger()
    await pulls(at, liar, [byMallory, takenBackBy(BOB, mallorys!, at, now), byBob])
    await at.canPost(ALICE, ALICE)
    // Bob has two reps: for his own post, and a dislike of hers, which takes nothing back.
    await at.settled({ accepted: [byBob, takenBackBy(BOB, mallorys!, at, now)] })
    expect([await seen(at, bobs!), await seen(at, mallorys!)]).toEqual([HIDDEN, SHOWN(mallorys!)])
    expect(await at.repsOf(BOB, MALLORY)).toEqual([0, -1])
    await isSpared(liar)
  })

  test('and withdrawn by an earlier block of the same author: the post shows again, with what was kept aside', async () => {
    now = await network.now()
    const at = await network.newForum((on) => {
      const branch = new Branch(on)
      branch.post(ALICE, now - 3 * DAY)
      const bobs = branch.welcome(BOB, ALICE, now - 5 * HOUR)
      branch.vote(1, bobs, ALICE, now - 5 * HOUR)
      return branch.blocks
    })
    const bobs = at.history[1]!
    const takenBack = takenBackBy(BOB, bobs, at, now - HOUR)
    const liar = await network.stranger()
    await pulls(at, liar, [takenBack])
    await at.settled({ accepted: [takenBack] })
    expect(await seen(at, bobs)).toBe(HIDDEN)
    const earlier = post(at.on, { author: BOB, backs: [at.top.block], time: now - 2 * HOUR })
    await pulls(at, liar, [takenBack, earlier])
    await at.settled({ accepted: [takenBack, earlier], withdrawn: [takenBack] })
    expect(await seen(at, bobs)).toBe(SHOWN(bobs))
    await at.canPost(ALICE, ALICE)
    expect([await seen(at, bobs), await at.repsOf(BOB)]).toEqual([SHOWN(bobs), [0]])
    await isSpared(liar)
  })
})

/**
 * Attacks on the ledger (spec §4) by strangers who bring them to a daemon, when asked and in announcements: what is paid is
 * accepted, and no vote counts that nobody had the reps for. An honest daemon behind the attacked one agrees, and honest
 * people can still post.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { OLD_BLOCKS_PER_HOUR, REWRITES_PER_DAY } from '../../src/reputation/throttle.ts'
import { like } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { DAY, HOUR, MINUTE } from '../support/economy.ts'
import { floodOf } from '../support/flood.ts'
import { callsOn, codeOf, person } from '../support/forum-nodes.ts'
import { ALICE, riding, shown } from '../support/attack-blocks.ts'
import type { AttackedForum } from '../support/attacked-forum.ts'
import { AttackedNetwork } from '../support/attacked-network.ts'
import {
  backdatedWelcomes,
  BLOCKS_PER_BRANCH,
  collusion,
  dailyPosts,
  earlyVotes,
  equivocation,
  EVE,
  FIRST_FRESH,
  forumOfPioneers,
  MEMBERS,
  savedLikes,
  spentForum,
  VICTIM,
  victimsHistory,
} from '../support/ledger-attacks.ts'
import { BREACHES, servingBlocks, type Stranger } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.openWithClocks()
})

afterAll(async () => {
  await network.close()
})

/** A stranger has these blocks beside the history, and the node pulls from it. */
async function pulled(at: AttackedForum, blocks: readonly MadeBlock[]): Promise<Stranger> {
  const liar = await network.stranger(servingBlocks(at.on, [...at.history, ...blocks]))
  await network.recv(liar, at.name)
  return liar
}

/** The stranger did nothing that an honest peer may not do. */
async function isSpared(liar: Stranger): Promise<void> {
  liar.answer = () => undefined
  expect(await liar.breachesLeft(network.node)).toBe(BREACHES)
}

async function reputationOfPost(at: AttackedForum, made: MadeBlock) {
  const { state, reps } = await callsOn(at.name).blockOn(network.node, shown(made))
  return { state, reps }
}

describe('§4 an equivocator with 2 reps, and a fresh key on each branch', () => {
  let forums = 0

  async function attacked(now: number): Promise<AttackedForum> {
    return network.newForum(victimsHistory(now), forumOfPioneers(`#equivocated-${String(++forums)}`, 15))
  }

  /** The victim had 3 reps, Eve had 2; each of the fresh keys got one like too many for Eve. */
  async function oneDislikeCounts(at: AttackedForum): Promise<void> {
    expect(await at.repsOf(VICTIM, EVE)).toEqual([2, 0])
    expect(await reputationOfPost(at, at.history[0]!)).toEqual({ state: 'accepted', reps: -1 })
  }

  async function endsWell(at: AttackedForum, liar: Stranger, branches: readonly MadeBlock[]): Promise<void> {
    await at.settled({ accepted: branches })
    await oneDislikeCounts(at)
    await at.canPost(VICTIM, ALICE)
    await isSpared(liar)
  }

  test.each([1, 10])('%i fresh branches: all is accepted, and one dislike counts', async (count) => {
    const now = await network.now()
    const at = await attacked(now)
    const branches = equivocation(at.on, at.history[0]!, { count, fromMs: now }).flat()
    await endsWell(at, await pulled(at, branches), branches)
  })

  test('10 fresh branches, announced, the latest one first: the same', async () => {
    const now = await network.now()
    const at = await attacked(now)
    const branches = equivocation(at.on, at.history[0]!, { count: 10, fromMs: now }).reverse()
    const liar = await network.stranger()
    for (const [n, branch] of branches.entries()) {
      liar.answer = servingBlocks(at.on, [...at.history, ...branches.slice(0, n + 1).flat()])
      for (const made of branch) await liar.say(at.on, () => riding(made))
      const dislike = shown(branch.at(-1)!)
      await eventually(
        () => at.ids(network.node),
        (ids) => ids.includes(dislike),
      )
    }
    await endsWell(at, liar, branches.flat())
  })

  /** Two likes of Eve's on each branch but the first are unpaid, and rewrites. */
  const WITHIN_RATION = 1 + REWRITES_PER_DAY / 2

  /** The rations come back day by day; the stranger is asked again for what there was no room for. */
  async function playedUntilIn(at: AttackedForum, liar: Stranger, branches: readonly MadeBlock[]): Promise<void> {
    const all = 1 + at.history.length + branches.length
    for (let count = (await at.ids(network.node)).length; count < all;) {
      await network.setClocks((await network.now()) + DAY + MINUTE)
      await network.recv(liar, at.name)
      count = (
        await eventually(
          () => at.ids(network.node),
          ({ length }) => length >= Math.min(all, count + REWRITES_PER_DAY),
        )
      ).length
      await oneDislikeCounts(at)
    }
  }

  async function isHoldingBack(at: AttackedForum): Promise<void> {
    const status = (): Promise<unknown> => network.node.client.call('chain.status', { chain: at.name })
    // Until the pull is over it is 'syncing', and of a thousand branches that takes its time.
    const holding = { state: 'holding back', delayed: { why: expect.any(String) as string } }
    await expect.poll(status, { timeout: 60_000 }).toMatchObject(holding)
  }

  const count = floodOf(WITHIN_RATION, 1000)

  test(`${String(count)} fresh branches come in by the ration of rewrites, and one dislike counts all the while`, async () => {
    const now = await network.now()
    const at = await attacked(now)
    const branches = equivocation(at.on, at.history[0]!, { count, fromMs: now })
    const liar = await pulled(at, branches.flat())
    await at.settled({ accepted: branches.slice(0, WITHIN_RATION).flat() })
    await isHoldingBack(at)
    await oneDislikeCounts(at)
    await playedUntilIn(at, liar, branches.flat())
    await endsWell(at, liar, branches.flat())
  }, 600_000)

  /** Both daemons are in sync for two minutes, of which the branches claim to be; a day has gone by since. */
  async function watched(): Promise<{ at: AttackedForum; fromMs: number }> {
    const now = await network.now()
    const at = await attacked(now)
    for (const ms of [now, now + 2 * MINUTE]) {
      await network.setClocks(ms)
      const [node, [honest]] = [network.node, network.honest]
      for (const [one, other] of [[node, honest] as const, [honest, node] as const])
        await one.client.call('peer.recv', { addr: other.addresses[0] ?? '', chain: at.name })
    }
    await network.setClocks(now + DAY + HOUR)
    return { at, fromMs: now + MINUTE }
  }

  test.each([1, 10])('branches of the day before: %i, of which nobody heard: the same', async (count) => {
    const { at, fromMs } = await watched()
    const branches = equivocation(at.on, at.history[0]!, { count, fromMs }).flat()
    await endsWell(at, await pulled(at, branches), branches)
  })

  test(`${String(count)} such branches: a hundred blocks in the first hour, and one dislike counts all the while`, async () => {
    const { at, fromMs } = await watched()
    const branches = equivocation(at.on, at.history[0]!, { count, fromMs })
    const liar = await pulled(at, branches.flat())
    await at.settled({ accepted: branches.slice(0, OLD_BLOCKS_PER_HOUR / BLOCKS_PER_BRANCH).flat() })
    await isHoldingBack(at)
    await playedUntilIn(at, liar, branches.flat())
    await endsWell(at, liar, branches.flat())
  }, 600_000)
})

describe('§4 colluders with 2 reps, each liked by all others on a branch of his own', () => {
  test.each([5, 10])('%i of them take at most 2 each from a victim', async (count) => {
    const now = await network.now()
    const at = await network.newForum(victimsHistory(now), forumOfPioneers(`#colluders-${String(count)}`, 15))
    const colluders = Array.from({ length: count }, (_, n) => EVE + n)
    const branches = collusion(at.on, at.history[0]!, colluders, now - HOUR)
    const liar = await pulled(at, branches.flat())
    await at.canPost(ALICE)
    const accepted = new Set(await at.ids(network.node))
    const dislikes = branches.flat().filter(({ block: { header } }) => header.like?.n === -1)
    expect(dislikes.filter((made) => accepted.has(shown(made))).length).toBeGreaterThan(2 * count)
    const [victims] = await at.repsOf(VICTIM)
    expect(victims).toBeGreaterThanOrEqual(3 - 2 * count)
    expect((await reputationOfPost(at, at.history[0]!)).reps).toBeGreaterThanOrEqual(-2 * count)
    await isSpared(liar)
  })
})

test('§4 early votes that are revealed late: of 29 whom their author welcomed since, 29 can post', async () => {
  const at = await network.newForum(spentForum(await network.now()))
  const early = earlyVotes(at.on, at.history)
  const liar = await pulled(at, early)
  await at.settled({ accepted: early })
  await at.canPost(...MEMBERS)
  await at.settled({ accepted: early })
  await isSpared(liar)
})

describe('4.b who posted daily for 60 days has 30 votes, and none beyond', () => {
  const ways = [
    { title: '90 votes side by side, within three days', inRow: 0 },
    { title: '30 in a row, and 60 more on those on the next two days', inRow: 30 },
  ]
  test.each(ways)('$title', async ({ inRow }) => {
    const now = await network.now()
    const at = await network.newForum(dailyPosts(now, 60))
    const { guest, votes } = savedLikes(at.on, at.top, { count: 90, inRow, fromMs: now - 3 * DAY })
    const liar = await pulled(at, [guest, ...votes])
    await at.settled({ accepted: [guest, ...votes.slice(0, 30)] })
    expect(await at.repsOf(ALICE, FIRST_FRESH)).toEqual([0, 30])
    const again = { chain: at.name, id: shown(guest), sign: person(ALICE).pvt }
    for (const { client } of [network.node, ...network.honest])
      expect(await client.call('chain.like', again).catch(codeOf)).toBe('no-reputation')
    expect(await reputationOfPost(at, guest)).toEqual({ state: 'accepted', reps: 30 })
    await at.canPost(FIRST_FRESH, FIRST_FRESH)
    await isSpared(liar)
  })
})

test('1.b 62 keys whose posts are dated 25 h back, from 1 rep: they have 1 in all, and a day of each is due a day after', async () => {
  const now = await network.now()
  const at = await network.newForum(victimsHistory(now), forumOfPioneers('#backdated', 30))
  const target = at.history[0]!
  const { guests, blocks, tip } = backdatedWelcomes(at.on, target, { count: 62, nowMs: now })
  const dislikes = guests.map((by) => like(at.on, -1, target.block, { author: by, backs: [tip.block], time: now + 1 }))
  const liar = await pulled(at, [...blocks, ...dislikes])
  await at.settled({ accepted: [...blocks, ...dislikes.slice(-1)] })
  const sum = async () => (await at.repsOf(EVE, ...guests)).reduce((all, reps) => all + reps)
  expect([await sum(), await at.repsOf(VICTIM)]).toEqual([0, [1]])
  await at.canPost(VICTIM, ALICE)
  await network.setClocks(now + DAY + MINUTE)
  expect(await sum()).toBe(guests.length)
  await isSpared(liar)
})

/**
 * Strangers and insiders who rewrite a forum's past (spec §5): a branch that was grown in private, posts of old dates at a
 * node that was there and did not see them. Whatever gets in, history stands.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { post } from '../support/blocks.ts'
import { DAY, HOUR, MINUTE } from '../support/economy.ts'
import { Footprint } from '../support/footprint.ts'
import { ALICE, Branch, riding, shown } from '../support/attack-blocks.ts'
import type { AttackedForum } from '../support/attacked-forum.ts'
import { AttackedNetwork } from '../support/attacked-network.ts'
import { BREACHES, servingBlocks, type Stranger } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.openWithClocks()
})

afterAll(async () => {
  await network.close()
})

const EVE = 5
const FIRST_SYBIL = 100
const NOBODY = 99
const MIB = 1024 * 1024
const DAYS = 60

/** Day by day since Eve was welcomed: Alice posts, and Eve a few times. The last of hers stands beside Alice's. */
function publicHistory(on: Chain): MadeBlock[] {
  const start = Date.now() - (DAYS + 2) * DAY
  const branch = new Branch(on)
  branch.post(ALICE, start)
  branch.welcome(EVE, ALICE, start + HOUR)
  for (let day = 1; day <= DAYS; day += 1) {
    branch.post(ALICE, start + day * DAY)
    if (day % 10 === 0) branch.post(EVE, start + day * DAY + HOUR)
  }
  const below = branch.blocks.at(-1)!
  const eves = post(on, { author: EVE, backs: [below.block], time: start + (DAYS + 1) * DAY })
  const alices = post(on, { author: ALICE, backs: [below.block], time: start + (DAYS + 1) * DAY })
  return [...branch.blocks, eves, alices]
}

/** What Eve grew in private meanwhile: she posts each day, and brings in sybils that post and dislike Alice's first post. */
function privateBranch(at: AttackedForum): MadeBlock[] {
  const known = at.history.slice(0, 3)
  const first = known[0]!
  const branch = new Branch(at.on, known)
  let sybils = 0
  for (let day = 1; day <= DAYS; day += 1) {
    const time = first.block.header.time + day * DAY + 2 * HOUR
    branch.post(EVE, time)
    if (day % 3 === 0) branch.welcome(FIRST_SYBIL + sybils++, EVE, time)
    for (let sybil = 0; sybil < sybils - 1; sybil += 1) {
      if (day % 5 === sybil % 5) branch.post(FIRST_SYBIL + sybil, time)
      if (day === 50 + sybil) branch.vote(-1, first, FIRST_SYBIL + sybil, time)
    }
  }
  return branch.blocks.slice(known.length)
}

describe('§5 a branch of 60 days that was grown in private is revealed', () => {
  const ways = [
    { title: 'to who asks', isAnnounced: false },
    { title: 'in announcements', isAnnounced: true },
  ]
  test.each(ways)(
    '$title: what was public stays, but for what the insider posted at both ends',
    async ({ isAnnounced }) => {
      const at = await network.newForum(publicHistory)
      const branch = privateBranch(at)
      expect(branch.length).toBeGreaterThan(200)
      const insider = await network.stranger(servingBlocks(at.on, [...at.history.slice(0, 3), ...branch]))
      const evesLast = at.history.at(-2)!
      if (isAnnounced) for (const made of branch) await insider.say(at.on, () => riding(made))
      else await network.node.client.call('peer.recv', { addr: insider.address, chain: at.name })
      await at.friendPosts()
      await at.settled({ accepted: branch, withdrawn: [evesLast] })
      // The rules let the sybils' dislikes count: they were paid for.
      const hidden = at.events.filter(({ kind }) => kind === 'hidden').map(({ id }) => id)
      expect(hidden).toEqual([shown(at.history[0]!)])
      await at.honestPosts()
      await at.serves(insider)
      expect(await insider.breachesLeft(network.node)).toBe(BREACHES)
    },
  )
})

describe('§5 posts of old dates, at nodes that were there and did not see them', () => {
  const MEMBERS = [11, 12, 13, 14, 15]
  const PER_HOUR = 100
  let away: AttackedNetwork

  beforeAll(async () => {
    away = await AttackedNetwork.openWithClocks()
  })

  afterAll(async () => {
    await away.close()
  })

  /** Everybody posts each day and comes to 30 reps; it ends two days ago. */
  function richHistory(on: Chain): MadeBlock[] {
    const end = now - 2 * DAY
    const branch = new Branch(on)
    branch.post(ALICE, end - 40 * DAY)
    for (const member of MEMBERS) branch.welcome(member, ALICE, end - 40 * DAY)
    for (let day = 35; day >= 0; day -= 1) for (const member of MEMBERS) branch.post(member, end - day * DAY)
    return branch.blocks
  }

  /** What the members conceal until the day after, when they tell of it: 30 posts each, dated before. */
  function concealed(at: AttackedForum): MadeBlock[] {
    const branch = new Branch(at.on, [at.top])
    for (let n = 0; n < 30; n += 1) for (const member of MEMBERS) branch.post(member, now + MINUTE)
    return branch.blocks.slice(1)
  }

  let now = 0

  async function setClocks(ms: number): Promise<void> {
    for (const { client } of [away.honest[0], away.node]) await client.call('host.now', { ms })
  }

  /** Both are in sync with each other for two minutes; then it is the next day. */
  async function watched(): Promise<AttackedForum> {
    now = await away.node.client.call('host.now', {})
    const at = await away.newForum(richHistory)
    for (const ms of [now, now + 2 * MINUTE]) {
      await setClocks(ms)
      for (const [one, other] of [[away.node, away.honest[0]] as const, [away.honest[0], away.node] as const])
        await one.client.call('peer.recv', { addr: other.addresses[0] ?? '', chain: at.name })
    }
    await setClocks(now + 25 * HOUR)
    return at
  }

  async function endsWell(at: AttackedForum, liar: Stranger): Promise<void> {
    await at.honestPosts()
    await at.serves(liar)
    expect(await liar.breachesLeft(away.node)).toBe(BREACHES)
  }

  async function isTold(at: AttackedForum): Promise<void> {
    const { state, why } = await away.node.client.call('chain.status', { chain: at.name })
    expect(state).toBe('holding back')
    expect(why).toMatch(/^\d+ blocks until about .*, because some claim to be more than a day old/)
  }

  test('given when asked: a hundred get in each hour, honest ones meanwhile', async () => {
    const at = await watched()
    const posts = concealed(at)
    const liar = await away.stranger(servingBlocks(at.on, [...at.history, ...posts]))
    await away.node.client.call('peer.recv', { addr: liar.address, chain: at.name })
    liar.answer = () => undefined
    await at.friendPosts()
    await at.settled({ accepted: posts.slice(0, PER_HOUR) })
    await isTold(at)
    await setClocks(now + 26 * HOUR + MINUTE)
    await at.settled({ accepted: posts })
    await endsWell(at, liar)
  })

  test('announced one by one: the same', async () => {
    const at = await watched()
    const posts = concealed(at)
    const liar = await away.stranger()
    const say = async (): Promise<void> => {
      for (const made of posts) {
        await liar.say(at.on, () => riding(made))
        await liar.isWelcome(away.node)
      }
    }
    await say()
    await at.friendPosts()
    await at.settled({ accepted: posts.slice(0, PER_HOUR) })
    await isTold(at)
    await setClocks(now + 26 * HOUR + MINUTE)
    // What came behind the first one that was kept back was only a hint.
    await at.settled({ accepted: posts.slice(0, PER_HOUR + 1) })
    await say()
    await at.settled({ accepted: posts })
    await endsWell(at, liar)
  })

  test(
    'a long row of them by nobody, with newcomers on top, takes little time and no room',
    { timeout: 120_000 },
    async () => {
      const at = await watched()
      const row = new Branch(at.on, concealed(at).slice(0, PER_HOUR))
      for (let n = 0; n < 9_000; n += 1) {
        row.post(NOBODY, now + MINUTE)
        // They take long to make, and other peers must not think this one dead.
        if (n % 100 === 0) await nextTurn()
      }
      const onTop = { backs: [row.blocks.at(-1)!.block], time: now + DAY }
      const newcomers = Array.from({ length: 500 }, (_, n) => post(at.on, { author: FIRST_SYBIL + n, ...onTop }))
      const liar = await away.stranger(servingBlocks(at.on, [...at.history, ...row.blocks, ...newcomers]))
      const footprint = await Footprint.of(away.node)
      const pulled = away.node.client.call('peer.recv', { addr: liar.address, chain: at.name })
      await at.friendPosts()
      await pulled
      // Some seconds for the signatures; a walk down the row for each of its posts would take half a minute.
      expect(await footprint.cpuMs()).toBeLessThan(10_000)
      liar.answer = () => undefined
      await at.settled({ accepted: row.blocks.slice(0, PER_HOUR) })
      await setClocks(now + 26 * HOUR + MINUTE)
      await at.settled({ accepted: row.blocks.slice(0, PER_HOUR) })
      // Some 20 MiB of blocks, and what the garbage collector leaves lying about.
      expect(await footprint.peakGrowth()).toBeLessThan(128 * MIB)
      expect(await footprint.diskGrowth()).toBeLessThan(MIB)
      await endsWell(at, liar)
    },
  )
})

/**
 * Strangers who send a forum more than it can want (spec §5, §8): what nobody pays for, one author's posts by the
 * thousand, payloads that are kept nowhere. Memory and disk stay bounded, honest posts get through meanwhile, and nobody
 * is blamed: each block by itself might have been honest.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { publicKeyOf, sha256 } from '../../src/dag/crypto.ts'
import { MEMPOOL_BLOCKS, MEMPOOL_BYTES_IN_PULL } from '../../src/protocol/intake-limits.ts'
import { REWRITES_PER_DAY } from '../../src/reputation/throttle.ts'
import { bytes, post } from '../support/blocks.ts'
import { floodOf } from '../support/flood.ts'
import { Footprint } from '../support/footprint.ts'
import { BOB, riding } from '../support/attack-blocks.ts'
import type { AttackedForum, Outcome } from '../support/attacked-forum.ts'
import { AttackedNetwork } from '../support/attacked-network.ts'
import { BREACHES, servingBlocks, type Stranger } from '../support/stranger.ts'

const MIB = 1024 * 1024

/** A heap in which the garbage collector has to keep up: what was kept beyond it would end the daemon. */
const HEAP = '--max-old-space-size=128'

/**
 * What all attacks together may add: the rest of that heap, 24 MiB of blocks that wait for a payer, and what is on its way, with as much
 * again for memory that the system has not got back. A nightly run sends three times that.
 */
const MEMORY_BYTES = 256 * MIB

/** A few honest posts, in a database that is a log: nothing else is written. */
const DISK_BYTES = MIB

let network: AttackedNetwork
/** Of the node before all attacks. */
let footprint: Footprint

beforeAll(async () => {
  vi.stubEnv('NODE_OPTIONS', HEAP)
  network = await AttackedNetwork.openWithClocks()
  vi.unstubAllEnvs()
  await network.newForum()
  footprint = await Footprint.of(network.node)
})

afterAll(async () => {
  await network.close()
})

interface Attack extends Outcome {
  readonly run: () => Promise<unknown>
  readonly liar: Stranger
  readonly diskBytes?: number
}

/** Honest posts get through again and again while the attack lasts. */
async function withstands(at: AttackedForum, { run, liar, diskBytes = DISK_BYTES, ...outcome }: Attack): Promise<void> {
  const diskBefore = await footprint.diskGrowth()
  const state = { isOver: false }
  const attack = run().finally(() => (state.isOver = true))
  // Each costs Alice a rep, and the attack may last.
  for (let posts = 0; posts < 20 && !state.isOver; posts += 1) await at.friendPosts()
  await attack
  await at.friendPosts()
  liar.answer = () => undefined
  await at.settled(outcome)
  expect(await footprint.peakGrowth()).toBeLessThan(MEMORY_BYTES)
  expect((await footprint.diskGrowth()) - diskBefore).toBeLessThan(diskBytes)
  await at.serves(liar)
  expect(await liar.breachesLeft(network.node)).toBe(BREACHES)
}

function pulled(at: AttackedForum, liar: Stranger): Promise<unknown> {
  return network.node.client.call('peer.recv', { addr: liar.address, chain: at.name })
}

/** So many announcements are under way at a time. */
const BATCH = 100

async function announced(at: AttackedForum, liar: Stranger, blocks: readonly MadeBlock[]): Promise<void> {
  for (let from = 0; from < blocks.length; from += BATCH) {
    for (const made of blocks.slice(from, from + BATCH)) await liar.say(at.on, () => riding(made))
    await liar.isWelcome(network.node)
  }
}

/** Posts on the history that nobody pays for: each fourth by an author of its own, the others unsigned. */
function newcomers({ on, top }: AttackedForum, count: number): Promise<MadeBlock[]> {
  return many(count, (n) => {
    const seed = sha256(bytes(`newcomer ${String(n)}`))
    const by = n % 4 === 0 ? { author: { seed, author: publicKeyOf(seed) } } : {}
    return post(on, { ...by, backs: [top.block], payload: String(n) })
  })
}

/** Unsigned posts of this length on the history. */
function unsigned({ on, top }: AttackedForum, count: number, length: number): Promise<MadeBlock[]> {
  const payload = new Uint8Array(length)
  return many(count, (n) => post(on, { backs: [top.block], payload, time: top.block.header.time + n }))
}

/** Bob's posts on the history, each a little earlier than the one before. */
function siblings({ on, top }: AttackedForum, count: number): Promise<MadeBlock[]> {
  const latest = top.block.header.time + count
  return many(count, (n) => post(on, { author: BOB, backs: [top.block], time: latest - n, payload: 'I' }))
}

/** They take long to make, and other peers must not think this one dead. */
async function many(count: number, make: (n: number) => MadeBlock): Promise<MadeBlock[]> {
  const made: MadeBlock[] = []
  for (let n = 0; n < count; n += 1) {
    made.push(make(n))
    if (n % 100 === 0) await nextTurn()
  }
  return made
}

test('§5 posts that nobody pays for, given without end, are kept for a while and no longer', async () => {
  const at = await network.newForum()
  const posts = await newcomers(at, floodOf(MEMPOOL_BLOCKS, 20_000))
  const liar = await network.stranger(servingBlocks(at.on, [...at.history, ...posts]))
  const run = async () => {
    for (let again = 0; again < 3; again += 1) await pulled(at, liar)
  }
  await withstands(at, { liar, run })
}, 180_000)

test('§7 posts that nobody pays for, announced without end, are not kept at all', async () => {
  const at = await network.newForum()
  const posts = await newcomers(at, floodOf(MEMPOOL_BLOCKS, 5_000))
  const liar = await network.stranger()
  await withstands(at, { liar, run: () => announced(at, liar, posts) })
}, 180_000)

test('§8 payloads of posts that nobody pays for fill no memory', async () => {
  const at = await network.newForum()
  const posts = await unsigned(at, floodOf(MEMPOOL_BYTES_IN_PULL / 64_000, 5_000), 64_000)
  const liar = await network.stranger(servingBlocks(at.on, [...at.history, ...posts]))
  await withstands(at, { liar, run: () => pulled(at, liar) })
}, 180_000)

test('§8 payloads of posts that nobody pays for, in frames, fill no disk', async () => {
  const at = await network.newForum()
  // Of those that arrived last 64 are kept, some 6 MiB; more lies in files that the database has yet to tidy up.
  const diskBytes = 48 * MIB
  const posts = await unsigned(at, floodOf(diskBytes / 100_000, 1_000), 100_000)
  const liar = await network.stranger(servingBlocks(at.on, [...at.history, ...posts]))
  await withstands(at, { liar, run: () => pulled(at, liar), diskBytes })
}, 180_000)

/** Bob has 2 reps. The first two get in; each one after them, which is earlier, withdraws one, until his ration is used up. */
function outcomeOf(posts: readonly MadeBlock[]): Outcome {
  return { accepted: posts.slice(0, 2 + REWRITES_PER_DAY), withdrawn: posts.slice(0, REWRITES_PER_DAY) }
}

test('§5 posts side by side without end, in falling order of time, withdraw those of their author as often as his ration allows', async () => {
  const at = await network.newForum()
  const posts = await siblings(at, floodOf(MEMPOOL_BLOCKS, 10_000))
  const liar = await network.stranger(servingBlocks(at.on, [...at.history, ...posts]))
  await withstands(at, { liar, run: () => pulled(at, liar), ...outcomeOf(posts) })
}, 180_000)

test('§5 such posts announced one by one: the same', async () => {
  const at = await network.newForum()
  const posts = await siblings(at, floodOf(MEMPOOL_BLOCKS, 10_000))
  const liar = await network.stranger()
  await withstands(at, { liar, run: () => announced(at, liar, posts), ...outcomeOf(posts) })
}, 180_000)

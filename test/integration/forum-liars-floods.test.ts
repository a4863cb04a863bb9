/**
 * Strangers who send a forum more than it can want (spec §5, §8): what nobody pays for, one author's posts by the
 * thousand, payloads that are kept nowhere. Memory and disk stay bounded, honest posts get through meanwhile, and nobody
 * is blamed: each block by itself might have been honest.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { publicKeyOf, sha256 } from '../../src/dag/crypto.ts'
import { bytes, post } from '../support/blocks.ts'
import { topicOf } from '../../src/node/chain-gossip.ts'
import { BOB, Footprint, riding, Siege, type Outcome, type Scene } from '../support/siege.ts'
import { BREACHES, shelf, type Stranger } from '../support/stranger.ts'

const MIB = 1024 * 1024

let siege: Siege

beforeAll(async () => {
  siege = await Siege.open()
})

afterAll(async () => {
  await siege.close()
})

interface Attack extends Outcome {
  readonly liar: Stranger
  readonly attack: () => Promise<unknown>
  readonly memory: number
  readonly disk: number
}

/** Honest posts get through again and again while the attack lasts. */
async function underAttack(at: Scene, { attack, liar, memory, disk, ...outcome }: Attack): Promise<void> {
  const footprint = await Footprint.of(siege.node)
  const over = attack()
  let isOver = false
  const ended = over.finally(() => (isOver = true))
  for (let posts = 0; posts < 20 && !isOver; posts += 1) await at.friendPosts()
  await ended
  await at.friendPosts()
  liar.answer = () => undefined
  await at.settled(outcome)
  console.log('MEM', (await footprint.peakGrowth()) / MIB, 'DISK', (await footprint.diskGrowth()) / MIB)
  expect(await footprint.peakGrowth()).toBeLessThan(memory)
  expect(await footprint.diskGrowth()).toBeLessThan(disk)
  await at.serves(liar)
  expect(await liar.breachesLeft(siege.node)).toBe(BREACHES)
}

function pulled(at: Scene, liar: Stranger): Promise<unknown> {
  return siege.node.client.call('peer.recv', { addr: liar.address, chain: at.name })
}

/** So many announcements are under way at a time. */
const BATCH = 100

async function announced(at: Scene, liar: Stranger, blocks: readonly MadeBlock[]): Promise<void> {
  for (let from = 0; from < blocks.length; from += BATCH) {
    try { for (const made of blocks.slice(from, from + BATCH)) await liar.say(at.on, () => riding(made)) } catch (e) { const ps = liar.host.libp2p.services.pubsub as any; console.dir(['FAIL at', from, liar.host.isConnected(siege.node.peerId), await liar.isWelcome(siege.node), [...ps.streamsOutbound.keys()], ps.getSubscribers(topicOf(at.on.rendezvous)).map(String), [...ps.peers.keys()], siege.node.peerId, ps.score.score(siege.node.peerId), liar.host.libp2p.getConnections().map((c: any) => [c.direction, c.status, c.streams.map((s: any) => [s.protocol, s.direction, s.status, s.writeStatus, s.writeBufferLength])] ), [...ps.fanout.entries()], (await siege.node.client.call('peer.list', {})).map(x => [x.id, x.chains])], {depth: 6}); throw e }
    await liar.isWelcome(siege.node)
  }
}

/** Posts on the history that nobody pays for: each fourth by an author of its own, the others unsigned. */
function newcomers({ on, top }: Scene, count: number): Promise<MadeBlock[]> {
  return many(count, (n) => {
    const seed = sha256(bytes(`newcomer ${String(n)}`))
    const by = n % 4 === 0 ? { author: { seed, author: publicKeyOf(seed) } } : {}
    return post(on, { ...by, backs: [top.block], payload: String(n) })
  })
}

/** Unsigned posts of this length on the history. */
function unsigned({ on, top }: Scene, count: number, length: number): MadeBlock[] {
  return Array.from({ length: count }, (_, n) =>
    post(on, { backs: [top.block], payload: new Uint8Array(length).fill(n), time: top.block.header.time + n }),
  )
}

/** Bob's posts on the history, each a little earlier than the one before. */
function siblings({ on, top }: Scene, count: number): Promise<MadeBlock[]> {
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

test('posts that nobody pays for, without end', async () => {
  const at = await siege.scene()
  const posts = await newcomers(at, 20_000)
  const liar = await siege.stranger(shelf(at.on, [...at.history, ...posts]))
  await underAttack(at, { liar, attack: () => pulled(at, liar), memory: 1000 * MIB, disk: MIB })
}, 120_000)

test('posts that nobody pays for, without end, announced', async () => {
  const at = await siege.scene()
  const posts = await newcomers(at, 5_000)
  const liar = await siege.stranger()
  await underAttack(at, { liar, attack: () => announced(at, liar, posts), memory: 1000 * MIB, disk: MIB })
}, 120_000)

test('large posts', async () => {
  const at = await siege.scene()
  const posts = unsigned(at, 2000, 60_000)
  const liar = await siege.stranger(shelf(at.on, [...at.history, ...posts]))
  await underAttack(at, { liar, attack: () => pulled(at, liar), memory: 1000 * MIB, disk: MIB })
}, 120_000)

test('frames', async () => {
  const at = await siege.scene()
  const posts = unsigned(at, 400, 100_000)
  const liar = await siege.stranger(shelf(at.on, [...at.history, ...posts]))
  await underAttack(at, { liar, attack: () => pulled(at, liar), memory: 1000 * MIB, disk: 100 * MIB })
}, 120_000)

test('siblings', async () => {
  const at = await siege.scene()
  const posts = await siblings(at, 10_000)
  const liar = await siege.stranger(shelf(at.on, [...at.history, ...posts]))
  const outcome = { accepted: posts.slice(0, 3), withdrawn: posts.slice(0, 1) }
  await underAttack(at, { liar, attack: () => pulled(at, liar), memory: 1000 * MIB, disk: MIB, ...outcome })
}, 120_000)

test('siblings announced', async () => {
  const at = await siege.scene()
  const posts = await siblings(at, 10_000)
  const liar = await siege.stranger()
  const outcome = { accepted: posts.slice(0, 3), withdrawn: posts.slice(0, 1) }
  await underAttack(at, { liar, attack: () => announced(at, liar, posts), memory: 1000 * MIB, disk: MIB, ...outcome })
}, 120_000)

/** Newcomers are heard (spec §5, Lobby): a post that is held on one node is welcomed from another, and nobody typed `peer`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { HELD_SLOTS } from '../../src/protocol/intake-limits.ts'
import { LOBBY_SLOTS, LOBBY_SLOTS_PER_PEER } from '../../src/protocol/newcomer-limits.ts'
import { chain, post as makePost } from '../support/blocks.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { agreed, Ears, FORUM, payloadOn, person, post } from '../support/forum-nodes.ts'
import { floodOf } from '../support/flood.ts'
import { Shell } from '../support/shell.ts'
import { servingBlocks, Stranger } from '../support/stranger.ts'

const [ALICE, NEWCOMER] = [person(1), person(2)]

/** Less than the 30 s after which every peer is asked again: it was told, or looked for. */
const HEARD_MS = 10_000

/** Whatever others do. */
const HEARD_AT_LEAST_MS = 60_000

let playground: Playground
let shell: Shell
/** A and C know of B alone; the DHT is how they can find each other. */
let a: Daemon
let c: Daemon

beforeAll(async () => {
  playground = await Playground.open()
  shell = Shell.in(playground.root)
  const config = { discovery: { dht: true }, chains: [{ name: FORUM, pioneers: [ALICE.pub] }] }
  const b = await playground.start('b', config)
  a = await playground.start('a', { ...config, peers: b.addresses })
  c = await playground.start('c', { ...config, peers: b.addresses })
  const first = await post(a, ALICE, 'hello')
  await agreed([a, b, c], first)
})

afterAll(async () => {
  await shell.close()
  await playground.close()
})

/** Lists other posts of fresh keys whenever it is asked. */
function listsJunk(stranger: Stranger, number: number): void {
  const forum = chain(FORUM, ALICE.pub)
  const honest = servingBlocks(forum, [])
  let fresh = 10_000 * (number + 1)
  let junk: readonly MadeBlock[] = []
  stranger.answer = (request, wire) => {
    if (request.t === 'get') return servingBlocks(forum, junk)(request, wire)
    if (request.t !== 'held') return honest(request, wire)
    junk = Array.from({ length: HELD_SLOTS }, () => makePost(forum, { author: (fresh += 1), payload: 'buy!' }))
    return { t: 'ids', id: request.id, ids: junk.map(({ block }) => block.id), more: false }
  }
}

const on = (node: Daemon, ...args: readonly string[]) => shell.run([`--port=${String(node.controlPort)}`, ...args])

test('a post that is held on C is welcomed from A within 10 s with nobody typing `peer`', async () => {
  const ears = await Ears.on(a)
  const begunMs = performance.now()
  const posted = await on(c, 'chain', FORUM, 'post', 'inline', 'may I come in?', `--sign=${NEWCOMER.pvt}`)
  const id = posted.out.trim()
  await ears.until(id, ['held'])
  expect(performance.now() - begunMs).toBeLessThan(HEARD_MS)
  expect(ears.heard.find((event) => event.id === id)).toMatchObject({ author: NEWCOMER.pub, heldBy: [c.peerId] })
  expect(await payloadOn(a, id)).toBe('may I come in?')
  const log = await on(a, 'chain', FORUM, 'log')
  expect(log.err).toContain(`a post waits for you, at ${c.peerId}: freechains chain '${FORUM}' welcome`)
  expect(log.out).toContain('held  may I come in?')
  const there = await on(c, 'chain', FORUM, 'status')
  expect(there.out).toMatch(/^yours: +\d+_[0-9A-F]{8} waits for a like; [12] peers? heard of it$/m)
  const here = await on(a, 'chain', FORUM, 'status')
  expect(here.out).toContain(`from ${c.peerId} waits for a like`)

  const welcomed = await on(a, 'chain', FORUM, 'welcome', `--sign=${ALICE.pvt}`)
  expect(welcomed).toMatchObject({ status: 0 })
  await agreed([a, c], id, welcomed.out.trim())
  const { guests, heldHere } = await a.client.call('chain.status', { chain: FORUM })
  expect([guests, heldHere]).toEqual([[], []])
  await eventually(
    () => c.client.call('chain.status', { chain: FORUM }),
    ({ heldHere }) => heldHere.length === 0,
  )
})

test('a newcomer is heard within a minute among peers that list junk of fresh keys without end', async () => {
  const strangers = await Promise.all(Array.from({ length: floodOf(3, 50) }, () => Stranger.start()))
  try {
    for (const [n, stranger] of strangers.entries()) {
      listsJunk(stranger, n)
      await stranger.meet(a)
    }
    const most = Math.min(LOBBY_SLOTS, strangers.length * LOBBY_SLOTS_PER_PEER)
    await eventually(
      () => a.client.call('chain.status', { chain: FORUM }),
      ({ guests }) => guests.length >= most,
    )
    const ears = await Ears.on(a)
    const id = await post(c, NEWCOMER, 'among all these')
    await eventually(
      () => Promise.resolve(ears.about(id)),
      (about) => about.includes('held'),
      HEARD_AT_LEAST_MS,
    )
    await a.client.call('chain.like', { chain: FORUM, id, sign: ALICE.pvt })
    await agreed([a, c], id)
  } finally {
    for (const stranger of strangers) await stranger.stop()
  }
}, 120_000)

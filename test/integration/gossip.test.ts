/** Whole daemons that pass posts on with nobody typing `send` or `recv` (spec §7, §8): separate processes, real TCP. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyPair as keysOf } from '../../src/dag/passphrase.ts'
import type { ControlEvent } from '../../src/node/control/shapes.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { IS_NIGHTLY } from '../support/flood.ts'

let playground: Playground

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

const FORUM = '#chat'
const founder = (await keysOf('alice')).pub
const forum = { chains: [{ name: FORUM, founder }] }

/** Enough that a kill comes in the middle of them three times; the nightly run makes all 5,000. */
const KILLED_POSTS = IS_NIGHTLY ? 5000 : 1500

async function keyPair(node: Daemon, passphrase: string): Promise<{ pub: string; pvt: string }> {
  return node.client.call('keys.pubpvt', { passphrase })
}

/** In base64; empty while it has not come: a large one comes after its block. */
async function payloadOf(node: Daemon, chain: string, id: string): Promise<string> {
  return node.client.call('chain.get', { chain, id, part: 'payload' }).catch(() => '')
}

async function isSynced(node: Daemon, chain: string): Promise<void> {
  await eventually(
    () => node.client.call('chain.status', { chain }),
    ({ state }) => state === 'synced',
  )
}

async function snapshot(node: Daemon, chain: string): Promise<{ heads: string[]; consensus: string[] }> {
  const { call } = { call: node.client.call.bind(node.client) }
  return { heads: await call('chain.heads', { chain }), consensus: await call('chain.consensus', { chain }) }
}

async function sameEverywhere(nodes: readonly Daemon[], chain: string, blocks: number): Promise<void> {
  const all = async (): Promise<{ heads: string[]; consensus: string[] }[]> =>
    Promise.all(nodes.map((node) => snapshot(node, chain)))
  const [first, ...others] = await eventually(all, (views) =>
    views.every((view) => view.consensus.length === blocks + 1 && JSON.stringify(view) === JSON.stringify(views[0])),
  )
  for (const other of others) expect(other).toEqual(first)
}

test('§7 in a line A–B–C a post of A reaches C in under a second', async () => {
  const a = await playground.start('a', forum)
  const b = await playground.start('b', { ...forum, peers: a.addresses })
  const c = await playground.start('c', { ...forum, peers: b.addresses })
  const { pvt } = await keyPair(a, 'alice')
  const seen = new Map<string, number>()
  const watching = (async () => {
    for await (const event of c.client.subscribe('chain.listen', { chain: FORUM })) {
      seen.set(event.id, performance.now())
      if (seen.size === 11) return
    }
  })()
  await isSynced(b, FORUM)
  await isSynced(c, FORUM)
  const first = await a.client.call('chain.post', { chain: FORUM, text: 'first', sign: pvt })
  await eventually(() => Promise.resolve(seen.has(first.id)), Boolean)
  const posted = new Map<string, number>()
  for (let n = 0; n < 10; n++) {
    const { id } = await a.client.call('chain.post', { chain: FORUM, text: `post ${String(n)}`, sign: pvt })
    posted.set(id, performance.now())
  }
  await watching
  const tookMs = [...posted].map(([id, atMs]) => (seen.get(id) ?? Infinity) - atMs).sort((one, other) => one - other)
  // On a machine with nothing else to do, each of them.
  expect(tookMs.at(IS_NIGHTLY ? -1 : tookMs.length / 2)).toBeLessThan(1000)
  const payload = await c.client.call('chain.get', { chain: FORUM, id: first.id, part: 'payload' })
  expect(Buffer.from(payload, 'base64').toString()).toBe('first')
  await sameEverywhere([a, b, c], FORUM, 11)
})

test('§8 who joins late gets everything', async () => {
  const a = await playground.start('a')
  const { pub, pvt } = await keyPair(a, 'alice')
  const chain = `@!${pub}`
  await a.client.call('chains.join', { name: chain })
  for (let n = 0; n < 300; n++) await a.client.call('chain.post', { chain, text: `post ${String(n)}`, sign: pvt })
  const late = await playground.start('late', { peers: a.addresses })
  await late.client.call('chains.join', { name: chain })
  await sameEverywhere([a, late], chain, 300)
})

test('§5 two peers that posted while apart come to the same ids and heads', async () => {
  const a = await playground.start('a')
  const [alice, bob] = [await keyPair(a, 'alice'), await keyPair(a, 'bob')]
  const pioneers = [alice.pub, bob.pub]
  const shared = { chains: [{ name: FORUM, pioneers }] }
  await a.client.call('chains.join', { name: FORUM, keys: pioneers })
  let b = await playground.start('b', shared)
  // Who adds a peer keeps to it, also after a restart: the one that is to stay alone must not be the one.
  await a.client.call('peer.add', { addr: b.addresses[0] ?? '' })
  await a.client.call('chain.post', { chain: FORUM, text: 'together', sign: alice.pvt })
  await sameEverywhere([a, b], FORUM, 1)
  await b.stop()
  b = await playground.start('b', shared)
  for (let n = 0; n < 10; n++) {
    await a.client.call('chain.post', { chain: FORUM, text: `a${String(n)}`, sign: alice.pvt })
    await b.client.call('chain.post', { chain: FORUM, text: `b${String(n)}`, sign: bob.pvt })
  }
  await b.client.call('peer.add', { addr: a.addresses[0] ?? '' })
  await sameEverywhere([a, b], FORUM, 21)
  expect(await a.client.call('chain.heads', { chain: FORUM })).toHaveLength(2)
  await a.client.call('chain.post', { chain: FORUM, text: 'joins them', sign: alice.pvt })
  await sameEverywhere([a, b], FORUM, 22)
  expect(await b.client.call('chain.heads', { chain: FORUM })).toHaveLength(1)
})

test(
  `§8 kill -9 while ${String(KILLED_POSTS)} posts come in: after a restart the set is the same in the end`,
  { timeout: 120_000 },
  async () => {
    const a = await playground.start('a')
    const owner = await keyPair(a, 'owner')
    const chain = `@${owner.pub}`
    await a.client.call('chains.join', { name: chain })
    const posts = KILLED_POSTS
    const inFlight = 50
    for (let n = 0; n < posts; n += inFlight) {
      const batch = Array.from({ length: inFlight }, (_, at) =>
        a.client.call('chain.post', { chain, text: `post ${String(n + at)}`, sign: owner.pvt }),
      )
      await Promise.all(batch)
    }
    const config = { peers: a.addresses, chains: [{ name: chain }] }
    let b = await playground.start('b', config)
    let came = 0
    for (const share of [0.1, 0.4, 0.7]) {
      const { blocks } = await eventually(
        () => b.client.call('chain.status', { chain }),
        (status) => status.blocks > share * posts,
      )
      expect(blocks).toBeGreaterThanOrEqual(came)
      came = blocks
      await b.kill()
      b = await playground.start('b', config)
      const kept = await b.client.call('chain.status', { chain })
      expect(kept.blocks).toBeGreaterThanOrEqual(came)
    }
    await sameEverywhere([a, b], chain, posts)
    const [, some] = await b.client.call('chain.consensus', { chain })
    expect(await b.client.call('chain.get', { chain, id: some ?? '', part: 'payload' })).toBe(
      Buffer.from('post 0').toString('base64'),
    )
  },
)

test('§8 5 MiB through three hops arrive intact', async () => {
  const a = await playground.start('a')
  const owner = await keyPair(a, 'owner')
  const chain = `@!${owner.pub}`
  const chains = [{ name: chain }]
  await a.client.call('chains.join', { name: chain })
  const b = await playground.start('b', { chains, peers: a.addresses })
  const c = await playground.start('c', { chains, peers: b.addresses })
  const d = await playground.start('d', { chains, peers: c.addresses })
  const payload = randomBytes(5 * 1024 * 1024).toString('base64')
  const { id } = await a.client.call('chain.post', { chain, payload, sign: owner.pvt })
  await sameEverywhere([a, b, c, d], chain, 1)
  await eventually(
    () => payloadOf(d, chain, id),
    (came) => came === payload,
  )
})

test('§2 in a group members read and write, unsigned too; one who has another key is on another chain', async () => {
  const a = await playground.start('a')
  const { key } = await a.client.call('keys.shared', { passphrase: 'family' })
  const { key: otherKey } = await a.client.call('keys.shared', { passphrase: 'not the family' })
  const member = { chains: [{ name: '$family', key }] }
  await a.client.call('chains.join', { name: '$family', keys: [key] })
  const b = await playground.start('b', { ...member, peers: a.addresses })
  const outsider = await playground.start('outsider', {
    chains: [{ name: '$family', key: otherKey }],
    peers: a.addresses,
  })
  const { id } = await a.client.call('chain.post', { chain: '$family', text: 'dinner at eight' })
  await sameEverywhere([a, b], '$family', 1)
  const payload = await b.client.call('chain.get', { chain: '$family', id, part: 'payload' })
  expect(Buffer.from(payload, 'base64').toString()).toBe('dinner at eight')
  await expect(outsider.client.call('peer.recv', { addr: a.addresses[0] ?? '', chain: '$family' })).rejects.toThrow(
    /does not have this chain/,
  )
  expect((await snapshot(outsider, '$family')).consensus).toHaveLength(1)
})

test('§2 two forums with different first authors are refused with both named, and nothing is merged', async () => {
  const open = { chains: [{ name: FORUM }] }
  const a = await playground.start('a', open)
  const b = await playground.start('b', open)
  const [alice, bob] = [await keyPair(a, 'alice'), await keyPair(a, 'bob')]
  await a.client.call('chain.post', { chain: FORUM, text: 'mine', sign: alice.pvt })
  await b.client.call('chain.post', { chain: FORUM, text: 'no, mine', sign: bob.pvt })
  const addr = a.addresses[0] ?? ''
  await expect(b.client.call('peer.recv', { addr, chain: FORUM })).rejects.toThrow(
    new RegExp(`${bob.pub}.*${alice.pub}`),
  )
  await expect(b.client.call('peer.send', { addr, chain: FORUM })).rejects.toThrow(
    new RegExp(`${bob.pub}.*${alice.pub}`),
  )
  expect((await snapshot(b, FORUM)).consensus).toHaveLength(2)
})

test('§9 a node that knows one bootstrap address finds the others on its chain through the DHT', async () => {
  const discovery = { dht: true }
  const bootstrap = await playground.start('bootstrap', { discovery })
  const known = { bootstrap: bootstrap.addresses, discovery, ...forum }
  const a = await playground.start('a', known)
  const c = await playground.start('c', known)
  const { pvt } = await keyPair(a, 'alice')
  await eventually(
    () => c.client.call('peer.list', {}),
    (peers) => peers.some(({ id, connected }) => connected && id === a.peerId),
    60_000,
  )
  await a.client.call('chain.post', { chain: FORUM, text: 'hello', sign: pvt })
  await sameEverywhere([a, c], FORUM, 1)
  expect(await bootstrap.client.call('chains.list', {})).toEqual([])
})

test('§10 a listener that starts from an id gets what is there and then what comes, without a gap', async () => {
  const a = await playground.start('a')
  const { pub, pvt } = await keyPair(a, 'alice')
  const chain = `@!${pub}`
  const { id: genesis } = await a.client.call('chains.join', { name: chain })
  const posting = (async () => {
    for (let n = 0; n < 200; n++) await a.client.call('chain.post', { chain, text: String(n), sign: pvt })
  })()
  const events: ControlEvent[] = []
  await eventually(
    () => a.client.call('chain.status', { chain }),
    ({ blocks }) => blocks > 20,
  )
  for await (const event of a.client.subscribe('chain.listen', { chain, from: [genesis] })) {
    events.push(event)
    if (events.length === 200) break
  }
  await posting
  expect(events.map(({ height }) => height)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
})

test('§8 a joiner gets a hundred payloads in a row that are too long to come with their blocks', async () => {
  const a = await playground.start('a')
  const { key } = await a.client.call('keys.shared', { passphrase: 'photos' })
  const photos = { chains: [{ name: '$photos', key }] }
  await a.client.call('chains.join', { name: '$photos', keys: [key] })
  for (let n = 0; n < 100; n++) {
    const payload = Buffer.alloc(100_000, n).toString('base64')
    await a.client.call('chain.post', { chain: '$photos', payload })
  }
  const late = await playground.start('late', { ...photos, peers: a.addresses })
  await sameEverywhere([a, late], '$photos', 100)
  const [id = ''] = await late.client.call('chain.heads', { chain: '$photos' })
  await eventually(
    () => payloadOf(late, '$photos', id),
    (came) => came === Buffer.alloc(100_000, 99).toString('base64'),
  )
})

test('§10 a listener is told when its chain is left', async () => {
  const a = await playground.start('a', forum)
  const ended = (async () => {
    const kinds: string[] = []
    for await (const { kind } of a.client.subscribe('chain.listen', { chain: FORUM })) kinds.push(kind)
    return kinds
  })()
  const { pvt } = await keyPair(a, 'alice')
  await a.client.call('chain.post', { chain: FORUM, text: 'the only one', sign: pvt })
  await a.client.call('chains.leave', { name: FORUM })
  expect(await ended).toEqual(['post', 'removed'])
})

import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import type { Host } from '../../src/node/net/host/host.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { Pubsub, type TopicVerdict } from '../../src/node/net/gossip/pubsub.ts'
import { sha256 } from '../../src/dag/crypto.ts'
import { ANNOUNCEMENT_BYTES, GOSSIP_RPC_BYTES } from '../../src/protocol/gossip-limits.ts'
import { dial, soon, startHosts, stopAll } from '../support/hosts.ts'

/** On a busy machine. */
const IN_TIME = { timeout: 20_000 }

const TOPIC = '/freechains/1/test'

let hosts: Host[] = []
afterEach(async () => {
  await stopAll(hosts)
  hosts = []
})

interface Node {
  readonly host: Host
  readonly topics: Pubsub
  readonly heard: { from: string; text: string }[]
  verdict: TopicVerdict
}

async function line(length: number): Promise<Node[]> {
  hosts = await startHosts(length)
  const nodes = hosts.map((host): Node => ({
    host,
    topics: new Pubsub({ host, log: silentLogger }),
    heard: [],
    verdict: 'accept',
  }))
  for (const node of nodes) {
    node.topics.join(TOPIC, async (from, data) => {
      node.heard.push({ from, text: new TextDecoder().decode(data) })
      return node.verdict
    })
  }
  const links = nodes.slice(1).map((node, index) => ({ left: nodes[index]!, right: node }))
  const meshed = Promise.all(links.flatMap(({ left, right }) => [grafted(left, right), grafted(right, left)]))
  for (const { left, right } of links) await dial(left.host, right.host)
  await meshed
  return nodes
}

/** A link carries messages that are passed on once both ends have grafted each other. */
function grafted(node: Node, other: Node): Promise<void> {
  return new Promise((resolve) => {
    node.host.libp2p.services.pubsub.addEventListener('gossipsub:graft', ({ detail }) => {
      if (detail.peerId === other.host.peerId.toString()) resolve()
    })
  })
}

/** What a node thinks of another as a source of gossip. */
const scoreAt = (node: Node, of: Node): number =>
  (node.host.libp2p.services.pubsub as unknown as { getScore(id: string): number }).getScore(of.host.peerId.toString())

/** The stream on which a node sends gossip to another. */
function streamTo(node: Node, other: Node): { push(rpc: Uint8Array): void; readonly rawStream: Stream } {
  const { streamsOutbound } = node.host.libp2p.services.pubsub as unknown as {
    streamsOutbound: Map<string, ReturnType<typeof streamTo>>
  }
  return streamsOutbound.get(other.host.peerId.toString()) ?? expect.unreachable('there is a stream')
}

const say = (node: Node, text: string): Promise<number> => node.topics.publish(TOPIC, new TextEncoder().encode(text))
const texts = (node: Node): string[] => node.heard.map(({ text }) => text)

test('what a node in the middle accepts goes on, what it ignores or rejects does not', async () => {
  const [a, b, c] = (await line(3)) as [Node, Node, Node]
  b.verdict = 'ignore'
  await say(a, 'ignored')
  await vi.waitFor(() => expect(texts(b)).toEqual(['ignored']), IN_TIME)
  b.verdict = 'accept'
  await say(a, 'accepted')
  await vi.waitFor(() => expect(texts(c)).toEqual(['accepted']), IN_TIME)
  b.verdict = 'reject'
  await say(a, 'rejected')
  await vi.waitFor(() => expect(texts(b)).toEqual(['ignored', 'accepted', 'rejected']), IN_TIME)
  await say(b, 'last')
  await vi.waitFor(() => expect(texts(c)).toEqual(['accepted', 'last']), IN_TIME)
  expect(c.heard.every(({ from }) => from === b.host.peerId.toString())).toBe(true)
})

test('an announcement above the limit is rejected unread, and rejecting costs the neighbour until it is not heard', async () => {
  const [a, b] = (await line(2)) as [Node, Node]
  await a.topics.publish(TOPIC, new Uint8Array(ANNOUNCEMENT_BYTES + 1))
  await vi.waitFor(() => expect(scoreAt(b, a)).toBeLessThan(-10), IN_TIME)
  expect(b.heard).toEqual([])
  for (const index of [1, 2, 3]) await a.topics.publish(TOPIC, new Uint8Array(ANNOUNCEMENT_BYTES + 1 + index))
  await vi.waitFor(() => expect(scoreAt(b, a)).toBeLessThan(-80), IN_TIME)
})

test('§7 a message that names a sender, a number, a key or a signature is invalid: dropped, and its neighbour loses score', async () => {
  const [a, b, c] = (await line(3)) as [Node, Node, Node]
  const stream = streamTo(a, b)
  const message = { topic: TOPIC, data: new TextEncoder().encode('signed') }
  for (const field of ['from', 'seqno', 'key', 'signature']) {
    stream.push(RPC.encode({ subscriptions: [], messages: [{ ...message, [field]: new Uint8Array(1) }] }))
  }
  await vi.waitFor(() => expect(scoreAt(b, a)).toBeLessThan(-250), IN_TIME)
  // Nobody keeps it as seen: the same bytes without these fields are taken, were it not for the score.
  await say(b, 'last')
  await vi.waitFor(() => expect(texts(c)).toEqual(['last']), IN_TIME)
  expect(b.heard).toEqual([])
})

test('§7 the id of a message is the sha2-256 of its data: it is sent again to who asks for it by that', async () => {
  const [a, b] = (await line(2)) as [Node, Node]
  const came: RPC.Message[] = []
  const { pubsub } = b.host.libp2p.services
  const internals = pubsub as unknown as {
    handleReceivedMessage: (from: unknown, message: RPC.Message) => Promise<void>
  }
  internals.handleReceivedMessage = (_from, message) => Promise.resolve(void came.push(message))
  await say(a, 'once')
  await vi.waitFor(() => expect(came).toHaveLength(1), IN_TIME)
  const messageIDs = [sha256(new TextEncoder().encode('once'))]
  const control = { ihave: [], iwant: [{ messageIDs }], graft: [], prune: [], idontwant: [] }
  streamTo(b, a).push(RPC.encode({ subscriptions: [], messages: [], control }))
  await vi.waitFor(() => expect(came).toHaveLength(2), IN_TIME)
  for (const { topic, data, ...rest } of came) {
    expect([topic, new TextDecoder().decode(data), rest]).toEqual([TOPIC, 'once', {}])
  }
})

test('§7 an RPC has at most 64 KiB on the way out: the subscriptions of 900 topics go in several, and all arrive', async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  const [left, right] = [new Pubsub({ host: a, log: silentLogger }), new Pubsub({ host: b, log: silentLogger })]
  const topics = Array.from({ length: 900 }, (_, n) => `/freechains/1/${String(n).padStart(52, '0')}`)
  for (const topic of topics) left.join(topic, async () => 'ignore')
  const sizes: number[] = []
  const { pubsub } = b.libp2p.services
  const internals = pubsub as unknown as { decodeRpc: (bytes: Uint8Array) => RPC }
  internals.decodeRpc = (bytes) => {
    sizes.push(bytes.byteLength)
    return RPC.decode(bytes)
  }
  await dial(a, b)
  await vi.waitFor(() => expect(right.subscribers(topics.at(-1)!)).toHaveLength(1), IN_TIME)
  for (const topic of topics) expect(right.subscribers(topic)).toHaveLength(1)
  expect(sizes.filter((size) => size > GOSSIP_RPC_BYTES)).toEqual([])
  expect(sizes.filter((size) => size > GOSSIP_RPC_BYTES / 2)).not.toEqual([])
})

test("what breaks inside a validator is not the neighbour's fault", async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  const [left, right] = [new Pubsub({ host: a, log: silentLogger }), new Pubsub({ host: b, log: silentLogger })]
  const reached = Promise.withResolvers<undefined>()
  left.join(TOPIC, async () => 'accept')
  right.join(TOPIC, async () => {
    reached.resolve(undefined)
    throw new Error('broken')
  })
  await dial(a, b)
  await vi.waitFor(
    async () => expect(await left.publish(TOPIC, crypto.getRandomValues(new Uint8Array(8)))).toBe(1),
    IN_TIME,
  )
  await reached.promise
  expect(a.isConnected(b.peerId.toString())).toBe(true)
})

test('a node alone may publish, and a topic that was left says nothing more', async () => {
  const [a, b] = (await line(2)) as [Node, Node]
  b.topics.leave(TOPIC)
  await vi.waitFor(() => expect(a.topics.subscribers(TOPIC)).toEqual([]), IN_TIME)
  expect(await say(a, 'to nobody')).toBe(0)
  expect(b.heard).toEqual([])
})

test('§7 a neighbour outside the mesh is sent what was made here and what is passed on alike', async () => {
  const [a, b, c] = (await line(3)) as [Node, Node, Node]
  const prune = { topicID: TOPIC, peers: [], backoff: 600 }
  const control = { ihave: [], iwant: [], graft: [], prune: [prune], idontwant: [] }
  streamTo(c, b).push(RPC.encode({ subscriptions: [], messages: [], control }))
  const { mesh } = b.host.libp2p.services.pubsub as unknown as { mesh: Map<string, Set<string>> }
  await vi.waitFor(() => expect([...(mesh.get(TOPIC) ?? [])]).toEqual([a.host.peerId.toString()]), IN_TIME)
  await say(b, 'own')
  await say(a, 'passed on')
  await vi.waitFor(() => expect(texts(c).sort()).toEqual(['own', 'passed on']), IN_TIME)
})

test('§7 messages on a topic that nobody here follows are in no cache, and cost nobody anything', async () => {
  const [a, b] = (await line(2)) as [Node, Node]
  const { seenCache, mcache } = b.host.libp2p.services.pubsub as unknown as Record<string, { readonly size: number }>
  const other = Array.from({ length: 100 }, (_, n) => ({ topic: `${TOPIC}-other`, data: new Uint8Array([n]) }))
  streamTo(a, b).push(RPC.encode({ subscriptions: [], messages: other }))
  await say(a, 'known')
  await vi.waitFor(() => expect(texts(b)).toEqual(['known']), IN_TIME)
  expect([seenCache?.size, mcache?.size]).toEqual([1, 1])
  expect(scoreAt(b, a)).toBeGreaterThanOrEqual(0)
})

test('subscribers of joined topics are told of, those that were there before too', async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  const [left, right] = [new Pubsub({ host: a, log: silentLogger }), new Pubsub({ host: b, log: silentLogger })]
  const told: string[] = []
  const topic = (name: string): string => `/freechains/1/${name}`
  left.onSubscriber((topic, peer) => told.push(`${topic} ${peer}`))
  await dial(a, b)
  right.join(topic('unknown'), async () => 'ignore')
  right.join(topic('before'), async () => 'ignore')
  await vi.waitFor(() => expect(left.subscribers(topic('before'))).toHaveLength(1), IN_TIME)
  left.join(topic('before'), async () => 'ignore')
  left.join(topic('after'), async () => 'ignore')
  right.join(topic('after'), async () => 'ignore')
  await vi.waitFor(
    () =>
      expect(told).toEqual([`${topic('before')} ${b.peerId.toString()}`, `${topic('after')} ${b.peerId.toString()}`]),
    IN_TIME,
  )
})

test('a stream of gossip that breaks is opened again, and both ends are heard, and subscribed, as before', async () => {
  const [a, b] = (await line(2)) as [Node, Node]
  // More waits for a slow peer than its write buffer holds.
  streamTo(a, b).rawStream.abort(new Error('too much'))
  expect(await say(a, 'lost')).toBe(0)
  await vi.waitFor(async () => expect(await say(a, `again ${crypto.randomUUID()}`)).toBe(1), IN_TIME)
  await vi.waitFor(() => expect(texts(b).at(-1)).toMatch(/^again/), IN_TIME)
  await vi.waitFor(async () => expect(await say(b, `back ${crypto.randomUUID()}`)).toBe(1), IN_TIME)
  await vi.waitFor(() => expect(texts(a).at(-1)).toMatch(/^back/), IN_TIME)
  expect(a.topics.subscribers(TOPIC)).toEqual([b.host.peerId.toString()])
  expect(b.topics.subscribers(TOPIC)).toEqual([a.host.peerId.toString()])
})

/** The streams on which a node hears another. */
function streamFrom(node: Node, other: Node): { readonly rawStream: Stream } {
  const { streamsInbound } = node.host.libp2p.services.pubsub as unknown as {
    streamsInbound: Map<string, ReturnType<typeof streamFrom>>
  }
  return streamsInbound.get(other.host.peerId.toString()) ?? expect.unreachable('there is a stream')
}

/** Each hears what the other says, and knows that it subscribes. */
async function hearEachOther(a: Node, b: Node): Promise<void> {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const text = crypto.randomUUID()
    // What is said into a broken stream is lost.
    await vi.waitFor(async () => {
      await say(one, `${text} ${crypto.randomUUID()}`)
      expect(texts(other).some((heard) => heard.startsWith(text))).toBe(true)
    }, IN_TIME)
  }
  await vi.waitFor(() => expect(a.topics.subscribers(TOPIC)).toEqual([b.host.peerId.toString()]), IN_TIME)
  await vi.waitFor(() => expect(b.topics.subscribers(TOPIC)).toEqual([a.host.peerId.toString()]), IN_TIME)
}

test('a peer that came back on another connection is not forgotten when the old one ends', async () => {
  const [a, b] = (await line(2)) as [Node, Node]
  const [old] = a.host.libp2p.getConnections(b.host.peerId)
  await a.host.libp2p.dial(multiaddr(b.host.addresses()[0]), { force: true, signal: soon() })
  await vi.waitFor(() => expect(b.host.libp2p.getConnections(a.host.peerId)).toHaveLength(2), IN_TIME)
  old?.abort(new Error('the line changed'))
  await vi.waitFor(() => expect(b.host.libp2p.getConnections(a.host.peerId)).toHaveLength(1), IN_TIME)
  await hearEachOther(a, b)
})

test('a stream whose reader gave it up is opened again, however that became known', async () => {
  const [a, b] = (await line(2)) as [Node, Node]
  await streamFrom(b, a).rawStream.close()
  await hearEachOther(a, b)
  // More than an RPC may have: gossipsub reads no further, and says nothing.
  const stream = await vi.waitFor(() => streamTo(a, b), IN_TIME)
  stream.rawStream.send(new Uint8Array(16).fill(255))
  await hearEachOther(a, b)
})

/** Before gossipsub (spec §7): what neighbours follow is counted, their messages have a rate, and those that are gone say nothing. */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { RPC } from '@chainsafe/libp2p-gossipsub/message'
import type { PeerId } from '@libp2p/interface'
import { expect, test, vi } from 'vitest'
import { BoundedCaches } from '../../../../../src/node/net/gossip/bounded-caches.ts'
import { RpcIntake } from '../../../../../src/node/net/gossip/rpc-intake.ts'
import {
  GOSSIP_MESSAGES,
  OTHER_TOPICS,
  OTHER_TOPICS_PER_PEER,
  PRUNE_BACKOFFS,
  RATE_LIMITED_PEERS,
  SEEN_MESSAGES,
} from '../../../../../src/protocol/gossip-limits.ts'
import { TOPIC_CHARS, TOPIC_PREFIX } from '../../../../../src/protocol/messages.ts'

const JOINED = `${TOPIC_PREFIX}joined`
const peer = (id: string): PeerId => ({ toString: () => id }) as unknown as PeerId
const topic = (n: number): string => TOPIC_PREFIX + String(n).padStart(52, 'a')

/** As much of gossipsub as the intake sees. */
class Library {
  readonly peers = new Map<string, PeerId>()
  readonly mesh = new Map<string, Set<string>>()
  readonly topics = new Map<string, Set<string>>()
  readonly handled: RPC[] = []

  handleReceivedRpc(from: PeerId, rpc: RPC): Promise<void> {
    this.handled.push(rpc)
    for (const { topic: name = '', subscribe } of rpc.subscriptions) {
      const peers = this.topics.get(name) ?? new Set()
      this.topics.set(name, peers)
      if (subscribe === true) peers.add(from.toString())
      else peers.delete(from.toString())
    }
    return Promise.resolve()
  }

  removePeer(gone: PeerId): void {
    this.peers.delete(gone.toString())
    for (const peers of this.topics.values()) peers.delete(gone.toString())
  }

  subscribers(): number {
    return [...this.topics.values()].reduce((sum, peers) => sum + peers.size, 0)
  }
}

function intake(...there: string[]): { library: Library; intake: RpcIntake; joined: Set<string>; dropped: string[] } {
  const library = new Library()
  for (const id of there) library.peers.set(id, peer(id))
  const joined = new Set([JOINED])
  const dropped: string[] = []
  const made = new RpcIntake(library as unknown as GossipSub, {
    isJoined: (name) => joined.has(name),
    onDropped: (name, from) => dropped.push(`${name} ${from}`),
    onHandled: () => undefined,
  })
  return { library, intake: made, joined, dropped }
}

async function follow(library: Library, from: string, names: readonly string[], subscribe = true): Promise<void> {
  await library.handleReceivedRpc(peer(from), {
    subscriptions: names.map((name) => ({ topic: name, subscribe })),
    messages: [],
  })
}

const topics = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => topic(from + n))

test('joined topics have no budget; what is joined frees its place among the others', async () => {
  const { library, intake: rules, joined } = intake('a')
  const most = topics(OTHER_TOPICS + OTHER_TOPICS_PER_PEER)
  await follow(library, 'a', [JOINED, ...most, topic(most.length)])
  expect(library.subscribers()).toBe(1 + most.length)
  for (const name of topics(10)) {
    joined.add(name)
    rules.onJoin(name)
  }
  await follow(library, 'a', topics(20, most.length))
  expect(library.subscribers()).toBe(1 + most.length + 10)
  for (const name of topics(10)) {
    joined.delete(name)
    rules.onLeave(name)
  }
  await follow(library, 'a', topics(10), false)
  await follow(library, 'a', topics(20, most.length))
  expect(library.subscribers()).toBe(1 + most.length)
})

test('topics of another form are not noted, nor is an end of what was not', async () => {
  const { library } = intake('a')
  await follow(library, 'a', ['t', TOPIC_PREFIX + 'x'.repeat(TOPIC_CHARS)])
  await follow(library, 'a', topics(1), false)
  expect(library.handled.flatMap(({ subscriptions }) => subscriptions)).toEqual([])
})

test('a peer that is gone gives back its places, and what its streams still say is not looked at', async () => {
  const { library } = intake('greedy', 'late')
  await follow(library, 'greedy', topics(OTHER_TOPICS + OTHER_TOPICS_PER_PEER))
  await follow(library, 'late', topics(OTHER_TOPICS_PER_PEER + 1))
  expect(library.topics.get(topic(OTHER_TOPICS_PER_PEER))?.has('late')).toBe(false)
  library.removePeer(peer('greedy'))
  await follow(library, 'greedy', [JOINED])
  expect(library.topics.get(JOINED)).toBeUndefined()
  await follow(library, 'late', topics(OTHER_TOPICS_PER_PEER + 1))
  expect(library.topics.get(topic(OTHER_TOPICS_PER_PEER))?.has('late')).toBe(true)
})

test('a burst of messages passes; of one more the chain is told; of another neighbour all pass', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const { library, dropped } = intake('loud', 'quiet')
  const messages = Array.from({ length: GOSSIP_MESSAGES.burst + 1 }, () => ({ topic: JOINED, data: new Uint8Array(1) }))
  await library.handleReceivedRpc(peer('loud'), { subscriptions: [], messages })
  await library.handleReceivedRpc(peer('quiet'), { subscriptions: [], messages: messages.slice(1) })
  expect(library.handled.map(({ messages: { length } }) => length)).toEqual(Array(2).fill(GOSSIP_MESSAGES.burst))
  expect(dropped).toEqual([`${JOINED} loud`])
  vi.advanceTimersByTime(1_000)
  await library.handleReceivedRpc(peer('loud'), { subscriptions: [], messages })
  expect(library.handled.at(-1)?.messages).toHaveLength(GOSSIP_MESSAGES.perSecond)
  vi.useRealTimers()
})

test('caches of the library keep so much and no more; of peers that are there nothing is lost', () => {
  const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n))
  const queue = ids(SEEN_MESSAGES + 5).map((msgId) => ({ msgId }))
  const gone = ids(PRUNE_BACKOFFS).map((id) => [id, 1] as const)
  const library = {
    peers: new Map([['there', {}]]),
    seenCache: { entries: new Map(ids(SEEN_MESSAGES + 3).map((id) => [id, {}])) },
    backoff: new Map([
      [JOINED, new Map([['there', 1]])],
      [topic(1), new Map(gone)],
    ]),
    score: {
      peerStats: new Map([['there', {}]]),
      scoreCache: new Map([['there', {}], ...ids(RATE_LIMITED_PEERS).map((id) => [id, {}] as const)]),
      deliveryRecords: { records: new Map(queue.map(({ msgId }) => [msgId, {}])), queue },
    },
  }
  const caches = new BoundedCaches(library as unknown as GossipSub)
  caches.trimMessages()
  expect([library.seenCache.entries.size, library.seenCache.entries.has('2')]).toEqual([SEEN_MESSAGES, false])
  const { records } = library.score.deliveryRecords
  expect([records.size, queue.length, records.has('4'), records.has('5')]).toEqual([
    ...[SEEN_MESSAGES, SEEN_MESSAGES],
    ...[false, true],
  ])
  caches.trimPeers()
  expect([...library.backoff.values()].map(({ size }) => size)).toEqual([1, 0])
  expect(library.score.scoreCache.size).toBe(1 + RATE_LIMITED_PEERS)
  library.score.scoreCache.set('one more', {})
  caches.trimPeers()
  expect([...library.score.scoreCache.keys()]).toEqual(['there'])
})

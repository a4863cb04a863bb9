/** What of an RPC reaches gossipsub (spec §7): nothing of topics that nobody here follows, and no more than the rate. */
import type { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { expect, test } from 'vitest'
import { filterRpc, type RpcContext } from '../../../../../src/node/net/gossip/rpc-filter.ts'
import { PRUNE_BACKOFF_S } from '../../../../../src/protocol/gossip-limits.ts'

const JOINED = '/freechains/1/joined'
const OTHER = '/freechains/1/other'
const data = new Uint8Array(8)
const id = new Uint8Array(32)

interface Seen {
  readonly dropped: string[]
  readonly context: RpcContext
}

function context(messages: number, isMeshed = true): Seen {
  let left = messages
  const dropped: string[] = []
  return {
    dropped,
    context: {
      isJoined: (topic) => topic === JOINED,
      isMeshed: (topic) => isMeshed && topic === JOINED,
      mayNote: (topic) => topic === JOINED,
      takeMessage: () => (left -= 1) >= 0,
      hasMessages: () => left > 0,
      onDropped: (topic) => dropped.push(topic),
    },
  }
}

const message = (topic: string): RPC.Message => ({ topic, data })
const rpc = (some: Partial<RPC>): RPC => ({ subscriptions: [], messages: [], ...some })
const controls = (some: Partial<RPC.ControlMessage>): RPC =>
  rpc({ control: { ihave: [], iwant: [], graft: [], prune: [], idontwant: [], ...some } })

test('messages on other topics go, and cost nothing of the rate of those that are joined', () => {
  const { context: sender, dropped } = context(1)
  const { messages } = filterRpc(rpc({ messages: [message(OTHER), message(OTHER), message(JOINED)] }), sender)
  expect(messages).toEqual([message(JOINED)])
  expect(dropped).toEqual([])
})

test('messages over the rate go, and the chain is told of each', () => {
  const { context: sender, dropped } = context(2)
  const three = [message(JOINED), message(JOINED), message(JOINED)]
  expect(filterRpc(rpc({ messages: three }), sender).messages).toHaveLength(2)
  expect(dropped).toEqual([JOINED])
})

test('while the rate is used up nobody is asked for messages: to drop what was asked for would look like its fault', () => {
  const ihave = [{ topicID: JOINED, messageIDs: [id] }]
  expect(filterRpc(controls({ ihave }), context(1).context).control?.ihave).toEqual(ihave)
  expect(filterRpc(controls({ ihave }), context(0).context).control?.ihave).toEqual([])
})

test('subscriptions that may not be noted go', () => {
  const subscriptions = [{ topic: JOINED, subscribe: true }, { topic: OTHER, subscribe: true }, { subscribe: true }]
  expect(filterRpc(rpc({ subscriptions }), context(1).context).subscriptions).toEqual([subscriptions[0]])
})

test('control entries on other topics go, and ids of another length', () => {
  const odd = [new Uint8Array(31), new Uint8Array(33), new Uint8Array(1 << 20)]
  const listed = [{ messageIDs: [...odd, id] }]
  const { control } = filterRpc(
    controls({
      ihave: [
        { topicID: OTHER, messageIDs: [id] },
        { topicID: JOINED, messageIDs: [...odd, id] },
      ],
      iwant: listed,
      idontwant: listed,
      graft: [{ topicID: OTHER }, { topicID: JOINED }, {}],
    }),
    context(1).context,
  )
  expect(control?.ihave).toEqual([{ topicID: JOINED, messageIDs: [id] }])
  expect(control?.iwant).toEqual([{ messageIDs: [id] }])
  expect(control?.idontwant).toEqual([{ messageIDs: [id] }])
  expect(control?.graft).toEqual([{ topicID: JOINED }])
})

test('a prune counts from a peer of the mesh alone, for a bounded time, and names nobody', () => {
  const peers = [{ peerID: new Uint8Array(36), signedPeerRecord: new Uint8Array(99) }]
  const backoff = Number.MAX_SAFE_INTEGER
  const prune = [{ topicID: JOINED, backoff, peers }, { topicID: OTHER, backoff, peers }, { peers }]
  const at = (isMeshed: boolean): unknown => filterRpc(controls({ prune }), context(1, isMeshed).context).control?.prune
  expect(at(false)).toEqual([])
  expect(at(true)).toEqual([{ topicID: JOINED, backoff: PRUNE_BACKOFF_S, peers: [] }])
  const usual = { topicID: JOINED, backoff: 60, peers: [] }
  expect(filterRpc(controls({ prune: [usual] }), context(1).context).control?.prune).toEqual([usual])
})

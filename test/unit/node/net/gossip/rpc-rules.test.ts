/** RPCs of gossipsub are divided on the way out (spec §7): each within the bound, and nothing lost. */
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { splitRpc } from '../../../../../src/node/net/gossip/rpc-rules.ts'
import { GOSSIP_RPC_BYTES } from '../../../../../src/protocol/gossip-limits.ts'

const topic = (n: number): string => `/freechains/1/${String(n).padStart(52, '0')}`
const numbered = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const ids = (count: number): Uint8Array[] => numbered(count).map((n) => new Uint8Array(32).fill(n))
/** Quicker to compare than bytes. */
const hexOf = (entries: readonly { readonly messageIDs: readonly Uint8Array[] }[]): string[] =>
  entries.flatMap(({ messageIDs }) => messageIDs.map(bytesToHex))
const CONTROL = { ihave: [], iwant: [], graft: [], prune: [], idontwant: [] }

function split(rpc: RPC): RPC[] {
  const parts = splitRpc(rpc, GOSSIP_RPC_BYTES)
  for (const part of parts) expect(part.byteLength).toBeLessThanOrEqual(GOSSIP_RPC_BYTES)
  return parts.map((part) => RPC.decode(part))
}

test('subscriptions, messages and every kind of control entry arrive, in order, within the bound', () => {
  const rpc: RPC = {
    subscriptions: numbered(1500).map((n) => ({ subscribe: true, topic: topic(n) })),
    messages: numbered(20).map((n) => ({ topic: topic(n), data: new Uint8Array(17_000).fill(n) })),
    control: {
      graft: numbered(1500).map((n) => ({ topicID: topic(n) })),
      prune: numbered(1500).map((n) => ({ topicID: topic(n), peers: [], backoff: 60 })),
      ihave: numbered(3).map((n) => ({ topicID: topic(n), messageIDs: ids(5000) })),
      iwant: [{ messageIDs: ids(5000) }],
      idontwant: [{ messageIDs: ids(5000) }],
    },
  }
  const parts = split(rpc)
  const controls = parts.flatMap(({ control }) => (control === undefined ? [] : [control]))
  expect(parts.flatMap(({ subscriptions }) => subscriptions)).toEqual(rpc.subscriptions)
  expect(parts.flatMap(({ messages }) => messages.map(({ data, ...rest }) => [rest, data?.[0], data?.length]))).toEqual(
    numbered(20).map((n) => [{ topic: topic(n) }, n, 17_000]),
  )
  expect(controls.flatMap(({ graft }) => graft)).toEqual(rpc.control?.graft)
  expect(controls.flatMap(({ prune }) => prune)).toEqual(rpc.control?.prune)
  for (const n of numbered(3)) {
    const named = controls.flatMap(({ ihave }) => ihave.filter(({ topicID }) => topicID === topic(n)))
    expect(hexOf(named)).toEqual(hexOf([{ messageIDs: ids(5000) }]))
  }
  for (const kind of ['iwant', 'idontwant'] as const) {
    expect(hexOf(controls.flatMap((control) => control[kind]))).toEqual(hexOf([{ messageIDs: ids(5000) }]))
  }
})

test('an entry that is larger alone is left out; what is around it goes', () => {
  const fits = { topic: topic(1), data: new Uint8Array(GOSSIP_RPC_BYTES - 100) }
  const large = { topic: topic(2), data: new Uint8Array(GOSSIP_RPC_BYTES) }
  const parts = split({
    subscriptions: [],
    messages: [fits, large, fits],
    control: { ...CONTROL, iwant: [{ messageIDs: [new Uint8Array(GOSSIP_RPC_BYTES), ...ids(2)] }] },
  })
  expect(parts.flatMap(({ messages }) => messages.map((one) => one.topic))).toEqual([topic(1), topic(1)])
  expect(parts.flatMap(({ control }) => control?.iwant ?? [])).toEqual([{ messageIDs: ids(2) }])
})

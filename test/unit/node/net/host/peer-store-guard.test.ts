import { generateKeyPair } from '@libp2p/crypto/keys'
import { KEEP_ALIVE, type Peer, type PeerData, type PeerId, type PeerStore } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test } from 'vitest'
import type { Scope } from '../../../../../src/node/net/host/address-scope.ts'
import { boundedPeerData, guardPeerStore } from '../../../../../src/node/net/host/peer-store-guard.ts'
import {
  PEER_ADDRESSES,
  PEER_METADATA,
  PEER_METADATA_BYTES,
  PEER_PROTOCOL_BYTES,
  PEER_PROTOCOLS,
  PEERS_KEPT,
} from '../../../../../src/protocol/peer-limits.ts'
import { startHost, stopAll } from '../../../../support/hosts.ts'

const WAYS = ['save', 'patch', 'merge'] as const

function addresses(count: number, from = 0): Multiaddr[] {
  return Array.from({ length: count }, (_, n) => multiaddr(`/ip4/20.0.0.1/tcp/${String(1 + from + n)}`))
}

async function stranger(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

/** The peer store of a host, unwrapped by what a host does, and wrapped with these rules. */
async function guarded({ met = 'public' as Scope, kept = [] as PeerId[], peersKept = PEERS_KEPT }): Promise<PeerStore> {
  const host = await startHost()
  onTestFinished(() => stopAll([host]))
  const { peerStore } = host.libp2p
  // The wrapped methods are the instance's own; under them are those of its class.
  const plain = Object.getPrototypeOf(peerStore) as PeerStore
  for (const way of WAYS) peerStore[way] = plain[way].bind(peerStore)
  const isKept = ({ id }: Peer): boolean => kept.some((one) => one.equals(id))
  guardPeerStore(peerStore, { self: host.peerId, scopeOf: () => met, isKept, peersKept }, [])
  return peerStore
}

test.each(WAYS)('%s keeps so many addresses and protocols of a peer, and forty thousand cost no time', async (way) => {
  const peerStore = await guarded({})
  const id = await stranger()
  const protocols = Array.from({ length: 40_000 }, (_, n) => `/protocol/${String(n)}`)
  await peerStore[way](id, { multiaddrs: addresses(40_000), protocols })
  const peer = await peerStore.get(id)
  expect([peer.addresses.length, peer.protocols.length]).toEqual([PEER_ADDRESSES, PEER_PROTOCOLS])
})

test('merging adds until the bound, side by side too, and what was there stays', async () => {
  const peerStore = await guarded({})
  const id = await stranger()
  await peerStore.patch(id, { multiaddrs: addresses(PEER_ADDRESSES - 1), protocols: ['/own'] })
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => peerStore.merge(id, { multiaddrs: addresses(20, 1000 * (1 + n)) })),
  )
  await peerStore.merge(id, { multiaddrs: addresses(20, 50_000), protocols: ['/other'] })
  const peer = await peerStore.get(id)
  const known = new Set(peer.addresses.map((address) => address.multiaddr.toString()))
  expect([known.size, peer.protocols]).toEqual([PEER_ADDRESSES, ['/other', '/own']])
  await peerStore.patch(id, { multiaddrs: addresses(2) })
  expect((await peerStore.get(id)).addresses).toHaveLength(2)
})

test('a field that is absent stays absent, and none of a stranger is without a bound', () => {
  const tags = { [KEEP_ALIVE]: { value: 1 } }
  expect(boundedPeerData({ tags }, 'public')).toEqual({ tags })
  const metadata = Object.fromEntries(Array.from({ length: 99 }, (_, n) => [`key${String(n)}`, new Uint8Array(1)]))
  const long = { AgentVersion: new Uint8Array(PEER_METADATA_BYTES + 1), short: new Uint8Array(PEER_METADATA_BYTES) }
  const bounded = (data: PeerData): PeerData => boundedPeerData(data, 'public')
  expect(Object.keys(bounded({ metadata }).metadata ?? {})).toHaveLength(PEER_METADATA)
  expect(Object.keys(bounded({ metadata: long }).metadata ?? {})).toEqual(['short'])
  expect(bounded({ peerRecordEnvelope: new Uint8Array(100) })).toEqual({})
  expect(bounded({ protocols: ['/x'.padEnd(PEER_PROTOCOL_BYTES + 1, 'x'), '/y'] })).toEqual({ protocols: ['/y'] })
})

test('of a stranger who nobody met no address is believed, and of a neighbour in the LAN none of this machine', () => {
  const multiaddrs = ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1'].map((text) => multiaddr(text))
  expect(boundedPeerData({ multiaddrs }, undefined).addresses).toEqual([])
  expect(boundedPeerData({ multiaddrs }, 'private').addresses?.map((one) => String(one.multiaddr))).toEqual([
    '/ip4/10.0.0.1/tcp/1',
  ])
})

test('beyond the bound the peer without a tag that was written longest ago goes, and who is kept never', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, stranger))
  const [kept, tagged, first, ...others] = ids as [PeerId, PeerId, PeerId, ...PeerId[]]
  const peerStore = await guarded({ kept: [kept], peersKept: 4 })
  await peerStore.merge(kept, { multiaddrs: addresses(1) })
  await peerStore.merge(tagged, { tags: { chain: { value: 50 } } })
  await peerStore.merge(first, { multiaddrs: addresses(1) })
  for (const id of others) {
    await peerStore.merge(id, { multiaddrs: addresses(1) })
    await peerStore.merge(first, { multiaddrs: addresses(1) })
  }
  const there = await Promise.all(ids.map((id) => peerStore.has(id)))
  expect(there).toEqual([true, true, true, false, false, false, false, true])
  // When all have tags, the oldest of them goes.
  for (const id of others) await peerStore.merge(id, { tags: { chain: { value: 50 } } })
  expect(await Promise.all([kept, tagged].map((id) => peerStore.has(id)))).toEqual([true, false])
  expect((await peerStore.all()).length).toBe(4)
})

test('a host bounds its own peer store', async () => {
  const host = await startHost()
  onTestFinished(() => stopAll([host]))
  const id = await stranger()
  await host.libp2p.peerStore.merge(id, { multiaddrs: addresses(40_000) })
  expect((await host.libp2p.peerStore.get(id)).addresses).toEqual([])
})

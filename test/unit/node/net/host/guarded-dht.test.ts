import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test } from 'vitest'
import { rendezvousCid } from '../../../../../src/node/net/discovery/dht-provider.ts'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import {
  DIALS_PER_TARGET,
  KAD_ADDRESSES,
  KAD_LOOKUPS,
  KAD_LOOKUPS_OF_ALL,
  KAD_PEERS,
  KAD_REPLY_BYTES,
  KAD_REQUEST_BYTES,
  KAD_REQUESTS,
} from '../../../../../src/protocol/peer-limits.ts'
import { addressOf, dial, soon, startHost, stopAll } from '../../../../support/hosts.ts'
import {
  answerKad,
  askKad,
  encodeKad,
  wirePeer,
  type WireMessage,
  type WirePeer,
} from '../../../../support/kad-wire.ts'

const KEY = rendezvousCid(new Uint8Array(32).fill(7))

async function fakes(count: number, addresses: readonly string[]): Promise<WirePeer[]> {
  const told = addresses.map((text) => multiaddr(text))
  return Promise.all(
    Array.from({ length: count }, async () => wirePeer(peerIdFromPrivateKey(await generateKeyPair('Ed25519')), told)),
  )
}

/** A node with the DHT, a liar who has connected, and an honest peer. @param answer - of the liar to requests */
async function met(answer?: (request: WireMessage) => Uint8Array): Promise<{ node: Host; liar: Host; honest: Host }> {
  const [node, honest, liar] = await Promise.all([startHost({ dht: true }), startHost({ dht: true }), startHost()])
  onTestFinished(() => stopAll([node, honest, liar]))
  if (answer !== undefined) await answerKad(liar, answer)
  await dial(liar, node)
  // Identify replaces what else is known of its addresses.
  const known = async (): Promise<number> => (await node.libp2p.peerStore.get(liar.peerId)).addresses.length
  await expect.poll(known, { timeout: 20_000 }).toBe(1)
  return { node, liar, honest }
}

/** An honest peer announces a chain to the node, and a third one finds it there. */
async function honestOnesMeet({ node, honest }: { node: Host; honest: Host }): Promise<void> {
  await dial(honest, node)
  await honest.libp2p.contentRouting.provide(KEY, { signal: soon() })
  const asker = await startHost({ dht: true })
  onTestFinished(() => stopAll([asker]))
  await dial(asker, node)
  for await (const { id } of asker.libp2p.contentRouting.findProviders(KEY, { signal: soon() })) {
    // A liar that is asked names others.
    if (id.equals(honest.peerId)) return
  }
  expect.unreachable('the honest peer was not found')
}

test('a request beyond the bound is cut off at its length, and the peer goes on with others', async () => {
  const { node, liar, honest } = await met()
  const ping = encodeKad({ type: 'PING' })
  const large = encodeKad({ type: 'FIND_NODE', key: new Uint8Array(KAD_REQUEST_BYTES) })
  expect(await askKad(liar, node.peerId, large, ping)).toEqual([])
  expect(await askKad(liar, node.peerId, ping, ping)).toHaveLength(2)
  await honestOnesMeet({ node, honest })
})

test('values are neither stored nor given, and records only under a rendezvous', async () => {
  const { node, liar } = await met()
  const own = [wirePeer(liar.peerId, [addressOf(liar)])]
  const key = KEY.multihash.bytes
  for (const message of [
    { type: 'PUT_VALUE', key: Buffer.from('/pk/x'), record: new Uint8Array(100) },
    { type: 'GET_VALUE', key: Buffer.from('/pk/x') },
    { type: 'ADD_PROVIDER', key: Buffer.concat([Buffer.of(1, 0x55, 0, 100), Buffer.alloc(100)]), providers: own },
    { type: 'GET_PROVIDERS', key: Buffer.concat([Buffer.of(1, 0x55, 0, 100), Buffer.alloc(100)]) },
  ] as const) {
    expect(await askKad(liar, node.peerId, encodeKad(message))).toEqual([])
  }
  const record = encodeKad({ type: 'ADD_PROVIDER', key, providers: own })
  const [reply] = await askKad(liar, node.peerId, record, encodeKad({ type: 'GET_PROVIDERS', key }))
  expect(reply?.providers?.map(({ id }) => Buffer.from(id))).toEqual([Buffer.from(liar.peerId.toMultihash().bytes)])
})

test('of a record with hundreds of addresses few are told on', async () => {
  const { node, liar } = await met()
  const key = KEY.multihash.bytes
  const many = Array.from({ length: 500 }, (_, n) => multiaddr(`/ip4/127.0.0.1/tcp/${String(1 + n)}`))
  const record = encodeKad({ type: 'ADD_PROVIDER', key, providers: [wirePeer(liar.peerId, many)] })
  expect(record.byteLength).toBeLessThan(KAD_REQUEST_BYTES)
  const [reply] = await askKad(liar, node.peerId, record, encodeKad({ type: 'GET_PROVIDERS', key }))
  expect(reply?.providers?.map(({ addresses }) => addresses.length)).toEqual([KAD_ADDRESSES])
})

test('lookups and requests of one peer have a rate, and others are served meanwhile', async () => {
  const { node, liar, honest } = await met()
  expect(KAD_LOOKUPS.burst).toBeLessThanOrEqual(KAD_LOOKUPS_OF_ALL.burst)
  const ping = encodeKad({ type: 'PING' })
  // As many more as are served within half a minute.
  const count = KAD_REQUESTS.burst + 30 * KAD_REQUESTS.perSecond
  const replies = await askKad(liar, node.peerId, ...Array.from({ length: count }, () => ping))
  expect(replies.length).toBeLessThan(count)
  await honestOnesMeet({ node, honest })
  await expect.poll(() => askKad(liar, node.peerId, ping), { timeout: 20_000 }).toHaveLength(1)
})

test('a reply beyond the bound, or that names hundreds of peers, is not believed', async () => {
  const pool = await fakes(KAD_PEERS * 3, ['/ip4/127.0.0.1/tcp/9'])
  const replies = [
    encodeKad({ type: 'GET_PROVIDERS', key: new Uint8Array(KAD_REPLY_BYTES + 1) }),
    encodeKad({ type: 'GET_PROVIDERS', providers: pool }),
  ]
  const asked: string[] = []
  const { node, honest } = await met(({ type }) => {
    if (type === 'GET_PROVIDERS') asked.push(type)
    return type === 'GET_PROVIDERS' ? (replies[asked.length % 2] ?? ping()) : ping()
  })
  for (let time = 0; time < 2; time++) {
    for await (const { id } of node.libp2p.contentRouting.findProviders(KEY, { signal: AbortSignal.timeout(20_000) })) {
      expect.unreachable(id.toString())
    }
  }
  expect(asked.length).toBe(2)
  expect(await node.libp2p.peerStore.all()).toHaveLength(1)
  await honestOnesMeet({ node, honest })
})

function ping(): Uint8Array {
  return encodeKad({ type: 'PING' })
}

test('a liar makes the node knock at a service of its machine a few times, however many peers it makes up', async () => {
  let knocks = 0
  const service = createServer((socket) => {
    knocks += 1
    socket.on('error', () => undefined)
    socket.destroy()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void service.close())
  await once(service, 'listening')
  const pool = await fakes(KAD_PEERS, [`/ip4/127.0.0.1/tcp/${String((service.address() as AddressInfo).port)}`])
  const { node, liar, honest } = await met(({ type, key }) =>
    encodeKad({
      type,
      ...(key === undefined ? {} : { key }),
      ...(type === 'PING' ? {} : { closer: pool, providers: pool }),
    }),
  )
  const found: string[] = []
  // On a busy machine a query may end before anybody was asked.
  for (let time = 0; time < 4 || (found.length <= DIALS_PER_TARGET.burst && time < 12); time++) {
    try {
      for await (const { id } of node.libp2p.contentRouting.findProviders(KEY, { signal: AbortSignal.timeout(5000) })) {
        found.push(id.toString())
        await node.connect(id, { signal: AbortSignal.timeout(1000) })
      }
    } catch {
      // A query that finds nobody to ask ends with its signal.
    }
  }
  // It was listened to; most dials were not made, and some ended with their query.
  expect(found.length).toBeGreaterThan(DIALS_PER_TARGET.burst)
  expect(knocks).toBeLessThanOrEqual(DIALS_PER_TARGET.burst + 2)
  // Whom they ask would else be told the made-up peers.
  await liar.stop()
  await honestOnesMeet({ node, honest })
})

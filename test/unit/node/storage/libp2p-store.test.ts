import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { Key } from 'interface-datastore'
import { base32 } from 'multiformats/bases/base32'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../../src/node/base/log.ts'
import { rendezvousCid } from '../../../../src/node/net/discovery/dht-provider.ts'
import { createHost, type Host } from '../../../../src/node/net/host/host.ts'
import { openDatabase, type Database } from '../../../../src/node/storage/database.ts'
import { Libp2pStore, NotKept } from '../../../../src/node/storage/libp2p-store.ts'
import { openLibp2pStore, type OpenLibp2pStore } from '../../../../src/node/storage/open-libp2p-store.ts'
import { LIBP2P_PREFIX, rangeOf } from '../../../../src/node/storage/row-keys.ts'
import { PEER_ADDRESSES, PEER_ROW_BYTES } from '../../../../src/protocol/peer-limits.ts'
import { must } from '../../../support/blocks.ts'
import { dial, LOOPBACK, startHost, stopAll } from '../../../support/hosts.ts'

async function tempDisk(): Promise<Database> {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  const disk = must(await openDatabase(dir))
  onTestFinished(async () => {
    await disk.close()
    await rm(dir, { recursive: true, force: true })
  })
  return disk
}

const [own, other] = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
const [self, peer] = [own, other].map(peerIdFromPrivateKey) as [PeerId, PeerId]

function open(disk: Database): Promise<OpenLibp2pStore> {
  return openLibp2pStore(disk, self.toString(), silentLogger)
}

function peerKey(id: PeerId): Key {
  return new Key(`/peers/${id.toCID().toString(base32)}`)
}

function providerKey(id: PeerId, digest = new Uint8Array(32).fill(7)): Key {
  const multihash = base32.baseEncode(rendezvousCid(digest).multihash.bytes)
  return new Key(`/dht/provider/${multihash}/${id.toString()}`)
}

async function keysIn(store: Libp2pStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.queryKeys({ prefix })) keys.push(key.toString())
  return keys.sort()
}

async function hostOn(store: OpenLibp2pStore, privateKey: PrivateKey = own): Promise<Host> {
  const options = { privateKey, listen: [LOOPBACK], dht: true, mdns: false, inboundConnectionsPerSecond: 1000 }
  return must(await createHost(options, { datastore: store.datastore, log: silentLogger }))
}

test('peers and provider records are there after a restart, and what was deleted is not', async () => {
  const disk = await tempDisk()
  const before = await open(disk)
  const third = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  for (const id of [peer, third, self]) await before.datastore.put(peerKey(id), Uint8Array.of(1, 2))
  await before.datastore.put(providerKey(peer), Uint8Array.of(3))
  await before.datastore.put(providerKey(third), Uint8Array.of(3))
  await before.datastore.flush()
  await before.datastore.delete(peerKey(third))
  await before.datastore.put(peerKey(peer), Uint8Array.of(4))
  await before.close()
  const { datastore } = await open(disk)
  expect(await keysIn(datastore)).toEqual([peerKey(peer), peerKey(self), providerKey(peer)].map(String).sort())
  expect(await datastore.get(peerKey(peer))).toEqual(Uint8Array.of(4))
  await expect(datastore.get(peerKey(third))).rejects.toMatchObject({ name: 'NotFoundError' })
  // The provider went with the peer: its record would lead to no address.
  const rendezvous = providerKey(peer).toString().split('/').slice(0, 4).join('/')
  expect(await keysIn(datastore, rendezvous)).toEqual([providerKey(peer).toString()])
})

test('nothing else is kept, and nothing larger', async () => {
  const { datastore } = await open(await tempDisk())
  const long = base32.baseEncode(Buffer.concat([Buffer.of(0, 0xc0, 0x9a, 0x0c), Buffer.alloc(200_000)]))
  const short = base32.baseEncode(Buffer.concat([Buffer.of(0x13, 32), Buffer.alloc(32)]))
  const bad = ['/dht/record/x', '/peers/x', '/pubsub/x', '/x', `${providerKey(peer).toString()}/x`, '/dht/provider/x']
  for (const multihash of [long, short]) bad.push(`/dht/provider/${multihash}/${peer.toString()}`)
  for (const key of bad) await expect(datastore.put(new Key(key), Uint8Array.of(1))).rejects.toBeInstanceOf(NotKept)
  await expect(datastore.put(peerKey(peer), new Uint8Array(PEER_ROW_BYTES + 1))).rejects.toBeInstanceOf(NotKept)
  await datastore.put(peerKey(peer), new Uint8Array(PEER_ROW_BYTES))
  expect(await keysIn(datastore)).toEqual([peerKey(peer).toString()])
})

test('fresh ids that come and go are not written, and the disk has what is in memory', async () => {
  const disk = await tempDisk()
  const store = new Libp2pStore(disk.libp2p, self.toString())
  for (let n = 0; n < 300; n++) {
    const id = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    await store.put(peerKey(id), new Uint8Array(100))
    if (n > 0) await store.delete(peerKey(id))
  }
  await store.flush()
  const rows = await disk.datastore.db.keys(rangeOf(LIBP2P_PREFIX)).all()
  expect(rows.map((row) => row.slice(LIBP2P_PREFIX.length - 1))).toEqual(await keysIn(store))
  expect(rows).toHaveLength(1)
})

test('a node starts on rows that are damaged or beyond the bounds, and has the sound ones', async () => {
  const disk = await tempDisk()
  const sound = await open(disk)
  const first = await hostOn(sound)
  const friend = await startHost()
  onTestFinished(() => stopAll([friend]))
  await dial(first, friend)
  const known = async (host: Host): Promise<number> => (await host.libp2p.peerStore.get(friend.peerId)).addresses.length
  await expect.poll(() => known(first), { timeout: 20_000 }).toBe(1)
  await first.stop()
  await sound.close()

  // A protobuf with many addresses of one byte each within the bound; one cut short; noise; keys of nobody.
  const address = Buffer.of(0x0a, 8, 0x0a, 3, 6, 1, 1, 0x18, 0x7f, 0)
  const wide = Buffer.concat(Array.from({ length: 20 * PEER_ADDRESSES }, () => address))
  const rows: readonly [string, Uint8Array][] = [
    [peerKey(peer).toString(), wide],
    [peerKey(peerIdFromPrivateKey(await generateKeyPair('Ed25519'))).toString(), Buffer.of(0x0a, 200, 1)],
    [peerKey(peerIdFromPrivateKey(await generateKeyPair('Ed25519'))).toString(), Buffer.alloc(PEER_ROW_BYTES, 0xff)],
    [peerKey(peerIdFromPrivateKey(await generateKeyPair('Ed25519'))).toString(), Buffer.alloc(10 * PEER_ROW_BYTES)],
    ['/peers/nobody', Buffer.of(1)],
    ['/dht/provider/nothing', Buffer.of(1)],
    [providerKey(peer).toString(), Buffer.of(1)],
  ]
  for (const [key, value] of rows) await disk.datastore.db.put(`${LIBP2P_PREFIX.slice(0, -1)}${key}`, value)
  const mended = await open(disk)
  const host = await hostOn(mended)
  onTestFinished(() => stopAll([host]))
  expect((await host.libp2p.peerStore.all()).map(({ id }) => String(id))).toEqual([friend.peerId.toString()])
  expect(await known(host)).toBe(1)
  await mended.datastore.flush()
  const left = await disk.datastore.db.keys(rangeOf(LIBP2P_PREFIX)).all()
  expect(left.map((row) => row.slice(LIBP2P_PREFIX.length - 1)).sort()).toEqual(await keysIn(mended.datastore))
})

test('rows that libp2p wrote itself in earlier versions are never read, and go', async () => {
  const disk = await tempDisk()
  const { db } = disk.datastore
  for (let n = 0; n < 200; n++) {
    await db.put(`/dht/provider/${String(n)}${'a'.repeat(10_000)}/x`, Buffer.of(1))
    await db.put(`/peers/${String(n)}`, Buffer.alloc(10_000))
  }
  await db.put(peerKey(peer).toString(), Buffer.alloc(200_000))
  const store = await open(disk)
  expect(await keysIn(store.datastore)).toEqual([])
  await expect.poll(() => db.keys({ gte: '/', lt: '/freechains' }).all(), { timeout: 20_000 }).toEqual([])
  expect(await db.keys({ gte: '/freechains0' }).all()).toEqual([])
  await store.close()
})

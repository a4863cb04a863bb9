import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { KEEP_ALIVE } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase, type Database } from '../../../../../src/node/storage/database.ts'
import { openLibp2pStore } from '../../../../../src/node/storage/open-libp2p-store.ts'
import { createHost, type Host } from '../../../../../src/node/net/host/host.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { StaticPeers } from '../../../../../src/node/net/discovery/static-peers.ts'
import { must } from '../../../../support/blocks.ts'
import { addressOf, dial, eventually, LOOPBACK, startHosts, stopAll } from '../../../../support/hosts.ts'

async function tempDisk(): Promise<Database> {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  const disk = must(await openDatabase(dir))
  onTestFinished(async () => {
    await disk.close()
    await rm(dir, { recursive: true, force: true })
  })
  return disk
}

async function keptBy(host: Host): Promise<string[]> {
  const known = await host.libp2p.peerStore.all()
  return known
    .filter(({ tags }) => [...tags.keys()].some((tag) => tag.startsWith(KEEP_ALIVE)))
    .map(({ id }) => String(id))
}

test('a peer that was kept in the run before is neither tagged nor dialled by libp2p at the next start', async () => {
  const [kept, other] = (await startHosts(2)) as [Host, Host]
  const privateKey = await generateKeyPair('Ed25519')
  const self = peerIdFromPrivateKey(privateKey).toString()
  const store = await openLibp2pStore(await tempDisk(), self, silentLogger)
  onTestFinished(() => store.close())
  const start = async (): Promise<Host> =>
    must(
      await createHost(
        { privateKey, listen: [LOOPBACK], dht: false, mdns: false, inboundConnectionsPerSecond: 1000 },
        { datastore: store.datastore, log: silentLogger },
      ),
    )
  const before = await start()
  const staticPeers = new StaticPeers({ host: before, log: silentLogger })
  staticPeers.add(addressOf(kept))
  await eventually(
    () => kept.isConnected(before.peerId.toString()),
    (changed) => kept.onConnect(changed),
  )
  await expect.poll(() => keptBy(before), { timeout: 20_000 }).toEqual([kept.peerId.toString()])
  await staticPeers.stop()
  await before.stop()
  await eventually(
    () => !kept.isConnected(before.peerId.toString()),
    (changed) => kept.onDisconnect(changed),
  )

  const after = await start()
  onTestFinished(() => stopAll([after, kept, other]))
  expect(await keptBy(after)).toEqual([])
  // libp2p's own dials start at once: before this one.
  await dial(after, other)
  expect(after.isConnected(kept.peerId.toString())).toBe(false)
})

test('a peer that is removed is neither tagged nor connected any more, and libp2p has no address to try', async () => {
  const [host, kept, other] = (await startHosts(3)) as [Host, Host, Host]
  onTestFinished(() => stopAll([host, kept, other]))
  const staticPeers = new StaticPeers({ host, log: silentLogger, random: () => 0 })
  for (const peer of [kept, other]) staticPeers.add(addressOf(peer))
  await expect.poll(async () => (await keptBy(host)).length, { timeout: 20_000 }).toBe(2)
  await staticPeers.remove(addressOf(kept))
  expect(await keptBy(host)).toEqual([other.peerId.toString()])
  expect(host.isConnected(kept.peerId.toString())).toBe(false)
  expect((await host.libp2p.peerStore.get(kept.peerId)).addresses).toEqual([])
  expect(staticPeers.states().map(({ peer }) => peer)).toEqual([other.peerId.toString()])
  // It may reconnect by itself, and is static again when it is added again.
  staticPeers.add(addressOf(kept))
  await expect.poll(async () => (await keptBy(host)).length, { timeout: 20_000 }).toBe(2)
  await staticPeers.stop()
})

test('a peer that is kept at another address too stays connected', async () => {
  const [host, kept] = (await startHosts(2)) as [Host, Host]
  onTestFinished(() => stopAll([host, kept]))
  const staticPeers = new StaticPeers({ host, log: silentLogger })
  const whole = addressOf(kept)
  const bare = whole.decapsulate(`/p2p/${kept.peerId.toString()}`)
  for (const address of [whole, bare]) staticPeers.add(address)
  await expect
    .poll(() => staticPeers.states().map(({ peer }) => peer), { timeout: 20_000 })
    .toEqual([kept.peerId.toString(), kept.peerId.toString()])
  await staticPeers.remove(whole)
  expect([host.isConnected(kept.peerId.toString()), await keptBy(host)]).toEqual([true, [kept.peerId.toString()]])
  await staticPeers.stop()
})

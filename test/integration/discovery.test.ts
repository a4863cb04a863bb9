import { afterEach, expect, test, vi } from 'vitest'
import type { Multiaddr } from '@multiformats/multiaddr'
import { Discovery } from '../../src/node/net/discovery/discovery.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import type { PeerCacheStore } from '../../src/node/net/discovery/peer-cache.ts'
import { addressOf, dial, eventually, soon, startHost, startHosts, stopAll } from '../support/hosts.ts'

const RENDEZVOUS = new Uint8Array(32).fill(7)
const OTHER = new Uint8Array(32).fill(8)
const IN_TIME = { timeout: 20_000 }

let hosts: Host[] = []
let discoveries: Discovery[] = []
afterEach(async () => {
  await Promise.all(discoveries.map((discovery) => discovery.stop()))
  await stopAll(hosts)
  hosts = []
  discoveries = []
})

async function discover(
  host: Host,
  options: { dht?: boolean; peers?: readonly Multiaddr[]; store?: PeerCacheStore } = {},
): Promise<Discovery> {
  const { dht = true, peers = [], store } = options
  const discovery = new Discovery(
    { dht, cachePeers: store !== undefined, peers },
    { host, log: silentLogger, random: () => 0, ...(store === undefined ? {} : { store }) },
  )
  discoveries.push(discovery)
  await discovery.start()
  return discovery
}

function connected(host: Host, other: Host): Promise<void> {
  return eventually(
    () => host.isConnected(other.peerId.toString()),
    (changed) => host.onConnect(changed),
  )
}

test('nodes that know one bootstrap address find the others of their chain through the DHT, and a lookup names only those', async () => {
  hosts = await startHosts(4, { dht: true })
  const [bootstrap, a, c, stranger] = hosts as [Host, Host, Host, Host]
  const found: Discovery[] = []
  for (const host of [a, c, stranger]) found.push(await discover(host, { peers: [addressOf(bootstrap)] }))
  const [ofA, ofC, ofStranger] = found as [Discovery, Discovery, Discovery]
  ofStranger.join(OTHER)
  ofA.join(RENDEZVOUS)
  ofC.join(RENDEZVOUS)
  await connected(a, c)
  await connected(c, a)
  const lookup = async (): Promise<string[]> => (await ofA.lookup(RENDEZVOUS, { signal: soon() })).map(String)
  await vi.waitFor(async () => expect(await lookup()).toEqual([c.peerId.toString()]), IN_TIME)
  await ofC.leave(RENDEZVOUS)
})

test('a lookup without anybody to ask ends with its signal', async () => {
  hosts = [await startHost({ dht: true })]
  const discovery = await discover(hosts[0]!)
  expect(await discovery.lookup(RENDEZVOUS, { signal: AbortSignal.timeout(50) })).toEqual([])
})

test('with the DHT off nothing is asked', async () => {
  hosts = [await startHost()]
  const discovery = await discover(hosts[0]!, { dht: false })
  discovery.join(RENDEZVOUS)
  expect(await discovery.lookup(RENDEZVOUS, { signal: soon() })).toEqual([])
  await discovery.leave(RENDEZVOUS)
})

test('a peer that shared a chain is remembered by an address that can be dialled, whoever dialled first', async () => {
  hosts = await startHosts(3)
  const [a, b, c] = hosts as [Host, Host, Host]
  const saved = Promise.withResolvers<readonly string[]>()
  let list: readonly string[] = []
  const store: PeerCacheStore = {
    load: async () => list,
    save: async (addresses) => {
      list = addresses
      if (list.length === 2) saved.resolve(list)
    },
  }
  const first = await discover(a, { dht: false, store })
  await dial(a, b)
  await dial(c, a)
  const addressesOf = async (peer: Host): Promise<number> =>
    (await a.libp2p.peerStore.get(peer.peerId)).addresses.length
  await vi.waitFor(async () => expect(await Promise.all([addressesOf(b), addressesOf(c)])).toEqual([1, 1]), IN_TIME)
  first.noteChainPeer(b.peerId)
  first.noteChainPeer(c.peerId)
  expect([...(await saved.promise)].sort()).toEqual([addressOf(b), addressOf(c)].map(String).sort())

  const later = await startHost()
  hosts.push(later)
  await discover(later, { dht: false, store: { ...store, load: async () => ['/nonsense', ...list] } })
  await connected(later, b)
  await connected(later, c)
})

test('a peer that is added by hand is dialled at once and kept', async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  const discovery = await discover(a, { dht: false })
  discovery.addPeer(addressOf(b))
  await connected(a, b)
  await a.libp2p.hangUp(b.peerId)
  await connected(a, b)
})

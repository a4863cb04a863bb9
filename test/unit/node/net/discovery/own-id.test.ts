/** §9 This node's own id at addresses of others: whoever tells it, it is looked at who is there. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { Discovery } from '../../../../../src/node/net/discovery/discovery.ts'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import { UsefulPeers } from '../../../../../src/node/net/host/useful-peers.ts'
import { OWN_ID_ADDRESSES } from '../../../../../src/protocol/peer-limits.ts'

const somebody = async (): Promise<PeerId> => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const lan = (n: number): Multiaddr => multiaddr(`/ip4/192.168.1.${String(n)}/tcp/8331`)

/** What was told of its own id to a node with these static peers, which mDNS reports some peers to. */
async function told(self: PeerId, peers: readonly Multiaddr[], reported: readonly PeerInfo[]): Promise<string[][]> {
  let report: (peer: PeerInfo) => void = () => undefined
  const host = {
    peerId: self,
    isConnected: () => false,
    useful: new UsefulPeers(),
    isSelf: (address: Multiaddr) => address.toString().endsWith(self.toString()),
    onLanPeer: (listener: typeof report) => {
      report = listener
      return () => undefined
    },
    connect: () =>
      Promise.resolve({ ok: false, fault: { code: 'PEER_UNREACHABLE', peer: '', why: 'nobody is there' } }),
    libp2p: { peerStore: { merge: () => Promise.resolve() } },
  } as unknown as Host
  const all: string[][] = []
  const onOwnId = (addresses: readonly Multiaddr[]): Promise<void> => {
    all.push(addresses.map(String))
    return Promise.resolve()
  }
  const discovery = new Discovery(
    { dht: false, cachePeers: false, peers },
    { host, log: silentLogger, isLonely: () => false, onOwnId },
  )
  await discovery.start()
  for (const peer of reported) report(peer)
  await discovery.stop()
  return all
}

test('mDNS reports it: so many addresses are looked at, once a minute; other peers are dialled, and not looked at', async () => {
  const [self, other] = [await somebody(), await somebody()]
  const multiaddrs = Array.from({ length: OWN_ID_ADDRESSES + 1 }, (_, n) => lan(n + 1))
  const reported = [other, self, self].map((id) => ({ id, multiaddrs }))
  expect(await told(self, [], reported)).toEqual([multiaddrs.slice(0, OWN_ID_ADDRESSES).map(String)])
})

test('a static address has it', async () => {
  const self = await somebody()
  const own = lan(7).encapsulate(`/p2p/${self.toString()}`)
  expect(await told(self, [own, lan(8)], [])).toEqual([[own.toString()]])
})

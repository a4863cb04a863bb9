import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test } from 'vitest'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import { PeerEdge } from '../../../../../src/node/net/host/peer-edge.ts'
import { DIALS_ASKED, DIALS_WANTED } from '../../../../../src/protocol/peer-limits.ts'
import { dial, startHosts, stopAll } from '../../../../support/hosts.ts'

async function stranger(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

function at(port: number, peer: PeerId): Multiaddr {
  return multiaddr(`/ip4/20.0.0.1/tcp/${String(port)}/p2p/${peer.toString()}`)
}

/** How many of a hundred addresses of a peer are dialled. */
function dialled(edge: PeerEdge, peer: PeerId, from = 1): number {
  return Array.from({ length: 100 }, (_, n) => at(from + n, peer)).filter((address) => !edge.denyDial(address)).length
}

test('dials of the user and of the memory are not counted, those that are wanted have a budget beside the asked ones', async () => {
  const edge = new PeerEdge(() => false)
  const peer = await stranger()
  const count = (): Promise<number> => Promise.resolve(dialled(edge, peer))
  for (const reason of ['user', 'memory'] as const) expect(await edge.dialling(at(1, peer), reason, count)).toBe(100)
  expect(dialled(edge, peer)).toBe(DIALS_ASKED.burst)
  expect(await edge.dialling(peer, 'wanted', () => Promise.resolve(dialled(edge, peer, 1000)))).toBe(DIALS_WANTED.burst)
  // A dial of the user is over when it is, and an address without a peer id is his.
  expect(dialled(edge, peer, 2000)).toBe(0)
  expect(edge.denyDial(multiaddr('/ip4/20.0.0.1/tcp/1'))).toBe(false)
})

test('of what mDNS reports private addresses are believed, and all of it has one budget', async () => {
  const edge = new PeerEdge(() => false)
  const report = async (...texts: string[]): Promise<PeerId | undefined> =>
    edge.fromLan({ id: await stranger(), multiaddrs: texts.map((text) => multiaddr(text)) })?.id
  expect(await report('/ip4/127.0.0.1/tcp/1', '/ip4/20.0.0.1/tcp/1')).toBeUndefined()
  const id = await stranger()
  const multiaddrs = ['/ip4/127.0.0.1/tcp/1', '/ip4/192.168.0.9/tcp/1'].map((text) => multiaddr(text))
  expect(edge.fromLan({ id, multiaddrs })?.multiaddrs.map(String)).toEqual(['/ip4/192.168.0.9/tcp/1'])
  const made = await Promise.all(Array.from({ length: 30 }, () => report('/ip4/192.168.0.9/tcp/1')))
  const denied = made.map((peer, n) =>
    edge.dialling(peer!, 'wanted', () => Promise.resolve(edge.denyDial(at(n, peer!)))),
  )
  expect((await Promise.all(denied)).filter((isDenied) => !isDenied)).toHaveLength(DIALS_WANTED.burst)
})

test('a peer is met on this machine, but not through a proxy, and one that is not connected nowhere', async () => {
  const hosts = (await startHosts(2)) as [Host, Host]
  onTestFinished(() => stopAll(hosts))
  const [host, other] = hosts
  await dial(host, other)
  const met = async (isProxy: boolean): Promise<string | undefined> => {
    const edge = new PeerEdge(() => isProxy)
    await edge.attach(host.libp2p, undefined)
    expect(edge.metWithin(await stranger())).toBeUndefined()
    return edge.metWithin(other.peerId)
  }
  expect([await met(false), await met(true)]).toEqual(['loopback', 'public'])
})

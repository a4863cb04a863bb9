import { chunksReceivedOn } from '../../src/node/net/host/connection-guard.ts'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test } from 'vitest'
import { createHost, type Host } from '../../src/node/net/host/host.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { StaticPeers } from '../../src/node/net/discovery/static-peers.ts'
import { addressOf, dial, eventually, soon, startHost, startHosts, stopAll } from '../support/hosts.ts'

let hosts: Host[] = []
afterEach(async () => {
  await stopAll(hosts)
  hosts = []
})

async function attempt(listen: string): ReturnType<typeof createHost> {
  const privateKey = await generateKeyPair('Ed25519')
  return createHost({ privateKey, listen: [listen], dht: false, mdns: false }, { log: silentLogger })
}

const portOf = (host: Host): string =>
  addressOf(host)
    .getComponents()
    .find(({ name }) => name === 'tcp')?.value ?? ''

test('a port that is in use is a fault that names the address', async () => {
  hosts = [await startHost()]
  const port = portOf(hosts[0]!)
  const second = await attempt(`/ip4/127.0.0.1/tcp/${port}`)
  expect(second).toEqual({ ok: false, fault: { code: 'HOST_PORT_IN_USE', address: `127.0.0.1:${port}` } })
})

test('an address that is none, or of another machine, is a fault with a reason of one line', async () => {
  const bad = await attempt('/ip4/127.0.0.1/tcp')
  expect(bad).toMatchObject({ ok: false, fault: { code: 'HOST_BAD_ADDRESS' } })
  const foreign = await attempt('/ip4/192.0.2.1/tcp/0')
  expect(foreign).toMatchObject({ ok: false, fault: { code: 'HOST_CANNOT_LISTEN' } })
  for (const result of [bad, foreign]) expect(JSON.stringify(result)).not.toContain('\\n')
})

test('a peer that nobody answers for is a fault, not an exception', async () => {
  hosts = await startHosts(2)
  const [host, gone] = hosts as [Host, Host]
  const address = addressOf(gone)
  await gone.stop()
  const result = await host.connect(address, { signal: soon() })
  expect(result).toMatchObject({ ok: false, fault: { code: 'PEER_UNREACHABLE', peer: address.toString() } })
  expect(!result.ok && result.fault.why).toContain('ECONNREFUSED')
})

test('a host name is dialled like an address', async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  const ping = await a.ping(multiaddr(`/dns/localhost/tcp/${portOf(b)}`), { signal: soon() })
  expect(ping.ok && ping.value >= 0).toBe(true)
})

test('several pings of a connection may be under way: the heartbeat of libp2p is one of them', async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  await dial(a, b)
  const pings = await Promise.all([1, 2, 3, 4].map(() => a.ping(b.peerId, { signal: soon() })))
  expect(pings.map(({ ok }) => ok)).toEqual([true, true, true, true])
})

test('what comes on a connection is counted, at both ends: one on which nothing does is ended', async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  await dial(a, b)
  const came = (): number[] =>
    hosts.flatMap(({ libp2p }) => libp2p.getConnections()).map((one) => chunksReceivedOn(one) ?? -1)
  const ping = (): Promise<unknown> => a.ping(b.peerId, { signal: soon() })
  // Then the other end has the connection, too.
  await ping()
  const before = came()
  expect(before).toHaveLength(2)
  await ping()
  expect(came().every((count, end) => count > before[end]! && before[end]! >= 0)).toBe(true)
})

test('a banned peer is hung up on, and can neither dial nor be dialled', async () => {
  hosts = await startHosts(2)
  const [a, b] = hosts as [Host, Host]
  await dial(a, b)
  const isGone = (): boolean => a.connections().length === 0 && b.connections().length === 0
  a.ban(b.peerId.toString())
  await eventually(isGone, (changed) => b.onDisconnect(changed))
  expect((await a.connect(addressOf(b), { signal: soon() })).ok).toBe(false)
  await b.connect(addressOf(a), { signal: soon() })
  await eventually(isGone, (changed) => b.onDisconnect(changed))
})

test('the redial loop finds a peer again that restarts on its port', async () => {
  const privateKey = await generateKeyPair('Ed25519')
  const first = await startHost({ privateKey })
  const address = addressOf(first)
  const listenAgain = `/ip4/127.0.0.1/tcp/${portOf(first)}`
  hosts = [await startHost()]
  const host = hosts[0]!
  const redialler = new StaticPeers({ host, log: silentLogger, random: () => 0 })
  const isConnected = (): boolean => host.isConnected(first.peerId.toString())
  redialler.add(address)
  redialler.add(address)
  await eventually(isConnected, (changed) => host.onConnect(changed))
  await first.stop()
  await eventually(
    () => !isConnected(),
    (changed) => host.onDisconnect(changed),
  )
  hosts.push(await startHost({ privateKey, listen: [listenAgain] }))
  await eventually(isConnected, (changed) => host.onConnect(changed))
  await redialler.stop()
})

test('a node that has itself among its static peers dials nobody and stops cleanly', async () => {
  hosts = [await startHost()]
  const host = hosts[0]!
  const redialler = new StaticPeers({ host, log: silentLogger })
  redialler.add(addressOf(host))
  await redialler.stop()
  expect(host.connections()).toEqual([])
})

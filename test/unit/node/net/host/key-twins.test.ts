/** §9 One key in two places: both nodes learn it, by proof, and nobody else can make a node believe it. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { KeyTwins } from '../../../../../src/node/net/host/key-twins.ts'
import { encodeRequest, RUNNING_PROTOCOL, signedBytes } from '../../../../../src/protocol/running.ts'
import { systemClock } from '../../../../../src/node/base/clock.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import { addressOf, dial, soon, startHost, stopAll } from '../../../../support/hosts.ts'
import { TcpProxy } from '../../../../support/tcp-proxy.ts'

interface Node {
  readonly host: Host
  readonly twins: KeyTwins
  readonly said: string[]
}

const nodes: Node[] = []

async function start(privateKey: Ed25519PrivateKey): Promise<Node> {
  const host = await startHost({ privateKey })
  const said: string[] = []
  const say = (event: string): void => void said.push(event)
  const log = { ...silentLogger, warn: say, error: say }
  const twins = new KeyTwins({ libp2p: host.libp2p, privateKey, clock: systemClock, log })
  await twins.start()
  const node = { host, twins, said }
  nodes.push(node)
  return node
}

afterEach(async () => {
  const all = nodes.splice(0)
  for (const { twins } of all) twins.stop()
  await stopAll(all.map(({ host }) => host))
})

test('two nodes with one key learn it from a third that has both as one peer, and all three say so', async () => {
  const key = await generateKeyPair('Ed25519')
  const [hub, one, two] = [await start(await generateKeyPair('Ed25519')), await start(key), await start(key)]
  await dial(one.host, hub.host)
  expect(one.twins.twin).toBeUndefined()
  await dial(two.host, hub.host)
  const through = hub.host.peerId.toString()
  await vi.waitFor(() => expect([one.twins.twin, two.twins.twin]).toMatchObject([{ through }, { through }]), 20_000)
  expect([one.said, two.said]).toEqual([['node.key-in-two-places'], ['node.key-in-two-places']])
  expect(hub.said).toEqual(['peer.key-in-two-places'])
  expect(hub.twins.twin).toBeUndefined()
})

test('one node with several connections is one node, and so is one that started anew', async () => {
  const key = await generateKeyPair('Ed25519')
  const [hub, one] = [await start(await generateKeyPair('Ed25519')), await start(key)]
  await dial(one.host, hub.host)
  await one.host.libp2p.dial(addressOf(hub.host), { force: true, signal: soon() })
  await one.host.stop()
  const again = await start(key)
  await dial(again.host, hub.host)
  await hub.host.ping(again.host.peerId, { signal: soon() })
  expect([hub.said, one.said, again.said]).toEqual([[], [], []])
})

test('two nodes with one key that no third node meets learn it when one finds its own id at the other’s address', async () => {
  const key = await generateKeyPair('Ed25519')
  const [one, two] = [await start(key), await start(key)]
  await one.twins.probe([addressOf(two.host)])
  expect(one.twins.twin).toMatchObject({ through: addressOf(two.host).toString() })
  await vi.waitFor(() => expect(two.twins.twin).toBeDefined())
  expect([one.said, two.said]).toEqual([['node.key-in-two-places'], ['node.key-in-two-places']])
})

test('a node that finds itself by another way, somebody else, or nobody at such an address says nothing', async () => {
  const [one, other] = [await start(await generateKeyPair('Ed25519')), await start(await generateKeyPair('Ed25519'))]
  // As a router does that turns packets back, or the port of a container.
  const hairpin = await TcpProxy.open()
  const port = addressOf(one.host)
    .getComponents()
    .find(({ name }) => name === 'tcp')?.value
  hairpin.target = Number(port)
  const ways = [hairpin.port, 1].map((at) => multiaddr(`/ip4/127.0.0.1/tcp/${String(at)}`))
  await one.twins.probe([addressOf(one.host), ...ways, addressOf(other.host)])
  expect(hairpin.passed.back).toBeGreaterThan(0)
  await hairpin.close()
  expect([one.twins.twin, one.said, other.said]).toEqual([undefined, [], []])
})

test('nobody makes a node believe it without the key, nor by what it or an earlier run signed', async () => {
  const [victimKey, strangerKey] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
  const [victim, stranger] = [await start(victimKey), await start(strangerKey)]
  const connection = await stranger.host.libp2p.dial(addressOf(victim.host), { signal: soon() })
  const tell = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const stream = await connection.newStream(RUNNING_PROTOCOL, { signal: soon() })
    const parts: Uint8Array[] = []
    const ended = new Promise<void>((resolve) => {
      stream.addEventListener('message', ({ data }) => void parts.push(data.subarray()))
      stream.addEventListener('remoteCloseWrite', () => resolve())
      stream.addEventListener('close', () => resolve())
    })
    stream.send(bytes)
    await stream.close({ signal: soon() })
    await ended
    return Uint8Array.from(Buffer.concat(parts))
  }
  const none = new Uint8Array(16)
  const shown = await tell(none)
  const run = shown.slice(0, 16)
  const fake = new Uint8Array(16).fill(7)
  const claims = [
    { run: fake, signature: await strangerKey.sign(signedBytes(fake, run)) },
    { run, signature: shown.slice(16) },
    // What an earlier run signed about another one.
    { run: fake, signature: await victimKey.sign(signedBytes(fake, none)) },
  ]
  for (const other of claims) expect(await tell(encodeRequest({ about: none, other }))).toHaveLength(80)
  for (const bad of [0, 15, 17, 95, 97, 5_000]) expect(await tell(new Uint8Array(bad))).toHaveLength(0)
  expect([victim.twins.twin, victim.said]).toEqual([undefined, []])
  const proof = { run: fake, signature: await victimKey.sign(signedBytes(fake, run)) }
  await tell(encodeRequest({ about: none, other: proof }))
  await vi.waitFor(() => expect(victim.said).toEqual(['node.key-in-two-places']))
})

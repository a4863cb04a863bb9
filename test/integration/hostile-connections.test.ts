/**
 * Connections by strangers, before and below all protocols (spec §8, §9): silent ones, many of one address, and frames of the
 * multiplexer that carry nothing. An honest peer is served meanwhile.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Connection, Stream } from '@libp2p/interface'
import { afterEach, describe, expect, test } from 'vitest'
import type { Host } from '../../src/node/net/host/host.ts'
import type { ProtocolFault } from '../../src/protocol/faults.ts'
import {
  CONNECTION_UNSENT_BYTES,
  CONNECTIONS_PER_PEER,
  CONTROL_FRAMES,
  CONTROL_UNSENT_BYTES,
  PENDING_CONNECTIONS,
  REFUSED_PROTOCOLS,
  SMALL_FRAMES,
  UPGRADE_TIMEOUT_MS,
} from '../../src/protocol/stream-limits.ts'
import { addressOf, dial, eventually, soon, startHost, startHosts, stopAll } from '../support/hosts.ts'
import type { Multiplexer } from '../support/stranger.ts'

/** A stream on which nothing moves for so long is paused by the other side. */
const STALLED_MS = 2_000

let hosts: Host[] = []
let sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await stopAll(hosts)
  hosts = []
  sockets = []
})

async function start(...options: readonly Parameters<typeof startHost>[0][]): Promise<Host[]> {
  const started = await Promise.all(options.map((one) => startHost(one)))
  hosts.push(...started)
  return started
}

/** TCP from another address of this machine; it says nothing. */
async function silent(to: Host, localAddress = '127.0.0.2'): Promise<Socket> {
  const port = addressOf(to)
    .getComponents()
    .find(({ name }) => name === 'tcp')?.value
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress })
  sockets.push(socket)
  socket.on('error', () => undefined).resume()
  await once(socket, 'connect')
  return socket
}

/** When the other side has closed it, by whatever means. */
function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  socket.once('close', () => resolve(undefined))
  return promise
}

/** A new connection, and a round trip over it. */
async function visit(from: Host, to: Host): Promise<void> {
  await from.libp2p.hangUp(to.peerId)
  await dial(from, to)
  const ping = await from.ping(to.peerId, { signal: soon() })
  if (!ping.ok) throw new Error(ping.fault.why)
}

interface Under {
  readonly muxer: Multiplexer
  readonly maConn: { readonly socket: Socket }
}

/** What lies under the connection from one host to another. */
function under(from: Host, to: Host): Under {
  const [connection] = from.libp2p.getConnections(to.peerId)
  return connection as unknown as Under
}

function connectionsOf(host: Host, peer: Host): Connection[] {
  return host.libp2p.getConnections(peer.peerId).filter(({ status }) => status === 'open')
}

async function untilGone(host: Host, peer: Host): Promise<void> {
  await eventually(
    () => connectionsOf(host, peer).length === 0,
    (changed) => host.onDisconnect(changed),
  )
}

describe('connections that say nothing', () => {
  test('as many as there are places, and on: who comes meanwhile is served each time', async () => {
    const [node, honest] = await start({ pendingInboundConnections: PENDING_CONNECTIONS }, {})
    const first = await silent(node!)
    const firstClosed = closed(first)
    for (let n = 0; n < PENDING_CONNECTIONS; n += 1) await silent(node!)
    for (let visits = 0; visits < 10; visits += 1) {
      await visit(honest!, node!)
      await silent(node!)
    }
    await firstClosed
  })

  test('one is ended when the time of an upgrade is over', async () => {
    const [node] = await start({})
    const startMs = performance.now()
    const socket = await silent(node!)
    await closed(socket)
    // Timers of the two processes' clocks may differ by a little.
    expect(performance.now() - startMs).toBeGreaterThan(UPGRADE_TIMEOUT_MS / 2)
  })
})

describe('all slots taken from one address', () => {
  const SLOTS = 6

  async function full(): Promise<{ readonly node: Host; readonly strangers: readonly Host[] }> {
    const [node] = await start({ maxConnections: SLOTS })
    const strangers = await startHosts(SLOTS)
    hosts.push(...strangers)
    for (const stranger of strangers) {
      await dial(stranger, node!)
      // It holds streams, which speak no protocol.
      const { muxer } = under(stranger, node!)
      for (let streams = 0; streams < 6; streams += 1) await muxer.createStream()
    }
    await eventually(
      () => node!.connections().length === SLOTS,
      (changed) => node!.onConnect(changed),
    )
    return { node: node!, strangers }
  }

  test('newcomers get in, and the number of connections stays', async () => {
    const { node } = await full()
    const newcomers = await startHosts(3)
    hosts.push(...newcomers)
    for (const newcomer of newcomers) {
      await visit(newcomer, node)
      expect(node.libp2p.getConnections().length).toBeLessThanOrEqual(SLOTS)
    }
  })

  test('a peer that the node dials and a static one get in, and stay while strangers come', async () => {
    const { node, strangers } = await full()
    const [friend, kept] = (await start({}, {})) as [Host, Host]
    node.useful.askWhoIsStatic((peer) => peer === kept.peerId.toString())
    await dial(node, friend)
    await visit(kept, node)
    const [toFriend, toKept] = [connectionsOf(node, friend)[0], connectionsOf(node, kept)[0]]
    for (const stranger of strangers) await visit(stranger, node)
    expect([toFriend?.status, toKept?.status]).toEqual(['open', 'open'])
    expect(node.libp2p.getConnections().length).toBeLessThanOrEqual(SLOTS)
  })

  test('one peer has so many connections, and the newest of them', async () => {
    const [node, greedy] = (await start({}, {})) as [Host, Host]
    for (let n = 0; n <= CONNECTIONS_PER_PEER; n += 1) {
      const again = (): Promise<Connection> => greedy.libp2p.dial(addressOf(node), { force: true, signal: soon() })
      const dialled = await greedy.dialling(addressOf(node), again)
      expect(dialled.status).toBe('open')
    }
    expect(connectionsOf(node, greedy).length).toBeLessThanOrEqual(CONNECTIONS_PER_PEER)
    expect((await greedy.ping(node.peerId, { signal: soon() })).ok).toBe(true)
  })
})

/** Whether all that was written to a stream is on its way, or nothing moves any more. */
function drains(stream: Stream): Promise<boolean> {
  if (stream.writeBufferLength === 0) return Promise.resolve(true)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), STALLED_MS)
  stream.addEventListener('idle', () => resolve(true), { once: true })
  return promise.finally(() => clearTimeout(timer))
}

describe('frames of the multiplexer', () => {
  const [DATA, WINDOW, PING, GO_AWAY] = [0, 1, 2, 3]

  function frame(type: number, flags: number, stream: number, length: number, data = ''): Uint8Array {
    const bytes = Buffer.alloc(12 + data.length)
    bytes[1] = type
    bytes.writeUInt16BE(flags, 2)
    bytes.writeUInt32BE(stream, 4)
    bytes.writeUInt32BE(length, 8)
    bytes.write(data, 12)
    return bytes
  }

  async function met(): Promise<{ node: Host; stranger: Host; honest: Host; faults: ProtocolFault[] }> {
    const [node, stranger, honest] = (await start({}, {}, {})) as [Host, Host, Host]
    const faults: ProtocolFault[] = []
    node.onBreach((_peer, fault) => void faults.push(fault))
    await dial(stranger, node)
    // The node has the connection by then.
    await stranger.ping(node.peerId, { signal: soon() })
    return { node, stranger, honest, faults }
  }

  const FLOODS = [
    { title: 'pings', one: frame(PING, 1, 0, 7), count: 2 * CONTROL_FRAMES.burst },
    { title: 'window updates', one: frame(WINDOW, 0, 1, 1), count: 2 * CONTROL_FRAMES.burst },
    { title: 'resets', one: frame(WINDOW, 8, 9, 0), count: 2 * CONTROL_FRAMES.burst },
    { title: 'data of no length', one: frame(DATA, 0, 1, 0), count: 2 * CONTROL_FRAMES.burst },
    { title: 'data of one byte', one: frame(DATA, 0, 999, 1, 'x'), count: 2 * SMALL_FRAMES.burst },
  ]

  test.each(FLOODS)('$title: cut off and blamed, whether it reads the answers or not', async ({ one, count }) => {
    const { node, stranger, honest, faults } = await met()
    for (const isDeaf of [false, true]) {
      if (isDeaf) await dial(stranger, node)
      const { muxer, maConn } = under(stranger, node)
      if (isDeaf) maConn.socket.pause()
      muxer.maConn.send(Buffer.concat(Array.from({ length: count }, () => one)))
      await visit(honest, node)
      await eventually(
        () => connectionsOf(node, stranger).length === 0,
        (changed) => node.onDisconnect(changed),
      )
      maConn.socket.destroy()
      await untilGone(stranger, node)
    }
    expect(faults).toEqual([{ code: 'FRAME_FLOOD' }, { code: 'FRAME_FLOOD' }])
  })

  test('protocols that the node does not speak, asked for by the thousand on one stream: cut off and blamed', async () => {
    const { node, stranger, honest, faults } = await met()
    const stream = await under(stranger, node).muxer.createStream()
    const line = (text: string): Buffer => Buffer.from(`${String.fromCharCode(text.length + 1)}${text}\n`)
    const asked = Array.from({ length: 4 * REFUSED_PROTOCOLS.burst }, () => line('/x'))
    stream.send(Buffer.concat([line('/multistream/1.0.0'), ...asked]))
    await untilGone(node, stranger)
    await visit(honest, node)
    expect(faults).toEqual([{ code: 'FRAME_FLOOD' }])
  })

  test('what waits below streams for a peer that does not read is bounded, and nobody is blamed', async () => {
    const { node, stranger, honest, faults } = await met()
    under(stranger, node).maConn.socket.pause()
    const { maConn } = under(node, stranger).muxer
    const some = Buffer.alloc(CONTROL_UNSENT_BYTES / 4)
    const data = Buffer.concat([frame(DATA, 0, 9, some.byteLength), some])
    // Sockets of this machine take some megabytes first.
    for (let n = 0; n < 256 && connectionsOf(node, stranger).length > 0; n += 1) maConn.send(data)
    expect(connectionsOf(node, stranger)).toHaveLength(0)
    await visit(honest, node)
    expect(faults).toEqual([])
  })

  test('what waits on all streams of a peer that does not read is bounded, and nobody is blamed', async () => {
    const { node, stranger, honest, faults } = await met()
    const { muxer, maConn } = under(stranger, node)
    maConn.socket.pause()
    const some = new Uint8Array(1024 * 1024)
    for (let sent = 0; sent < 4 * CONNECTION_UNSENT_BYTES; sent += some.byteLength) {
      const stream = await under(node, stranger).muxer.createStream()
      stream.send(some)
    }
    expect(connectionsOf(node, stranger)).toHaveLength(1)
    muxer.maConn.send(frame(PING, 1, 0, 7))
    await untilGone(node, stranger)
    await visit(honest, node)
    expect(faults).toEqual([])
  })

  test('what is poured into a ping whose answers nobody reads is not kept: the stream is paused', async () => {
    const { node, stranger } = await met()
    const stream = await stranger.libp2p.dialProtocol(node.peerId, '/ipfs/ping/1.0.0', { signal: soon() })
    stream.pause()
    stream.pause()
    const some = new Uint8Array(64 * 1024)
    let sent = 0
    // The answers fill this end's window, then the node's queue; then its window for what is poured runs out.
    do {
      stream.send(some)
      sent += some.byteLength
    } while (sent < 64 * 1024 * 1024 && (await drains(stream)))
    expect(sent).toBeLessThan(16 * 1024 * 1024)
    expect(connectionsOf(node, stranger)).toHaveLength(1)
  })

  test('after a goodbye the connection is closed: it would hold its slot, and no stream can be opened on it', async () => {
    const { node, stranger, faults } = await met()
    under(stranger, node).muxer.maConn.send(frame(GO_AWAY, 0, 0, 0))
    await untilGone(node, stranger)
    expect(faults).toEqual([])
  })
})

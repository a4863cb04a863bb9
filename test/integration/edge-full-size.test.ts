/**
 * What a stranger can send below and beside the protocols of sync (spec §7, §9), at the sizes that once stopped a node: each
 * within bounds of memory, CPU time and disk, and the node answers. Bounds and blame have tests of their own, beside the rules
 * and in `hostile-connections`; this is only for the nightly run.
 */
import { randomBytes } from 'node:crypto'
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { encode } from 'it-length-prefixed'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Host } from '../../src/node/net/host/host.ts'
import { KAD_PROTOCOL } from '../../src/protocol/messages.ts'
import { Playground, type Daemon } from '../support/daemon.ts'
import { IS_NIGHTLY } from '../support/flood.ts'
import { Footprint } from '../support/footprint.ts'
import { soon, startHost } from '../support/hosts.ts'
import { encodeKad } from '../support/kad-wire.ts'
import type { Multiplexer } from '../support/stranger.ts'

const MIB = 1024 * 1024

/** A heap in which the garbage collector has to keep up: what is kept beyond it ends the daemon. */
const HEAP = '--max-old-space-size=128'
const MEMORY_BYTES = 128 * MIB
/** Records and peers within their bounds, in a database that is a log and has yet to tidy up. */
const DISK_BYTES = 16 * MIB
/** Each attack that counted on the node's CPU took it for 10 to 93 s. */
const CPU_MS = 8_000

let playground: Playground
let node: Daemon

beforeAll(async () => {
  if (!IS_NIGHTLY) return
  playground = await Playground.open()
  vi.stubEnv('NODE_OPTIONS', HEAP)
  node = await playground.start('node', { discovery: { dht: true } })
  vi.unstubAllEnvs()
  // What only the first connection costs is in before anybody measures.
  await stranger((connection) => connection.close({ signal: soon() }))
})

afterAll(async () => {
  if (IS_NIGHTLY) await playground.close()
})

/** Somebody new does this on a connection of his own, and goes. What the node cuts off is over; that is its right. */
async function stranger(
  act: (connection: Connection, host: Host) => Promise<unknown>,
  prepare?: (host: Host) => Promise<unknown>,
): Promise<void> {
  const host = await startHost({ listen: [] })
  try {
    await prepare?.(host)
    const connection = await host.libp2p.dial(multiaddr(node.addresses[0]), { signal: soon() })
    await act(connection, host).catch(() => undefined)
  } finally {
    await host.stop()
  }
}

async function withstands(attack: () => Promise<void>): Promise<Footprint> {
  const footprint = await Footprint.of(node)
  await attack()
  // The answer comes after what is under way; a node that was killed or hangs gives none.
  await node.client.call('host.now', {})
  await stranger((connection) => connection.close({ signal: soon() }))
  expect(await footprint.peakGrowth()).toBeLessThan(MEMORY_BYTES)
  expect(await footprint.diskGrowth()).toBeLessThan(DISK_BYTES)
  return footprint
}

/** Sends what `next` makes, so many times, for as long as the stream is open; waits while it is full. */
async function pour(stream: Stream, times: number, next: () => Uint8Array): Promise<void> {
  for (let n = 0; n < times && stream.status === 'open'; n += 1) {
    if (!stream.send(next())) await stream.onDrain({ signal: soon() })
  }
  await stream.close({ signal: soon() })
}

const field = (number: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of(number * 8 + 2), encode.single(bytes).subarray()])

/** An address of this machine, in bytes: `/ip4/127.x.y.z/tcp/…`. */
const someAddress = (n: number): Uint8Array =>
  Buffer.from([4, 127, n >> 16, (n >> 8) & 255, n & 255, 6, 1 + (n & 127), n & 255])

const times = (count: number, act: () => Promise<void>): (() => Promise<void>) => {
  return async () => {
    for (let n = 0; n < count; n += 1) await act()
  }
}

describe.runIf(IS_NIGHTLY)('a stranger', () => {
  test('says in identify that it has 16,000 addresses, five times: 10 s of CPU each', async () => {
    const liar = (): Promise<void> =>
      stranger(
        async (connection, host) => {
          await expect.poll(() => asked.has(host), { timeout: 20_000 }).toBe(true)
          await connection.close({ signal: soon() })
        },
        async (host) => {
          const { publicKey } = host.peerId
          if (publicKey === undefined) return
          await host.libp2p.unhandle('/ipfs/id/1.0.0')
          await host.libp2p.handle('/ipfs/id/1.0.0', async (stream) => {
            for (let message = 0; message < 10; message += 1) {
              const addresses = Array.from({ length: 800 }, (_, n) => field(2, someAddress(message * 800 + n)))
              const key = field(1, publicKeyToProtobuf(publicKey))
              stream.send(encode.single(Buffer.concat([key, ...addresses])).subarray())
            }
            await stream.close({ signal: soon() })
            asked.add(host)
          })
        },
      )
    const asked = new Set<Host>()
    const footprint = await withstands(times(5, liar))
    expect(asked.size).toBe(5)
    expect(await footprint.cpuMs()).toBeLessThan(CPU_MS)
  }, 300_000)

  test('tells the DHT of peers with 40,000 addresses in one message, or with many in each of 2,000: 93 s of CPU', async () => {
    const closer = (count: number): { id: Uint8Array; addresses: Uint8Array[] }[] => [
      { id: Buffer.concat([Buffer.of(0x12, 0x20), randomBytes(32)]), addresses: addresses.slice(0, count) },
    ]
    const addresses = Array.from({ length: 40_000 }, (_, n) => someAddress(n))
    const lookup = (count: number): Uint8Array =>
      encode.single(encodeKad({ type: 'FIND_NODE', key: randomBytes(32), closer: closer(count) })).subarray()
    const footprint = await withstands(async () => {
      for (const [count, messages] of [
        [40_000, 1],
        [600, 2_000],
      ] as const) {
        await stranger(async (connection) => {
          const stream = await connection.newStream(KAD_PROTOCOL, { signal: soon() })
          await pour(stream, messages, () => lookup(count))
        })
      }
    })
    expect(await footprint.cpuMs()).toBeLessThan(CPU_MS)
  }, 300_000)

  test('provides keys of 200 KiB, and ever so many of the right form: 90 MiB on the disk', async () => {
    await withstands(async () => {
      for (const [key, messages] of [
        [() => randomBytes(200_000), 400],
        [() => Buffer.concat([Buffer.of(0x12, 0x20), randomBytes(32)]), 20_000],
      ] as const) {
        await stranger(async (connection, host) => {
          const providers = [{ id: host.peerId.toMultihash().bytes, addresses: [someAddress(1)] }]
          const stream = await connection.newStream(KAD_PROTOCOL, { signal: soon() })
          const message = (): Uint8Array =>
            encode.single(encodeKad({ type: 'ADD_PROVIDER', key: key(), providers })).subarray()
          await pour(stream, messages, message)
        })
      }
    })
  }, 300_000)

  test('says 34 MiB on topics that nobody joined, in small messages: 3.5 GiB of memory', async () => {
    const rpc = (): Uint8Array => {
      const messages = Array.from({ length: 64 }, () => ({ data: randomBytes(64), topic: 'nobody joined it' }))
      return encode.single(RPC.encode({ subscriptions: [], messages })).subarray()
    }
    let sent = 0
    await withstands(async () => {
      while (sent < 34 * MIB) {
        await stranger(async (connection) => {
          const stream = await connection.newStream('/meshsub/1.2.0', { signal: soon() })
          await pour(stream, Math.ceil((34 * MIB - sent) / rpc().byteLength), () => {
            const bytes = rpc()
            sent += bytes.byteLength
            return bytes
          })
        })
      }
    })
  }, 300_000)

  test.each([{ isDeaf: false }, { isDeaf: true }])(
    'pings in yamux by the million, deaf: $isDeaf: 34 s of CPU, or 1.5 GiB of memory',
    async ({ isDeaf }) => {
      const ping = Buffer.from([0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7])
      const pings = Buffer.concat(Array.from({ length: 5_000 }, () => ping))
      const flood = (): Promise<void> =>
        stranger(async (connection) => {
          const { muxer, maConn } = connection as unknown as {
            muxer: Multiplexer
            maConn: { socket: { pause(): void } }
          }
          if (isDeaf) maConn.socket.pause()
          // Two thousand times 5,000 are what a node that cuts nobody off would have to answer.
          for (let n = 0; n < 2_000 && connection.status === 'open'; n += 1) {
            muxer.maConn.send(pings)
            await new Promise((resolve) => setImmediate(resolve))
          }
        })
      const footprint = await withstands(times(5, flood))
      expect(await footprint.cpuMs()).toBeLessThan(CPU_MS)
    },
    300_000,
  )
})

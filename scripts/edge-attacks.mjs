// What a stranger does to the edge of a node, for `edge-latency.mjs`: one attack, in a process of its own, until it is ended.
// Arguments: its name, the address of the node. A stranger who is cut off or banned comes again under another id. It says on
// stdout when it begins, and how much of it there was.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { encode } from 'it-length-prefixed'
import '../dist/node/base/polyfill.js'
import { startHost } from '../test/support/hosts.ts'
import { encodeKad } from '../test/support/kad-wire.ts'

const KAD = '/freechains/kad/1.0.0'
const GOSSIP = '/meshsub/1.2.0'
const IDENTIFY = '/ipfs/id/1.0.0'
const DEADLINE_MS = 10_000
/** Between two strangers: a node takes five new connections a second of one address. */
const COME_AGAIN_MS = 100
/** Silent connections at once, 256 of which have a place, and before one that was closed comes again. */
const SILENT = 300
const SILENT_AGAIN_MS = 500

const { positionals } = parseArgs({ allowPositionals: true })
const [attack, address] = positionals
const node = multiaddr(address)
const peer = node.getComponents().find(({ name }) => name === 'p2p').value
const signal = () => AbortSignal.timeout(DEADLINE_MS)
const framed = (bytes) => encode.single(bytes).subarray()

/** A protobuf field of bytes. */
const field = (number, bytes) => Buffer.concat([Buffer.of(number * 8 + 2), framed(bytes)])

let count = 0
const random = (bytes) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)))
/** A loopback address of some port, as a peer tells it. */
const someAddress = (n) => Buffer.from([4, 127, 0, n >> 16, 1 + ((n >> 8) & 127), 6, (n >> 8) & 255, n & 255])

async function connected(prepare = async () => undefined) {
  const host = await startHost({ listen: [] })
  await prepare(host)
  const connection = await host.libp2p.dial(node, { signal: signal() })
  return { host, connection }
}

/** Over and over: a fresh stranger who does this until the node has closed the connection. */
async function strangers(act, prepare) {
  for (;;) {
    const { host, connection } = (await connected(prepare).catch(() => undefined)) ?? {}
    if (connection !== undefined) await act(connection, host).catch(() => undefined)
    await host?.stop().catch(() => undefined)
    await sleep(COME_AGAIN_MS)
  }
}

/** Sends on one stream for as long as it is open; waits while it is full. */
async function pour(stream, next) {
  while (stream.status === 'open') {
    count += 1
    if (!stream.send(next())) await stream.onDrain({ signal: signal() })
    await sleep(0)
  }
}

/** One stream after another, until the connection is gone. */
async function streams(connection, protocol, next) {
  while (connection.status === 'open') {
    const stream = await connection.newStream(protocol, { signal: signal() })
    await pour(stream, next).catch(() => undefined)
    await sleep(10)
  }
}

/** Frames of the multiplexer below all streams. */
async function frames(connection, next) {
  const { maConn } = connection.muxer
  while (connection.status === 'open') {
    count += 1
    if (!maConn.send(next())) await Promise.race([maConn.onDrain().catch(() => undefined), sleep(1_000)])
    await sleep(0)
  }
}

const ping = Buffer.from([0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7])
const pings = Buffer.concat(Array.from({ length: 5_000 }, () => ping))
const multistream = (text) => Buffer.from(`${String.fromCharCode(text.length + 1)}${text}\n`)
const sha256Key = (digest) => Buffer.concat([Buffer.of(0x12, 0x20), digest])

const ATTACKS = {
  /** Ten messages of under 8 KiB with addresses, at each of the connections. */
  async identify() {
    await strangers(
      async (connection) => {
        await sleep(1_000)
        await connection.close({ signal: signal() })
      },
      async (host) => {
        const publicKey = publicKeyToProtobuf(host.peerId.publicKey)
        await host.libp2p.unhandle(IDENTIFY)
        await host.libp2p.handle(IDENTIFY, (stream) => {
          for (let message = 0; message < 10; message += 1) {
            const addresses = Array.from({ length: 700 }, () => field(2, someAddress((count += 1))))
            stream.send(framed(Buffer.concat([field(1, publicKey), ...addresses])))
          }
          stream.close().catch(() => undefined)
        })
      },
    )
  },
  /** Lookups with closer peers of many addresses that nobody asked for, of the size that is read. */
  async 'kad messages'() {
    const closer = [0, 1, 2].map((n) => ({
      id: sha256Key(random(32)),
      addresses: Array.from({ length: 200 }, (_, at) => someAddress(n * 1000 + at)),
    }))
    await strangers((connection) =>
      streams(connection, KAD, () => framed(encodeKad({ type: 'FIND_NODE', key: random(32), closer }))),
    )
  },
  async 'provider records'() {
    await strangers((connection, host) => {
      const providers = [{ id: host.peerId.toMultihash().bytes, addresses: [someAddress(1)] }]
      return streams(connection, KAD, () =>
        framed(encodeKad({ type: 'ADD_PROVIDER', key: sha256Key(random(32)), providers })),
      )
    })
  },
  async 'unjoined topics'() {
    await strangers((connection) =>
      streams(connection, GOSSIP, () => {
        const messages = Array.from({ length: 64 }, () => ({ data: random(64), topic: 'nobody joined it' }))
        return framed(RPC.encode({ subscriptions: [], messages }))
      }),
    )
  },
  /**
   * TCP that says nothing, on more connections than there are places; each is replaced when the node has closed it. Each costs the
   * node 0.6 ms, so a machine that is near and opens them by the thousand a second is not for the node to withstand.
   */
  async 'pending connections'() {
    const [host, port] = ['ip4', 'tcp'].map((part) => node.getComponents().find(({ name }) => name === part).value)
    const silent = () => {
      count += 1
      const socket = connect({ host, port: Number(port) })
      socket.on('error', () => undefined).on('close', () => setTimeout(silent, SILENT_AGAIN_MS))
      socket.resume()
    }
    for (let n = 0; n < SILENT; n += 1) silent()
    await new Promise(() => undefined)
  },
  async 'yamux pings'() {
    await strangers((connection) => frames(connection, () => pings))
  },
  async 'yamux pings, answers unread'() {
    await strangers((connection) => {
      connection.maConn.socket.pause()
      return frames(connection, () => pings)
    })
  },
  async 'unknown protocols'() {
    const asked = Buffer.concat(Array.from({ length: 1_000 }, () => multistream('/x')))
    await strangers(async (connection) => {
      while (connection.status === 'open') {
        const stream = await connection.muxer.createStream()
        stream.send(multistream('/multistream/1.0.0'))
        await pour(stream, () => asked)
      }
    })
  },
}

process.on('SIGTERM', () => {
  console.log(`count ${count}`)
  process.exit(0)
})
console.log('begins')
await ATTACKS[attack]()

/**
 * Finds two nodes that run with one key (spec §9): a data directory was copied, and both copies were started. Others take the
 * two for one peer, so posts reach one of them. libp2p does not dial its own id, so they find each other in two ways: a third node
 * that has two connections of one peer asks each who it is, and shows to both what the other one signed; and who meets its own id
 * at an address, by mDNS or as a static peer, asks there under a key that it throws away.
 */
import { equalBytes } from '@noble/curves/utils.js'
import { randomBytes } from 'node:crypto'
import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import {
  decodeRequest,
  decodeShown,
  encodeRequest,
  encodeShown,
  RUN_BYTES,
  RUNNING_PROTOCOL,
  RUNNING_REQUEST_BYTES,
  SHOWN_BYTES,
  signedBytes,
  type Shown,
} from '../../../protocol/running.ts'
import { readChunks, StreamCut } from './streams.ts'
import { throwawayPeer, type ThrowawayPeer } from './throwaway-peer.ts'

/** One round trip, also on a slow line. A connection whose other end is gone takes this long. */
const ANSWER_MS = 10_000

/** Peers looked at at once; who opens connections without end makes the rest wait for its next one. */
const CHECKS_AT_ONCE = 8

/** A log line says it again after this time. */
const REPEAT_MS = 3_600_000

const NO_RUN = new Uint8Array(RUN_BYTES)

/** When another node showed that it has this node's key, and the peer through which it did, or the address at which it runs. */
export interface Twin {
  readonly seenMs: number
  readonly through: string
}

export interface KeyTwinsModules {
  readonly libp2p: Libp2p
  readonly privateKey: PrivateKey
  readonly clock: Clock
  readonly log: Logger
}

/** Invariant: `#checking` has the peers of running checks, at most `CHECKS_AT_ONCE`. */
export class KeyTwins {
  readonly #modules: KeyTwinsModules
  readonly #run = new Uint8Array(randomBytes(RUN_BYTES))
  readonly #checking = new Set<string>()
  readonly #ended = new AbortController()
  #twin: Twin | undefined
  #saidMs = Number.NEGATIVE_INFINITY

  constructor(modules: KeyTwinsModules) {
    this.#modules = modules
  }

  /** The last proof that another node has this node's key. */
  get twin(): Twin | undefined {
    return this.#twin
  }

  async start(): Promise<void> {
    const { libp2p } = this.#modules
    const take = (stream: Stream, { remotePeer }: Connection): void => {
      this.#answer(stream, remotePeer.toString()).catch((error: unknown) => {
        stream.abort(error instanceof Error ? error : new StreamCut(String(error)))
      })
    }
    await libp2p.handle(RUNNING_PROTOCOL, take, { maxInboundStreams: 2 })
    libp2p.addEventListener('connection:open', this.#onOpen)
  }

  stop(): void {
    this.#modules.libp2p.removeEventListener('connection:open', this.#onOpen)
    this.#ended.abort()
  }

  /**
   * These addresses show this node's own id: asks at each who is there. It may be this node, by a way that does not show it: a router
   * that turns its own packets back, or a container's port. Then the run is its own, and nothing is said.
   */
  async probe(addresses: readonly Multiaddr[]): Promise<void> {
    const { libp2p, log } = this.#modules
    const asking = await throwawayPeer(libp2p.peerId)
    try {
      for (const address of addresses) {
        // Nobody answers, or somebody else does.
        await this.#probe(asking, address).catch((error: unknown) => {
          log.debug('node.own-id-not-there', { address: address.toString(), why: String(error) })
        })
      }
    } finally {
      await asking.stop()
    }
  }

  async #probe(asking: ThrowawayPeer, address: Multiaddr): Promise<void> {
    const connection = await asking.connect(address, this.#soon())
    const there = await this.#ask(connection, { about: this.#run })
    if (!(await this.#look(there, address.toString()))) return
    const signature = await this.#modules.privateKey.sign(signedBytes(this.#run, there.run))
    await this.#ask(connection, { about: NO_RUN, other: { run: this.#run, signature } })
  }

  readonly #onOpen = ({ detail }: CustomEvent<Connection>): void => {
    const peer = detail.remotePeer.toString()
    const connections = this.#modules.libp2p.getConnections(detail.remotePeer)
    if (connections.length < 2 || this.#checking.has(peer) || this.#checking.size >= CHECKS_AT_ONCE) return
    this.#checking.add(peer)
    // An end that does not answer, or does not speak this, shows nothing.
    this.#compare(connections)
      .catch((error: unknown) => this.#modules.log.debug('peer.run-unknown', { peer, why: String(error) }))
      .finally(() => this.#checking.delete(peer))
  }

  /** The newest connection against the others, until one of them is of another run. */
  async #compare(connections: readonly Connection[]): Promise<void> {
    const newest = connections.reduce((a, b) => (b.timeline.open > a.timeline.open ? b : a))
    const one = await this.#ask(newest, { about: NO_RUN })
    for (const connection of connections.filter((other) => other !== newest)) {
      const other = await this.#ask(connection, { about: one.run }).catch(() => undefined)
      if (other === undefined || equalBytes(one.run, other.run)) continue
      const peer = newest.remotePeer.toString()
      const addresses = [newest, connection].map(({ remoteAddr }) => remoteAddr.toString())
      this.#modules.log.warn('peer.key-in-two-places', { peer, addresses })
      const aboutOther = await this.#ask(newest, { about: other.run, other })
      await this.#ask(connection, { about: NO_RUN, other: aboutOther })
      return
    }
  }

  async #ask(connection: Connection, request: Parameters<typeof encodeRequest>[0]): Promise<Shown> {
    const signal = this.#soon()
    const stream = await connection.newStream(RUNNING_PROTOCOL, { signal })
    const chunks = readChunks(stream)
    try {
      stream.send(encodeRequest(request))
      await stream.close({ signal })
      const shown = decodeShown(await whole(stream, chunks, SHOWN_BYTES, signal))
      if (shown === undefined) throw new StreamCut('what it shows has another length')
      return shown
    } catch (error) {
      stream.abort(error instanceof Error ? error : new StreamCut(String(error)))
      throw error
    }
  }

  async #answer(stream: Stream, through: string): Promise<void> {
    const signal = this.#soon()
    const request = decodeRequest(await whole(stream, readChunks(stream), RUNNING_REQUEST_BYTES, signal))
    if (request === undefined) throw new StreamCut('the request has another length')
    const signature = await this.#modules.privateKey.sign(signedBytes(this.#run, request.about))
    stream.send(encodeShown({ run: this.#run, signature }))
    await stream.close({ signal })
    if (request.other !== undefined) await this.#look(request.other, through)
  }

  #soon(): AbortSignal {
    return AbortSignal.any([this.#ended.signal, AbortSignal.timeout(ANSWER_MS)])
  }

  /** Whether it is a twin's. Only who has the key can have signed this run, which was drawn when this node started. */
  async #look({ run, signature }: Shown, through: string): Promise<boolean> {
    const { privateKey, clock, log, libp2p } = this.#modules
    if (equalBytes(run, this.#run)) return false
    if (!(await privateKey.publicKey.verify(signedBytes(run, this.#run), signature))) return false
    const nowMs = clock.nowMs()
    this.#twin = { seenMs: nowMs, through }
    if (nowMs - this.#saidMs < REPEAT_MS) return true
    this.#saidMs = nowMs
    log.error('node.key-in-two-places', {
      peer: libp2p.peerId.toString(),
      through,
      means:
        'another node runs with the key of this one, and peers take the two for one: stop one of them, and start it with a data directory of its own',
    })
    return true
  }
}

/** All bytes until the other side ends, at most so many. */
async function whole(
  stream: Stream,
  chunks: AsyncIterable<Uint8Array>,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const onAbort = (): void => stream.abort(new StreamCut('it took too long'))
  signal.addEventListener('abort', onAbort, { once: true })
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength
      if (bytes > limitBytes) throw new StreamCut(`more than ${String(limitBytes)} bytes`)
      parts.push(chunk)
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  return Uint8Array.from(Buffer.concat(parts))
}

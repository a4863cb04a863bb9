/**
 * The responder's side of `/freechains/sync/1.0.0` (spec §8): accepts streams, sends hello, passes requests to a
 * handler and writes replies in the order in which they become ready. It bounds the resources that a peer can use and
 * does not interpret the messages.
 */
import type { PeerId, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { decodeHello, decodeRequest, encodeHello, encodeReplyParts } from '../../../protocol/codec.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import {
  MESSAGE_TIMEOUT_MS,
  HELLO_TIMEOUT_MS,
  OFFER_TIMEOUT_MS,
  LOADS_IN_FLIGHT,
  REQUESTS_IN_FLIGHT,
  REQUEST_TIMEOUT_MS,
  SYNC_STREAMS_PER_PEER,
} from '../../../protocol/stream-limits.ts'
import { HELLO_NONCE_BYTES, MESSAGE_BYTES } from '../../../protocol/sync-limits.ts'
import { SYNC_PROTOCOL, type Reply, type Request } from '../../../protocol/messages.ts'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import type { Logger } from '../../base/log.ts'
import { badLengthFault, type RpcFault } from './faults.ts'
import type { Nonces } from './client-stream.ts'
import { readMessages, MessageWriter, readChunks, StreamCut, type MessageDeadline } from '../host/streams.ts'
import { Gate, orAborted, pause, withDeadline } from '../../base/deadline.ts'

/** The requester. `stream` identifies one stream: a membership proof holds for that stream only. */
export interface SyncCaller {
  readonly peer: PeerId
  readonly nonces: Nonces
  readonly stream: object
}

/** The signal aborts when the stream closes or the request's deadline passes; the reply is discarded then. */
export type SyncHandler = (caller: SyncCaller, request: Request, signal: AbortSignal) => Promise<Reply>

export interface SyncServerModules {
  readonly host: Host
  readonly log: Logger
  readonly handler: SyncHandler
  /** Called with a peer's fault; its stream is closed by then. */
  readonly onFault?: (peer: PeerId, fault: RpcFault) => void
  /** Deadline for the peer's hello; default 10 s. */
  readonly helloMs?: number
  /** Deadline for receiving a request, from its first byte to its last; default 30 s. */
  readonly receiveMs?: number
  /** Progress timeout for a peer that does not read; default 30 s. */
  readonly drainMs?: number
}

/**
 * Serves until the returned function is called. That function closes all streams and waits for the running handlers.
 */
export async function serveSync(modules: SyncServerModules): Promise<() => Promise<void>> {
  const streams = new Map<Stream, Promise<void>>()
  const perPeer = new Map<string, number>()
  const { libp2p } = modules.host

  const take = (stream: Stream, peer: PeerId): void => {
    const key = peer.toString()
    const count = perPeer.get(key) ?? 0
    if (count >= SYNC_STREAMS_PER_PEER) {
      stream.abort(new StreamCut('too many streams'))
      return
    }
    perPeer.set(key, count + 1)
    const served = new ServerStream(stream, peer, modules).run().finally(() => {
      streams.delete(stream)
      const left = (perPeer.get(key) ?? 1) - 1
      if (left === 0) perPeer.delete(key)
      else perPeer.set(key, left)
    })
    streams.set(stream, served)
  }

  await libp2p.handle(SYNC_PROTOCOL, (stream, connection) => take(stream, connection.remotePeer), {
    maxInboundStreams: SYNC_STREAMS_PER_PEER,
  })
  return async () => {
    await libp2p.unhandle(SYNC_PROTOCOL)
    for (const stream of streams.keys()) stream.abort(new StreamCut('the node stops'))
    await Promise.all(streams.values())
  }
}

/** Requests with small replies; all others return blocks, frames or lists of ids. */
const SMALL_REPLIES: ReadonlySet<Request['t']> = new Set(['open', 'offer'])

/**
 * The responder's end of one sync stream.
 *
 * Invariants:
 * 1. `#caller` is set by the peer's hello, before any request is accepted.
 * 2. `#answering` has the ids of requests without a written reply; each of them holds a place of `#gate`, so an id in
 *   use is a breach.
 * 3. `#closing` aborts once. From then on no reply is written and no fault is reported.
 */
class ServerStream {
  readonly #stream: Stream
  readonly #peer: PeerId
  readonly #modules: SyncServerModules
  readonly #writer: MessageWriter
  readonly #chunks: ReturnType<typeof readChunks>
  readonly #closing = new AbortController()
  readonly #gate = new Gate(REQUESTS_IN_FLIGHT)
  readonly #largeReplies = new Gate(LOADS_IN_FLIGHT)
  readonly #answering = new Map<number, Promise<void>>()
  readonly #nonce = crypto.getRandomValues(new Uint8Array(HELLO_NONCE_BYTES))
  #caller: SyncCaller | undefined

  constructor(stream: Stream, peer: PeerId, modules: SyncServerModules) {
    this.#stream = stream
    this.#peer = peer
    this.#modules = modules
    this.#chunks = readChunks(stream)
    this.#writer = new MessageWriter(stream, modules.drainMs)
    stream.addEventListener('close', () => this.#closing.abort(), { once: true })
  }

  async run(): Promise<void> {
    const isGreeted = new AbortController()
    const { helloMs = HELLO_TIMEOUT_MS } = this.#modules
    void pause(helloMs, isGreeted.signal).then((isLate) => {
      if (isLate) this.#breach({ code: 'RPC_TIMEOUT', peer: this.#peer.toString(), ms: helloMs })
    })
    void this.#write(encodeHello({ t: 'hello', v: 1, nonce: this.#nonce }))
    try {
      await pipe(this.#chunks, readMessages(MESSAGE_BYTES, this.#messageDeadline()), async (source) => {
        for await (const message of source) {
          if (this.#caller === undefined) {
            this.#greet(message)
            isGreeted.abort()
          } else await this.#accept(message, this.#caller)
          if (this.#closing.signal.aborted) return
        }
      })
    } catch (error) {
      const fault = badLengthFault(error)
      if (fault !== undefined) this.#malformed(fault)
    } finally {
      isGreeted.abort()
    }
    await Promise.all(this.#answering.values())
    await this.#writer.idle()
    this.#stream.close().catch((error: unknown) => this.#stream.abort(new StreamCut(why(error))))
  }

  #messageDeadline(): MessageDeadline {
    const { receiveMs: ms = MESSAGE_TIMEOUT_MS } = this.#modules
    return { ms, onLate: () => this.#breach({ code: 'RPC_TIMEOUT', peer: this.#peer.toString(), ms }) }
  }

  #greet(message: Uint8Array): void {
    const hello = decodeHello(message)
    if (!hello.ok) {
      this.#malformed(hello.fault)
      return
    }
    const nonces = { requester: hello.value.nonce, responder: this.#nonce }
    this.#caller = { peer: this.#peer, nonces, stream: this.#stream }
  }

  /** Returns when the next request may be read. Until then the stream is not read, so the peer gets backpressure. */
  async #accept(message: Uint8Array, caller: SyncCaller): Promise<void> {
    const request = decodeRequest(message)
    if (!request.ok) {
      this.#malformed(request.fault)
      return
    }
    const { id } = request.value
    if (this.#answering.has(id)) {
      this.#malformed({ code: 'WIRE_MALFORMED', message: 'request', why: 'an id that is in use' })
      return
    }
    if (!(await this.#gate.enter(this.#closing.signal))) return
    const answering = this.#answer(caller, request.value).finally(() => {
      this.#answering.delete(id)
      this.#gate.leave()
    })
    this.#answering.set(id, answering)
  }

  /** A large reply is loaded only when fewer than `LOADS_IN_FLIGHT` others are loaded and unwritten. */
  async #answer(caller: SyncCaller, request: Request): Promise<void> {
    const isLarge = !SMALL_REPLIES.has(request.t)
    if (isLarge && !(await this.#largeReplies.enter(this.#closing.signal))) return
    try {
      await this.#answerNow(caller, request)
    } finally {
      if (isLarge) this.#largeReplies.leave()
    }
  }

  async #answerNow(caller: SyncCaller, request: Request): Promise<void> {
    const ms = request.t === 'offer' ? OFFER_TIMEOUT_MS : REQUEST_TIMEOUT_MS
    const { log, handler } = this.#modules
    let reply: Reply | undefined
    try {
      reply = await withDeadline({ ms, signal: this.#closing.signal }, (signal) =>
        orAborted(handler(caller, request, signal), signal),
      )
    } catch (error) {
      if (!this.#closing.signal.aborted) log.error('sync.handler-failed', { request: request.t, why: why(error) })
    }
    if (this.#closing.signal.aborted) return
    await this.#write(...encodeReplyParts(reply ?? { t: 'refuse', id: request.id, code: 'busy' }))
  }

  #malformed(fault: ProtocolFault): void {
    this.#breach({ code: 'RPC_MALFORMED', peer: this.#peer.toString(), fault })
  }

  #breach(fault: RpcFault): void {
    if (this.#closing.signal.aborted) return
    this.#modules.log.debug('sync.stream-failed', fault)
    this.#stream.abort(new StreamCut(fault.code))
    this.#closing.abort()
    this.#modules.onFault?.(this.#peer, fault)
  }

  /** A write fails only after the stream has closed; the read loop ends too. */
  async #write(...parts: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#writer.write(...parts)
    } catch (error) {
      this.#modules.log.debug('sync.write-failed', { peer: this.#peer.toString(), why: why(error) })
      this.#closing.abort()
    }
  }
}

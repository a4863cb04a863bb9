/**
 * The responder's side of `/freechains/sync/1.0.0` (spec §8): takes in the streams that peers open, says hello, hands
 * requests to a handler and writes its replies in the order in which they get ready. It bounds what a peer can make this
 * node hold, and knows nothing of what the messages mean.
 */
import type { PeerId, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { decodeHello, decodeRequest, encodeHello, encodeReplyParts } from '../../../protocol/codec.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import {
  FRAME_TIMEOUT_MS,
  HELLO_NONCE_BYTES,
  HELLO_TIMEOUT_MS,
  MESSAGE_BYTES,
  OFFER_TIMEOUT_MS,
  LOADS_IN_FLIGHT,
  REQUESTS_IN_FLIGHT,
  REQUEST_TIMEOUT_MS,
  SYNC_STREAMS_PER_PEER,
} from '../../../protocol/limits.ts'
import { SYNC_PROTOCOL, type Reply, type Request } from '../../../protocol/messages.ts'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import type { Logger } from '../../base/log.ts'
import { framingFault, type RpcFault } from './faults.ts'
import type { Nonces } from './client-stream.ts'
import { readMessages, MessageWriter, readChunks, StreamCut, type MessageDeadline } from '../host/streams.ts'
import { Gate, orAborted, pause, withDeadline } from '../../base/deadline.ts'

/** Who asks. `stream` is unique to one incarnation of a stream: what an `open` proved holds for it alone. */
export interface SyncCaller {
  readonly peer: PeerId
  readonly nonces: Nonces
  readonly stream: object
}

/** The signal aborts when the stream ends or the time for the request is over; then nobody waits for the reply. */
export type SyncHandler = (caller: SyncCaller, request: Request, signal: AbortSignal) => Promise<Reply>

export interface SyncServerModules {
  readonly host: Host
  readonly log: Logger
  readonly handler: SyncHandler
  /** Told of what a peer did wrong; its stream is closed then. */
  readonly onFault?: (peer: PeerId, fault: RpcFault) => void
  /** How long a peer that opened a stream may take to say hello; 10 s unless told. */
  readonly helloMs?: number
  /** How long a request may take from its first byte to its last; 30 s unless told. */
  readonly receiveMs?: number
  /** How long a peer may take none of what waits for it; 30 s unless told. */
  readonly drainMs?: number
}

/** Serves until the returned function is called, which closes all streams and waits for the handlers under way. */
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

/** Requests whose replies are small: all others bring blocks, frames or lists of ids. */
const SMALL_REPLIES: ReadonlySet<Request['t']> = new Set(['open', 'offer'])

/** One stream from its hello to its end. */
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
      const fault = framingFault(error)
      if (fault !== undefined) this.#malformed(fault)
    } finally {
      isGreeted.abort()
    }
    await Promise.all(this.#answering.values())
    await this.#writer.idle()
    this.#stream.close().catch((error: unknown) => this.#stream.abort(new StreamCut(why(error))))
  }

  #messageDeadline(): MessageDeadline {
    const { receiveMs: ms = FRAME_TIMEOUT_MS } = this.#modules
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

  /** Returns when there is room for the next request: until then the stream is not read, and the peer has to wait. */
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

  /** Where replies may be large, the next ones are loaded when those before them were taken. */
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

  /** A write fails only when the stream is over, and then the read loop ends too. */
  async #write(...parts: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#writer.write(...parts)
    } catch (error) {
      this.#modules.log.debug('sync.write-failed', { peer: this.#peer.toString(), why: why(error) })
      this.#closing.abort()
    }
  }
}

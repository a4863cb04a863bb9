/**
 * The requester's end of one sync stream (spec §8): hello in both directions, then requests, with replies in any order.
 * The first breach ends it for good; `client.ts` opens the next stream.
 */
import type { PeerId, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { fail, ok, type Result } from '../../../dag/result.ts'
import { decodeHello, decodeReply, encodeHello, encodeRequest } from '../../../protocol/codec.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import {
  ABANDONED_REQUESTS,
  HELLO_TIMEOUT_MS,
  REQUESTS_IN_FLIGHT,
  REQUEST_TIMEOUT_MS,
} from '../../../protocol/stream-limits.ts'
import { HELLO_NONCE_BYTES, MESSAGE_BYTES } from '../../../protocol/sync-limits.ts'
import type { Reply, RequestBody } from '../../../protocol/messages.ts'
import { ProgressTimeout } from '../../../protocol/progress-timeout.ts'
import { why } from '../host/faults.ts'
import type { Logger } from '../../base/log.ts'
import { badLengthFault, type RpcFault } from './faults.ts'
import { readMessages, MessageWriter, readChunks, StreamCut } from '../host/streams.ts'
import { Gate, onAbort, orAborted, pause } from '../../base/deadline.ts'

export interface Nonces {
  readonly requester: Uint8Array
  readonly responder: Uint8Array
}

export interface SyncStream {
  readonly peer: PeerId
  readonly nonces: Nonces
  readonly closed: boolean
  /**
   * Sends a request and returns the reply. Waits while too many requests are in flight. Without a reply within
   * `timeoutMs` (default 30 s) the stream is closed, unless bytes keep arriving (`protocol/progress-timeout.ts`). The
   * caller's signal abandons this request only.
   */
  request(
    message: RequestBody,
    options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ): Promise<Result<Reply, RpcFault>>
  /** Calls the listener once, immediately if the stream has closed already. */
  onClose(listener: () => void): void
}

export interface OpenSyncStream extends SyncStream {
  close(): void
}

export interface ClientStreamModules {
  readonly peer: PeerId
  readonly log: Logger
  readonly onFault?: (peer: PeerId, fault: RpcFault) => void
  /** Deadline for the peer's hello; default 10 s. */
  readonly helloMs?: number
  /** Progress timeout of a request, unless the request has its own; default 30 s. */
  readonly replyMs?: number
}

/** Sends hello and waits for the peer's. Call it in the same tick in which libp2p hands over the stream. */
export async function openSyncStream(
  stream: Stream,
  modules: ClientStreamModules,
): Promise<Result<OpenSyncStream, RpcFault>> {
  const opened = new ClientStream(stream, modules)
  const isDone = new AbortController()
  const { helloMs = HELLO_TIMEOUT_MS, peer } = modules
  void pause(helloMs, isDone.signal).then((isLate) => {
    if (isLate) opened.end({ code: 'RPC_TIMEOUT', peer: peer.toString(), ms: helloMs })
  })
  const fault = await opened.ready
  isDone.abort()
  return fault === undefined ? ok(opened) : fail(fault)
}

/**
 * Invariants:
 * 1. A request that was sent and has no reply yet is in `#pending`, or in `#abandoned` once its caller gave up; never
 *   in both.
 * 2. `#gate` has one place per `request` call under way; an abandoned request has left it.
 * 3. `#fault` is set once, just before `#closing` aborts; `#pending` is empty from then on.
 * 4. `#greeted` resolves once: without a fault when `#theirNonce` is set, with one if the stream ends before.
 * 5. `#lastId` and `#receivedBytes` only grow.
 */
class ClientStream implements OpenSyncStream {
  readonly peer: PeerId
  readonly ready: Promise<RpcFault | undefined>
  readonly #stream: Stream
  readonly #writer: MessageWriter
  readonly #modules: ClientStreamModules
  readonly #gate = new Gate(REQUESTS_IN_FLIGHT)
  readonly #pending = new Map<number, (result: Result<Reply, RpcFault>) => void>()
  readonly #abandoned = new Set<number>()
  readonly #closing = new AbortController()
  readonly #greeted = Promise.withResolvers<RpcFault | undefined>()
  readonly #nonce = crypto.getRandomValues(new Uint8Array(HELLO_NONCE_BYTES))
  #theirNonce: Uint8Array | undefined
  #fault: RpcFault | undefined
  #lastId = 0
  #receivedBytes = 0

  constructor(stream: Stream, modules: ClientStreamModules) {
    this.peer = modules.peer
    this.ready = this.#greeted.promise
    this.#stream = stream
    this.#modules = modules
    const chunks = readChunks(stream)
    this.#writer = new MessageWriter(stream)
    this.#write(encodeHello({ t: 'hello', v: 1, nonce: this.#nonce }))
    void this.#read(chunks)
  }

  get nonces(): Nonces {
    return { requester: this.#nonce, responder: this.#theirNonce ?? new Uint8Array() }
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  onClose(listener: () => void): void {
    onAbort(this.#closing.signal, listener)
  }

  close(): void {
    this.end({ code: 'RPC_CLOSED', peer: this.peer.toString(), why: 'closed here' })
  }

  async request(
    message: RequestBody,
    { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ): Promise<Result<Reply, RpcFault>> {
    if (!(await orAborted(this.#gate.enter(signal), this.#closing.signal))) return fail(this.#closeFault())
    const id = ++this.#lastId
    const unwatch = this.#watch(timeoutMs ?? this.#modules.replyMs ?? REQUEST_TIMEOUT_MS)
    try {
      if (this.closed) return fail(this.#closeFault())
      const bytes = encodeRequest({ ...message, id })
      const answer = Promise.withResolvers<Result<Reply, RpcFault>>()
      this.#pending.set(id, answer.resolve)
      this.#write(bytes)
      const result = await orAborted(answer.promise, signal)
      if (result !== undefined) return result
      this.#abandon(id)
      return fail({ code: 'RPC_ABORTED', peer: this.peer.toString() })
    } finally {
      unwatch()
      this.#gate.leave()
    }
  }

  /** Closes the stream when the request's progress timeout expires. Returns the function that stops the timer. */
  #watch(ms: number): () => void {
    const timeout = new ProgressTimeout(ms, this.#receivedBytes)
    const check = (): void => {
      const waitMs = timeout.extend(this.#receivedBytes)
      if (waitMs > 0) timer = setTimeout(check, waitMs)
      else this.end({ code: 'RPC_TIMEOUT', peer: this.peer.toString(), ms })
    }
    let timer = setTimeout(check, ms)
    return () => {
      clearTimeout(timer)
    }
  }

  /** Closes the stream and fails every pending request with `fault`. */
  end(fault: RpcFault): void {
    if (this.closed) return
    this.#fault = fault
    this.#closing.abort()
    this.#greeted.resolve(fault)
    this.#stream.abort(new StreamCut(fault.code))
    for (const resolve of this.#pending.values()) resolve(fail(fault))
    this.#pending.clear()
    if (fault.code === 'RPC_CLOSED') return
    this.#modules.log.debug('sync.session-failed', fault)
    this.#modules.onFault?.(this.peer, fault)
  }

  async #read(chunks: ReturnType<typeof readChunks>): Promise<void> {
    try {
      await pipe(this.#counted(chunks), readMessages(MESSAGE_BYTES), async (source) => {
        for await (const bytes of source) this.#handle(bytes)
      })
      this.end({ code: 'RPC_CLOSED', peer: this.peer.toString(), why: 'closed by the peer' })
    } catch (error) {
      const fault = badLengthFault(error)
      if (fault === undefined) this.end({ code: 'RPC_CLOSED', peer: this.peer.toString(), why: why(error) })
      else this.#breach(fault)
    }
  }

  async *#counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#receivedBytes += chunk.byteLength
      yield chunk
    }
  }

  #handle(bytes: Uint8Array): void {
    if (this.#theirNonce === undefined) {
      this.#greet(bytes)
      return
    }
    const reply = decodeReply(bytes)
    if (!reply.ok) {
      this.#breach(reply.fault)
      return
    }
    const { id } = reply.value
    const resolve = this.#pending.get(id)
    if (resolve === undefined) {
      if (!this.#abandoned.delete(id)) this.#breach({ code: 'SYNC_UNKNOWN_REPLY', id })
      return
    }
    this.#pending.delete(id)
    resolve(reply)
  }

  #greet(bytes: Uint8Array): void {
    const hello = decodeHello(bytes)
    if (!hello.ok) {
      this.#breach(hello.fault)
      return
    }
    this.#theirNonce = hello.value.nonce
    this.#greeted.resolve(undefined)
  }

  #breach(fault: ProtocolFault): void {
    this.end({ code: 'RPC_MALFORMED', peer: this.peer.toString(), fault })
  }

  #abandon(id: number): void {
    if (!this.#pending.delete(id)) return
    this.#abandoned.add(id)
    if (this.#abandoned.size > ABANDONED_REQUESTS) this.close()
  }

  /** A write fails only after the stream has closed; the read loop reports why. */
  #write(bytes: Uint8Array): void {
    this.#writer.write(bytes).catch((error: unknown) => {
      this.end({ code: 'RPC_CLOSED', peer: this.peer.toString(), why: why(error) })
    })
  }

  #closeFault(): RpcFault {
    return this.#fault ?? { code: 'RPC_ABORTED', peer: this.peer.toString() }
  }
}

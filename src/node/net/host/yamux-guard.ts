/**
 * Watches yamux frames (spec §8). The library handles a frame only when it is complete, and a header may announce 4
 * GiB: one frame could fill the memory. It does not report streams that it refuses, answers any number of pings, and
 * sets no bound on what waits for a peer that does not read. This wrapper buffers no data and changes no frame.
 *
 *     0        1      2       4          8        12
 *     version  type   flags   stream     length   data, if the type is 0
 */
import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { CONNECTION_UNSENT_BYTES, CONTROL_UNSENT_BYTES } from '../../../protocol/stream-limits.ts'
import { partsOf, type Chunk } from './length-prefix-decoder.ts'
import { YamuxBudget } from './yamux-budget.ts'

type Init = NonNullable<Parameters<typeof yamux>[0]>

const HEADER_BYTES = 12
const DATA = 0
const PING = 2
const GO_AWAY = 3
/** Opens a stream, or asks for the answer to a ping. */
const SYN = 1

/** An answer while the protocol of a stream is agreed on is shorter, so that longer frames need not be looked up. */
const MAX_ANSWER_BYTES = 4096

/** Events kept until a watcher is attached. The library itself closes a connection with more than ten early streams. */
const MAX_EARLY_EVENTS = 16

/** A yamux frame larger than any window allows. */
export class OversizedYamuxFrame extends Error {
  override readonly name = 'OversizedYamuxFrame'
}

/** More empty or small yamux frames than an honest peer sends. */
export class YamuxFrameFlood extends Error {
  override readonly name = 'YamuxFrameFlood'
}

/** More waits for the peer than is kept for one that does not read. */
export class TooMuchUnsent extends Error {
  override readonly name = 'TooMuchUnsent'
}

export interface YamuxFrameWatch {
  /** The peer opens a stream, or tries to. */
  readonly onStream: () => void
  /** A yamux frame is refused; the connection ends with it. */
  readonly onOversized: (bytes: number, limit: number) => void
  /** Empty or small frames are one too many; the connection ends with it. */
  readonly onFlood: () => void
  /** The peer opens no more streams and takes none: it is about to close the connection. */
  readonly onGoAway: () => void
}

/**
 * Parses the yamux frame headers of one connection.
 *
 * Invariants: inside a frame's data `#dataLeft` is positive and `#headerBytes` is 0; otherwise the first `#headerBytes`
 * bytes of `#header` hold an incomplete header. `#early` is filled only before `watch`, up to `MAX_EARLY_EVENTS`.
 */
export class YamuxFrameGuard {
  readonly #limitBytes: number
  #watch: YamuxFrameWatch | undefined
  /** Events from before `watch`. */
  #early: ((watch: YamuxFrameWatch) => void)[] = []
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerBytes = 0
  /** Bytes of the current yamux frame still to come. */
  #dataLeft = 0
  #chunks = 0
  readonly #budget: YamuxBudget

  constructor(limitBytes: number, budget = new YamuxBudget()) {
    this.#limitBytes = limitBytes
    this.#budget = budget
  }

  /** Chunks received so far; used only to detect silence. */
  get chunks(): number {
    return this.#chunks
  }

  /** Yamux frames arrive before libp2p announces the connection. Events seen until now are replayed. */
  watch(watch: YamuxFrameWatch): void {
    this.#watch = watch
    for (const notify of this.#early.splice(0)) notify(watch)
  }

  /** What this side sends: one frame, its header first. */
  sent(frame: Chunk): { readonly type: number; readonly stream: number } {
    const header = frame.subarray(0, HEADER_BYTES)
    const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES)
    const [type, flags] = [view.getUint8(1), view.getUint16(2)]
    if (type !== PING && (flags & SYN) !== 0) this.#budget.onStream()
    if (type === DATA || type === PING) this.#budget.onAsked()
    return { type, stream: view.getUint32(4) }
  }

  /** This side answers on a stream whose protocol is not agreed on yet. False if that is one too many. */
  answers(): boolean {
    if (this.#budget.takeAnswer()) return true
    this.#notify((watch) => watch.onFlood())
    return false
  }

  /** @throws {OversizedYamuxFrame | YamuxFrameFlood} as soon as the frame's header is complete */
  pass(chunk: Chunk): void {
    this.#chunks += 1
    for (const part of partsOf(chunk)) this.#follow(part)
  }

  #follow(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength;) {
      if (this.#dataLeft > 0) {
        const part = Math.min(this.#dataLeft, bytes.byteLength - at)
        this.#dataLeft -= part
        at += part
        continue
      }
      const part = bytes.subarray(at, at + HEADER_BYTES - this.#headerBytes)
      this.#header.set(part, this.#headerBytes)
      this.#headerBytes += part.byteLength
      at += part.byteLength
      if (this.#headerBytes === HEADER_BYTES) this.#begin()
    }
  }

  #begin(): void {
    this.#headerBytes = 0
    const view = new DataView(this.#header.buffer)
    const type = view.getUint8(1)
    if ((view.getUint16(2) & SYN) !== 0 && view.getUint32(4) !== 0) {
      this.#budget.onStream()
      this.#notify((watch) => watch.onStream())
    }
    const bytes = type === DATA ? view.getUint32(8) : 0
    this.#dataLeft = bytes
    if (bytes > this.#limitBytes) {
      this.#notify((watch) => watch.onOversized(bytes, this.#limitBytes))
      throw new OversizedYamuxFrame(`${String(bytes)} bytes`)
    }
    if (!(bytes === 0 ? this.#budget.takeControl() : this.#budget.takeData(bytes))) {
      this.#notify((watch) => watch.onFlood())
      throw new YamuxFrameFlood('too many frames without data')
    }
    if (type === GO_AWAY) this.#notify((watch) => watch.onGoAway())
  }

  #notify(notify: (watch: YamuxFrameWatch) => void): void {
    if (this.#watch !== undefined) notify(this.#watch)
    else if (this.#early.length < MAX_EARLY_EVENTS) this.#early.push(notify)
  }
}

const guards = new WeakMap<StreamMuxer, YamuxFrameGuard>()

/** Attaches a watcher to a connection and replays the few events kept from before. */
export function watchYamuxFrames(muxer: StreamMuxer | undefined, watch: YamuxFrameWatch): void {
  if (muxer !== undefined) guards.get(muxer)?.watch(watch)
}

/** Chunks received on a connection so far; `undefined` without a guard. */
export function chunksReceived(muxer: StreamMuxer | undefined): number | undefined {
  return muxer === undefined ? undefined : guards.get(muxer)?.chunks
}

/** The library calls this for each chunk of a connection; an exception ends the connection. */
interface YamuxInternals {
  onData: (chunk: Chunk) => void
}

/** @param limitBytes - the largest yamux frame; no window allows more */
export function guardedYamux(init: Init, limitBytes: number): () => StreamMuxerFactory {
  return () => {
    const factory = yamux(init)()
    return {
      protocol: factory.protocol,
      createStreamMuxer: (connection) => {
        const muxer = factory.createStreamMuxer(connection)
        const internals = muxer as unknown as YamuxInternals
        const guard = new YamuxFrameGuard(limitBytes)
        guards.set(muxer, guard)
        watchSent(connection, guard, (stream) => isNegotiating(muxer, stream))
        const onData = internals.onData.bind(muxer)
        internals.onData = (chunk) => {
          guard.pass(chunk)
          onData(chunk)
          if (unsentBytes(muxer, connection) > CONNECTION_UNSENT_BYTES)
            throw new TooMuchUnsent('the peer does not read')
        }
        return muxer
      },
    }
  }
}

/** Whether the peer opened this stream and its protocol is not agreed on yet. */
function isNegotiating(muxer: StreamMuxer, stream: number): boolean {
  const opened = muxer.streams.find(({ id }) => id === String(stream))
  return opened?.direction === 'inbound' && opened.protocol === ''
}

/** What waits to be sent. A peer has to send something to be sent much, so it is enough to look when something comes. */
function unsentBytes(muxer: StreamMuxer, connection: MessageStream): number {
  return muxer.streams.reduce((sum, stream) => sum + stream.writeBufferLength, connection.writeBufferLength)
}

/** The muxer sends each frame whole. Beyond the bound on what waits below streams libp2p itself aborts the connection. */
function watchSent(
  connection: MessageStream,
  guard: YamuxFrameGuard,
  isNegotiatedOn: (stream: number) => boolean,
): void {
  connection.maxWriteBufferLength = CONTROL_UNSENT_BYTES
  const send = connection.send.bind(connection)
  connection.send = (frame) => {
    const { type, stream } = guard.sent(frame)
    const isAnswer = type === DATA && frame.byteLength < MAX_ANSWER_BYTES && isNegotiatedOn(stream)
    if (isAnswer && !guard.answers()) connection.abort(new YamuxFrameFlood('too many protocols asked for'))
    return send(frame)
  }
}

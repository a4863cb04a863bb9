/**
 * Watches yamux frames (spec §8). The library handles a frame only when it is complete, and a header may announce 4
 * GiB: one frame could fill the memory. It also does not report streams that it refuses. This wrapper changes nothing
 * else and buffers no data.
 *
 *     0        1      2       4          8        12
 *     version  type   flags   stream     length   data, if the type is 0
 */
import type { StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { partsOf, type Chunk } from './length-prefix-decoder.ts'

type Init = NonNullable<Parameters<typeof yamux>[0]>

const HEADER_BYTES = 12
const DATA = 0
/** Opens a stream. */
const SYN = 1

/** Events kept until a watcher is attached. The library itself closes a connection with more than ten early streams. */
const MAX_EARLY_EVENTS = 16

/** A yamux frame larger than any window allows. */
export class OversizedYamuxFrame extends Error {
  override readonly name = 'OversizedYamuxFrame'
}

export interface YamuxFrameWatch {
  /** The peer opens a stream, or tries to. */
  readonly onStream: () => void
  /** A yamux frame is refused; the connection ends with it. */
  readonly onOversized: (bytes: number, limit: number) => void
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

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
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

  /** @throws {OversizedYamuxFrame} as soon as the frame's header is complete */
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
    if ((view.getUint16(2) & SYN) !== 0 && view.getUint32(4) !== 0) this.#notify((watch) => watch.onStream())
    if (view.getUint8(1) !== DATA) return
    const bytes = view.getUint32(8)
    this.#dataLeft = bytes
    if (bytes <= this.#limitBytes) return
    this.#notify((watch) => watch.onOversized(bytes, this.#limitBytes))
    throw new OversizedYamuxFrame(`${String(bytes)} bytes`)
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
        const onData = internals.onData.bind(muxer)
        internals.onData = (chunk) => {
          guard.pass(chunk)
          onData(chunk)
        }
        return muxer
      },
    }
  }
}

/**
 * yamux with an eye on its frames (spec §8). The library looks at a frame once all of it is there, and a header may promise
 * 4 GiB: without this a peer fills the memory with a single one. Nor does it tell of streams that it refuses. Nothing else
 * about it is changed, and no bytes are held here.
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

/** Streams opened before there is anybody to tell: the library ends a connection with more than ten. */
const MAX_EARLY_EVENTS = 16

/** A frame above what any window lets through. */
export class OversizedYamuxFrame extends Error {
  override readonly name = 'OversizedYamuxFrame'
}

export interface YamuxFrameWatch {
  /** The peer opens a stream, or tries to. */
  readonly onStream: () => void
  /** Its frame is refused, and with it the connection. */
  readonly onOversized: (bytes: number, limit: number) => void
}

/** Follows the frames of a connection. */
export class YamuxFrameGuard {
  readonly #limitBytes: number
  #watch: YamuxFrameWatch | undefined
  /** What there was nobody to tell of. */
  #early: ((watch: YamuxFrameWatch) => void)[] = []
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerBytes = 0
  /** Of the frame's data. */
  #dataLeft = 0
  #chunks = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** How much came, as far as it matters whether anything did. */
  get chunks(): number {
    return this.#chunks
  }

  /** Frames come before a connection is known to be one: what was seen of them is told now. */
  watch(watch: YamuxFrameWatch): void {
    this.#watch = watch
    for (const notify of this.#early.splice(0)) notify(watch)
  }

  /** @throws {OversizedYamuxFrame} as soon as its header is there */
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

/** Tells of the frames of a connection; of a few of those too that came already. */
export function watchYamuxFrames(muxer: StreamMuxer | undefined, watch: YamuxFrameWatch): void {
  if (muxer !== undefined) guards.get(muxer)?.watch(watch)
}

/** How many chunks came on a connection so far; nothing if nobody counts them. */
export function chunksReceived(muxer: StreamMuxer | undefined): number | undefined {
  return muxer === undefined ? undefined : guards.get(muxer)?.chunks
}

/** What the library calls for each chunk of a connection; what it throws ends the connection. */
interface YamuxInternals {
  onData: (chunk: Chunk) => void
}

/** @param limitBytes - the largest frame; a window lets nothing larger through */
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

/**
 * Bytes as they came from a stream, and the frames in them (spec §8). A stranger chooses how they are cut: a chunk of one
 * byte is a view of a packet of 64 KiB, and would keep all of it alive. So small chunks are copied, and a frame gets a
 * buffer of its own: what is held is what came, whatever the cuts.
 */
import type { Uint8ArrayList } from 'uint8arraylist'
import { FRAME_LENGTH_BYTES } from '../../../protocol/limits.ts'

export type Chunk = Uint8Array | Uint8ArrayList

/** One after the other, as they are: joining them would copy all that comes. */
export function partsOf(data: Chunk): Iterable<Uint8Array> {
  return data instanceof Uint8Array ? [data] : data
}

/** Chunks from this size on are held as they came: at worst four times their size is kept alive. */
const PAGE_BYTES = 16 * 1024

/** A length that is too large, or not in its shortest spelling. */
export class BadLength extends Error {
  override readonly name = 'BadLength'
}

/** The end came in the middle of a frame. */
export class TornMessage extends Error {
  override readonly name = 'TornMessage'
}

/** First in, first out, in no more room than the bytes need. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = []
  /** Of the page that the last chunk lies in: what is behind it. */
  #free = new Uint8Array()
  #bytes = 0

  get byteLength(): number {
    return this.#bytes
  }

  push(data: Chunk): void {
    this.#bytes += data.byteLength
    for (const part of partsOf(data)) {
      if (part.byteLength >= PAGE_BYTES) this.#chunks.push(part)
      else if (part.byteLength > 0) this.#copy(part)
    }
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift()
    this.#bytes -= chunk?.byteLength ?? 0
    return chunk
  }

  #copy(small: Uint8Array): void {
    if (this.#free.byteLength < small.byteLength) this.#free = new Uint8Array(PAGE_BYTES)
    this.#free.set(small)
    const copy = this.#free.subarray(0, small.byteLength)
    this.#free = this.#free.subarray(small.byteLength)
    const last = this.#chunks.at(-1)
    const isAdjacent = last?.buffer === copy.buffer && last.byteOffset + last.byteLength === copy.byteOffset
    if (isAdjacent) this.#chunks[this.#chunks.length - 1] = joinAdjacent(last, copy)
    else this.#chunks.push(copy)
  }
}

function joinAdjacent(first: Uint8Array, next: Uint8Array): Uint8Array {
  return new Uint8Array(first.buffer, first.byteOffset, first.byteLength + next.byteLength)
}

/** Whatever was there before shows in it until it is filled: nobody gets a frame that is not whole. */
function uninitialised(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)
}

/** Fed with chunks, gives frames; at most one of them is under way, in a buffer of the length it said. */
export class LengthPrefixDecoder {
  readonly #limitBytes: number
  /** Bytes of a length that goes on. */
  readonly #prefix: number[] = []
  #message: Uint8Array | undefined
  #filled = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** A frame has begun and is not whole. */
  get isMidMessage(): boolean {
    return this.#message !== undefined || this.#prefix.length > 0
  }

  /** @throws {BadLength} before any of the frame's content is taken in */
  *decode(chunk: Uint8Array): Generator<Uint8Array, void> {
    for (let at = 0; at < chunk.byteLength;) {
      if (this.#message === undefined) {
        const length = this.#readLength(chunk[at] ?? 0)
        at += 1
        if (length === undefined) continue
        this.#message = uninitialised(length)
        this.#filled = 0
      }
      const part = chunk.subarray(at, at + this.#message.byteLength - this.#filled)
      this.#message.set(part, this.#filled)
      this.#filled += part.byteLength
      at += part.byteLength
      if (this.#filled < this.#message.byteLength) return
      const message = this.#message
      this.#message = undefined
      yield message
    }
  }

  /** An unsigned varint in its shortest spelling; nothing yet while it goes on. */
  #readLength(byte: number): number | undefined {
    this.#prefix.push(byte)
    if (byte >= 0x80) {
      if (this.#prefix.length >= FRAME_LENGTH_BYTES) throw new BadLength('a length that is too long')
      return undefined
    }
    const length = this.#prefix.reduce((sum, part, position) => sum + (part & 0x7f) * 2 ** (7 * position), 0)
    if (byte === 0 && this.#prefix.length > 1) throw new BadLength('a length with zeros behind it')
    if (length > this.#limitBytes) throw new BadLength(`${String(length)} bytes`)
    this.#prefix.length = 0
    return length
  }
}

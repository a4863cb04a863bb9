/**
 * Splits the bytes of a stream into length-prefixed messages (spec §8), with bounded memory. A stranger chooses the
 * chunk sizes: a chunk of one byte may be a view of a 64 KiB packet and keep all of it alive. So small chunks are
 * copied, and each message gets a buffer of its own. Memory in use is then proportional to the bytes received, whatever
 * the chunk sizes.
 */
import type { Uint8ArrayList } from 'uint8arraylist'
import { LENGTH_PREFIX_BYTES } from '../../../protocol/stream-limits.ts'

export type Chunk = Uint8Array | Uint8ArrayList

/** The contiguous parts of a chunk. They are not joined, since that would copy everything received. */
export function partsOf(data: Chunk): Iterable<Uint8Array> {
  return data instanceof Uint8Array ? [data] : data
}

/** Chunks of at least this size are kept as they are: at worst that keeps four times their size alive. */
const PAGE_BYTES = 16 * 1024

/** The length prefix is above the limit, or is not in its shortest form. */
export class BadLength extends Error {
  override readonly name = 'BadLength'
}

/** The stream ended inside a message. */
export class TornMessage extends Error {
  override readonly name = 'TornMessage'
}

/**
 * A first-in first-out queue of bytes. Small chunks are copied into shared pages.
 *
 * Invariants: `#bytes` is the sum of the lengths in `#chunks`; `#free` is the unused rest of the current page, and only
 * the last chunk may end where it starts.
 */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = []
  /** Unused rest of the current page. */
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

/** The buffer shows old memory until it is filled, so a message is handed out only when complete. */
function uninitialised(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)
}

/**
 * Takes chunks and yields messages. It buffers at most one message, in a buffer of the announced length.
 *
 * Invariants: a length is being read while `#message` is undefined; `#prefix` then holds its bytes so far, and is empty
 * otherwise. Between calls of `decode`, `#filled` is less than the length of `#message`.
 */
export class LengthPrefixDecoder {
  readonly #limitBytes: number
  /** Bytes of an incomplete length prefix. */
  readonly #prefix: number[] = []
  #message: Uint8Array | undefined
  #filled = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Whether a message has begun and is incomplete. */
  get isMidMessage(): boolean {
    return this.#message !== undefined || this.#prefix.length > 0
  }

  /** @throws {BadLength} before any content of the message is buffered */
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

  /** Reads an unsigned varint in its shortest form; `undefined` until it is complete. */
  #readLength(byte: number): number | undefined {
    this.#prefix.push(byte)
    if (byte >= 0x80) {
      if (this.#prefix.length >= LENGTH_PREFIX_BYTES) throw new BadLength('a length that is too long')
      return undefined
    }
    const length = this.#prefix.reduce((sum, part, position) => sum + (part & 0x7f) * 2 ** (7 * position), 0)
    if (byte === 0 && this.#prefix.length > 1) throw new BadLength('a length with zeros behind it')
    if (length > this.#limitBytes) throw new BadLength(`${String(length)} bytes`)
    this.#prefix.length = 0
    return length
  }
}

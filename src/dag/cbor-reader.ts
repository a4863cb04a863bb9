/**
 * Reads dag-cbor of a known form in one pass, without building intermediate values: for the few formats of which there
 * is much data. It accepts the shortest encodings only, the ones that dag-cbor allows.
 */
import { ID_BYTES } from './ids.ts'

/** Major type: the high three bits of a first byte. */
const KIND = 0xe0
const BYTES = 0x40
const TEXT = 0x60
const LIST = 0x80
/** The high word of a 53-bit integer. */
const MAX_HIGH_WORD = 2 ** 21 - 1

/** A byte order mark is part of a text, and what is no UTF-8 is no text. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The dag-cbor encoding of a text of up to 23 bytes, between other bytes. */
export function encodedText(before: readonly number[], text: string, after: readonly number[] = []): Uint8Array {
  return Uint8Array.from([...before, 0x60 + text.length, ...ascii(text), ...after])
}

/** A cursor over bytes. Each step reports whether it found what it expects, and moves past it. */
export class CborReader {
  readonly bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.bytes.byteLength
  }

  byte(): number {
    return this.bytes[this.#at++] ?? -1
  }

  /** Moves past these bytes if they come next, and reports whether they did. */
  skip(wanted: Uint8Array): boolean {
    for (let n = 0; n < wanted.length; n += 1) if (this.bytes[this.#at + n] !== wanted[n]) return false
    this.#at += wanted.length
    return true
  }

  get at(): number {
    return this.#at
  }

  /** Position of the next 32 bytes, or -1. */
  digest(): number {
    const from = this.#at
    this.#at += ID_BYTES
    return this.#at <= this.bytes.byteLength ? from : -1
  }

  /** An integer from 0 to 2^53 − 1 in its shortest encoding; -1 for anything else. */
  uint(): number {
    return this.#argument(this.byte())
  }

  /** The argument in or after the low five bits of a first byte; -1 unless it has the shortest encoding. */
  #argument(low: number): number {
    if (low <= 0x17) return low
    if (low === 0x18) return this.#shortest(0x18, this.byte())
    if (low === 0x19) return this.#shortest(2 ** 8, this.#word(2))
    if (low === 0x1a) return this.#shortest(2 ** 16, this.#word(4))
    if (low !== 0x1b) return -1
    const high = this.#word(4)
    return high > MAX_HIGH_WORD ? -1 : this.#shortest(2 ** 32, high * 2 ** 32 + this.#word(4))
  }

  /** Number of items of a list; -1 if it is none. */
  listLength(): number {
    const first = this.byte()
    return (first & KIND) === LIST ? this.#argument(first & ~KIND) : -1
  }

  /** Moves past a byte string of at most `most` bytes in its shortest encoding. Its length, or -1 for anything else. */
  skipBytes(most: number): number {
    return this.#skipString(BYTES, most)
  }

  /** A text of at most `most` bytes in its shortest encoding; `undefined` for anything else. */
  text(most: number): string | undefined {
    const length = this.#skipString(TEXT, most)
    if (length < 0) return undefined
    try {
      return utf8.decode(this.bytes.subarray(this.#at - length, this.#at))
    } catch {
      return undefined
    }
  }

  #skipString(kind: number, most: number): number {
    const first = this.byte()
    const length = (first & KIND) === kind ? this.#argument(first & ~KIND) : -1
    if (length < 0 || length > most) return -1
    this.#at += length
    return this.#at <= this.bytes.byteLength ? length : -1
  }

  /** NaN past the end, which fails every comparison. */
  #word(length: number): number {
    let value = 0
    for (let n = 0; n < length; n += 1) value = value * 256 + (this.bytes[this.#at++] ?? Number.NaN)
    return value
  }

  #shortest(least: number, value: number): number {
    return value >= least ? value : -1
  }
}

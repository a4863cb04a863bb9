/**
 * Reads dag-cbor of a known form in one pass, without building values that nobody wants: for the few formats that there is
 * much of. It knows the shortest spellings alone, which are the only ones allowed.
 */
import { ID_BYTES } from './ids.ts'

/** The high three bits of a first byte. */
const KIND = 0xe0
const BYTES = 0x40
const LIST = 0x80
/** Of the 53 bits of an integer. */
const MAX_HIGH_WORD = 2 ** 21 - 1

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A text of up to 23 bytes as dag-cbor spells it, with what stands around it. */
export function encodedText(before: readonly number[], text: string, after: readonly number[] = []): Uint8Array {
  return Uint8Array.from([...before, 0x60 + text.length, ...ascii(text), ...after])
}

/** Where the reading is. Each step says whether it found what it wants; then it stands behind that. */
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

  /** Whether just these bytes come next; then it stands behind them, else where it stood. */
  skip(wanted: Uint8Array): boolean {
    for (let n = 0; n < wanted.length; n += 1) if (this.bytes[this.#at + n] !== wanted[n]) return false
    this.#at += wanted.length
    return true
  }

  /** Where it stands. */
  get at(): number {
    return this.#at
  }

  /** Where 32 bytes are, or -1. */
  digest(): number {
    const from = this.#at
    this.#at += ID_BYTES
    return this.#at <= this.bytes.byteLength ? from : -1
  }

  /** An integer of 0 to 2^53 − 1 in its shortest spelling; -1 for anything else. */
  uint(): number {
    return this.#argument(this.byte())
  }

  /** What stands in or behind the low five bits of a first byte; -1 for any but the shortest spelling. */
  #argument(low: number): number {
    if (low <= 0x17) return low
    if (low === 0x18) return this.#shortest(0x18, this.byte())
    if (low === 0x19) return this.#shortest(2 ** 8, this.#word(2))
    if (low === 0x1a) return this.#shortest(2 ** 16, this.#word(4))
    if (low !== 0x1b) return -1
    const high = this.#word(4)
    return high > MAX_HIGH_WORD ? -1 : this.#shortest(2 ** 32, high * 2 ** 32 + this.#word(4))
  }

  /** Items of a list; -1 if it is none. */
  listLength(): number {
    const first = this.byte()
    return (first & KIND) === LIST ? this.#argument(first & ~KIND) : -1
  }

  /** Goes behind a byte string of at most so many bytes in its shortest spelling; its length, or -1 for anything else. */
  skipBytes(most: number): number {
    const first = this.byte()
    const length = (first & KIND) === BYTES ? this.#argument(first & ~KIND) : -1
    if (length < 0 || length > most) return -1
    this.#at += length
    return this.#at <= this.bytes.byteLength ? length : -1
  }

  /** Past the end it is NaN, which is at least nothing. */
  #word(length: number): number {
    let value = 0
    for (let n = 0; n < length; n += 1) value = value * 256 + (this.bytes[this.#at++] ?? Number.NaN)
    return value
  }

  #shortest(least: number, value: number): number {
    return value >= least ? value : -1
  }
}

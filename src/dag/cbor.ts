/**
 * The few forms of dag-cbor that a header is made of, written and read in their one canonical spelling (spec §3). A hand-made
 * pair because headers are the hot path: @ipld/dag-cbor builds a CID object for every link, and a reader that accepts
 * nothing but the canonical spelling needs no second encoding to compare with. The tests hold it against @ipld/dag-cbor.
 */
import { Bug } from './faults.ts'

/** CBOR's major types, as the high three bits of the first byte. */
export const UINT = 0x00
export const BYTES = 0x40
export const TEXT = 0x60
export const ARRAY = 0x80
export const MAP = 0xa0

/** What stands before the digest of a link: tag 42, 37 bytes, identity multibase, CID v1, codec, sha2-256, 32 bytes. */
export const DAG_LINK = Uint8Array.of(0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01, 0x71, 0x12, 0x20)
/** The same for a link to raw bytes. */
export const RAW_LINK = Uint8Array.of(0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01, 0x55, 0x12, 0x20)

const TWO_TO_32 = 0x1_0000_0000
/** High word of 2^53 − 1. */
const MAX_HIGH_WORD = 0x1f_ffff

/** A text in canonical dag-cbor; at most 23 ASCII characters. */
export function shortText(text: string): Uint8Array {
  return Uint8Array.of(TEXT | text.length, ...new TextEncoder().encode(text))
}

/** Fills a buffer of its own, from {@link CborWriter.start} on; {@link CborWriter.finish} hands out a copy. */
export class CborWriter {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes)
  }

  /** Forgets what was written, also by a write that threw half-way. */
  start(): void {
    this.#at = 0
  }

  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.byteLength
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value
  }

  /** A first byte with its argument in the shortest form. */
  head(major: number, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new Bug(`${String(value)} is no count or integer of a header`)
    if (value < 24) {
      this.byte(major | value)
      return
    }
    const width = value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < TWO_TO_32 ? 4 : 8
    this.byte(major | (width === 1 ? 24 : width === 2 ? 25 : width === 4 ? 26 : 27))
    for (let shift = width - 1; shift >= 0; shift--) this.byte(Math.floor(value / 256 ** shift) % 256)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }
}

/**
 * Reads what {@link CborWriter} writes. The first mismatch is kept in {@link CborReader.wrong} and every later read is harmless,
 * so that callers read straight on and look once at the end; what they got before is not to be used if anything was wrong.
 */
export class CborReader {
  readonly #bytes: Uint8Array
  #at = 0
  #wrong: string | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Why the bytes are refused; `undefined` as long as they are right. */
  get wrong(): string | undefined {
    return this.#wrong
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.byteLength
  }

  fail(why: string): void {
    this.#wrong ??= why
  }

  /** Steps over exactly these bytes if they are next. */
  skips(expected: Uint8Array): boolean {
    const end = this.#at + expected.byteLength
    if (this.#wrong !== undefined || end > this.#bytes.byteLength) return false
    for (let i = 0; i < expected.byteLength; i++) if (this.#bytes[this.#at + i] !== expected[i]) return false
    this.#at = end
    return true
  }

  /** The next bytes as a view; zeros if something is wrong, so that they still make an id. */
  take(length: number, what: string): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.byteLength) this.fail(`the header ends within ${what}`)
    if (this.#wrong !== undefined) return new Uint8Array(length)
    const view = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return view
  }

  /** The argument of a first byte of this major type, which must be in its shortest form and at most 2^53 − 1. */
  head(major: number, what: string): number {
    const first = this.#next()
    if ((first & 0xe0) !== major) this.fail(`${what} is of the wrong type`)
    const info = first & 0x1f
    if (info < 24) return info
    if (info === 24) return this.#least(24, this.#next(), what)
    if (info === 25) return this.#least(0x100, this.#word(2), what)
    if (info === 26) return this.#least(0x1_0000, this.#word(4), what)
    if (info !== 27) this.fail(`${what} is not in its canonical form`)
    const high = this.#word(4)
    if (high > MAX_HIGH_WORD) this.fail(`${what} is above 2^53 - 1`)
    return this.#least(TWO_TO_32, high * TWO_TO_32 + this.#word(4), what)
  }

  #least(least: number, value: number, what: string): number {
    if (value < least) this.fail(`${what} is not in its shortest form`)
    return value
  }

  #next(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) this.fail('the header ends too early')
    return byte ?? 0
  }

  #word(bytes: number): number {
    let value = 0
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#next()
    return value
  }
}

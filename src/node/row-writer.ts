/** Writes the few kinds of dag-cbor that a stored row is made of, the way the library does, some five times as fast. */
const NULL = 0xf6
const NEGATIVE = 0x20
const BYTES = 0x40
const LIST = 0x80

/** Lists may be nested, values follow each other; {@link RowWriter.take} gives all of it. */
export class RowWriter {
  readonly #bytes: Uint8Array
  #at = 0

  /** @param most - bytes that are never exceeded: 9 for each number and list, and as many around each byte string */
  constructor(most: number) {
    this.#bytes = new Uint8Array(most)
  }

  list(length: number): this {
    return this.#head(LIST, length)
  }

  /** A whole number of up to 53 bits, of either sign. */
  int(value: number): this {
    return value < 0 ? this.#head(NEGATIVE, -1 - value) : this.#head(0, value)
  }

  bytes(value: Uint8Array | undefined): this {
    if (value === undefined) {
      this.#bytes[this.#at++] = NULL
      return this
    }
    this.#head(BYTES, value.byteLength)
    this.#bytes.set(value, this.#at)
    this.#at += value.byteLength
    return this
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  #head(kind: number, argument: number): this {
    if (argument < 24) this.#bytes[this.#at++] = kind | argument
    else if (argument < 2 ** 8) this.#put(kind | 24, argument, 1)
    else if (argument < 2 ** 16) this.#put(kind | 25, argument, 2)
    else if (argument < 2 ** 32) this.#put(kind | 26, argument, 4)
    else {
      this.#put(kind | 27, Math.floor(argument / 2 ** 32), 4)
      this.#number(argument % 2 ** 32, 4)
    }
    return this
  }

  #put(first: number, value: number, width: number): void {
    this.#bytes[this.#at++] = first
    this.#number(value, width)
  }

  #number(value: number, width: number): void {
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) this.#bytes[this.#at++] = value >>> shift
  }
}

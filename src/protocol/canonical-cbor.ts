/**
 * Whether bytes that decode as dag-cbor are canonical (spec §7, §8), seen in one pass. It only ever says yes. For what
 * is rare in messages (links, floats, text beyond ASCII, deep nesting) it has no answer, and the caller encodes the
 * value again to compare. A property test compares it with the library.
 */
const UNSIGNED = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const LIST = 4
const MAP = 5

const FALSE = 0xf4
const NULL = 0xf6

/** Nesting of lists and maps; messages have four levels. */
const MAX_DEPTH = 8

/** Position of {@link Walk.item} after something it has no answer for. */
const UNDECIDED = -1

/** True: the bytes are canonical. False: unknown. */
export function isSurelyCanonical(bytes: Uint8Array): boolean {
  return new Walk(bytes).item(0, 0) === bytes.byteLength
}

class Walk {
  readonly #bytes: Uint8Array
  /** Argument of the head read last. */
  #argument = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Position after the item that begins here. */
  item(at: number, depth: number): number {
    const first = this.#bytes[at] ?? 0
    if (first >= FALSE && first <= NULL) return at + 1
    const after = this.#head(at)
    if (after === UNDECIDED) return UNDECIDED
    switch (first >> 5) {
      case UNSIGNED:
      case NEGATIVE:
        return after
      case BYTES:
        return after + this.#argument
      case TEXT:
        return this.#ascii(after, this.#argument)
      case LIST:
        return depth < MAX_DEPTH ? this.#items(after, this.#argument, depth + 1) : UNDECIDED
      case MAP:
        return depth < MAX_DEPTH ? this.#map(after, this.#argument, depth + 1) : UNDECIDED
      default:
        return UNDECIDED
    }
  }

  /** Position after an item's first byte and its argument, which must have the shortest form. */
  #head(at: number): number {
    const short = (this.#bytes[at] ?? 0) & 0x1f
    if (short < 24) {
      this.#argument = short
      return at + 1
    }
    const width = short === 24 ? 1 : short === 25 ? 2 : short === 26 ? 4 : 0
    if (width === 0) return UNDECIDED
    let argument = 0
    for (let n = 1; n <= width; n += 1) argument = argument * 256 + (this.#bytes[at + n] ?? 0)
    this.#argument = argument
    const least = width === 1 ? 24 : width === 2 ? 2 ** 8 : 2 ** 16
    return argument >= least ? at + 1 + width : UNDECIDED
  }

  #ascii(at: number, length: number): number {
    for (let n = 0; n < length; n += 1) if ((this.#bytes[at + n] ?? 0x80) >= 0x80) return UNDECIDED
    return at + length
  }

  #items(at: number, count: number, depth: number): number {
    for (let n = 0; n < count && at !== UNDECIDED; n += 1)
      at = at < this.#bytes.byteLength ? this.item(at, depth) : UNDECIDED
    return at
  }

  /** Keys are texts in canonical order: shorter ones first, then bytewise. */
  #map(at: number, count: number, depth: number): number {
    let keyBefore = 0
    let lengthBefore = UNDECIDED
    for (let n = 0; n < count; n += 1) {
      if ((this.#bytes[at] ?? 0) >> 5 !== TEXT) return UNDECIDED
      const key = this.#head(at)
      const length = this.#argument
      if (key === UNDECIDED || !this.#follows(key, length, keyBefore, lengthBefore)) return UNDECIDED
      const value = this.#ascii(key, length)
      at = value === UNDECIDED ? UNDECIDED : this.#items(value, 1, depth)
      if (at === UNDECIDED) return UNDECIDED
      keyBefore = key
      lengthBefore = length
    }
    return at
  }

  #follows(key: number, length: number, before: number, lengthBefore: number): boolean {
    if (length !== lengthBefore) return length > lengthBefore
    for (let n = 0; n < length; n += 1) {
      const difference = (this.#bytes[key + n] ?? 0) - (this.#bytes[before + n] ?? 0)
      if (difference !== 0) return difference > 0
    }
    return false
  }
}

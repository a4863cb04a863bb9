/**
 * Whether bytes that decode as dag-cbor are canonical (spec §7, §8), seen in one walk over them. It only ever says yes: of
 * what is rare in messages (links, floats, text beyond ASCII, deep nesting) it says nothing, and whoever asked spells the
 * value again to see. A property test compares it with the library.
 */
const UNSIGNED = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const LIST = 4
const MAP = 5

const FALSE = 0xf4
const NULL = 0xf6

/** Lists and maps within each other; messages have four. */
const MOST_DEPTH = 8

/** Where {@link Walk.item} stands after it met something that it says nothing about. */
const LOST = -1

/** True: they are the one spelling of what they mean. False: nothing is known. */
export function isSurelyCanonical(bytes: Uint8Array): boolean {
  return new Walk(bytes).item(0, 0) === bytes.byteLength
}

class Walk {
  readonly #bytes: Uint8Array
  /** Of the head read last. */
  #argument = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Position behind the item that begins here. */
  item(at: number, depth: number): number {
    const first = this.#bytes[at] ?? 0
    if (first >= FALSE && first <= NULL) return at + 1
    const after = this.#head(at)
    if (after === LOST) return LOST
    switch (first >> 5) {
      case UNSIGNED:
      case NEGATIVE:
        return after
      case BYTES:
        return after + this.#argument
      case TEXT:
        return this.#ascii(after, this.#argument)
      case LIST:
        return depth < MOST_DEPTH ? this.#items(after, this.#argument, depth + 1) : LOST
      case MAP:
        return depth < MOST_DEPTH ? this.#map(after, this.#argument, depth + 1) : LOST
      default:
        return LOST
    }
  }

  /** Position behind the first byte of an item and its argument, which is spelt as short as can be. */
  #head(at: number): number {
    const short = (this.#bytes[at] ?? 0) & 0x1f
    if (short < 24) {
      this.#argument = short
      return at + 1
    }
    const width = short === 24 ? 1 : short === 25 ? 2 : short === 26 ? 4 : 0
    if (width === 0) return LOST
    let argument = 0
    for (let n = 1; n <= width; n += 1) argument = argument * 256 + (this.#bytes[at + n] ?? 0)
    this.#argument = argument
    const least = width === 1 ? 24 : width === 2 ? 2 ** 8 : 2 ** 16
    return argument >= least ? at + 1 + width : LOST
  }

  #ascii(at: number, length: number): number {
    for (let n = 0; n < length; n += 1) if ((this.#bytes[at + n] ?? 0x80) >= 0x80) return LOST
    return at + length
  }

  #items(at: number, count: number, depth: number): number {
    for (let n = 0; n < count && at !== LOST; n += 1) at = at < this.#bytes.byteLength ? this.item(at, depth) : LOST
    return at
  }

  /** Keys are texts, each longer than the one before, or as long and behind it in order. */
  #map(at: number, count: number, depth: number): number {
    let keyBefore = 0
    let lengthBefore = LOST
    for (let n = 0; n < count; n += 1) {
      if ((this.#bytes[at] ?? 0) >> 5 !== TEXT) return LOST
      const key = this.#head(at)
      const length = this.#argument
      if (key === LOST || !this.#follows(key, length, keyBefore, lengthBefore)) return LOST
      const value = this.#ascii(key, length)
      at = value === LOST ? LOST : this.#items(value, 1, depth)
      if (at === LOST) return LOST
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

/**
 * Maps digests to dense local indexes and back: 32 packed bytes per digest, and an open-addressing hash table over
 * them. Indexes are given in insertion order and never change; only the last one can be removed. Knows nothing of
 * blocks.
 */
import { blockId, type BlockId } from './ids.ts'
import { Bug } from './result.ts'
import { PrefixIndex } from './prefix-index.ts'
import { grown } from './typed-array.ts'

const WORDS = 8
const DIGITS_PER_WORD = 8
const FIRST_SLOTS = 64

/**
 * The table is seeded with a secret random number. A digest can be ground until its first bits are chosen; without a
 * seed a few thousand ground blocks would fill one run of slots and make each lookup linear. Two words are hashed: many
 * digests that agree in 64 bits cannot be ground, and most lookups read no more of an id.
 *
 * Invariants:
 * 1. `#words` has the digest of index i at `WORDS * i`, for all i below `#size`.
 * 2. Each index below `#size` is in exactly one slot, as `index + 1`; between the slot of its hash and its own slot
 *    none is free.
 * 3. `#slots` has a power of two of slots, at most two thirds of them full.
 */
export class DigestIndex {
  /** Big-endian words, so that comparing words compares digests. */
  #words: Uint32Array = new Uint32Array(WORDS * FIRST_SLOTS)
  /** `index + 1`, or 0 where free; a power of two long, at most two thirds full. */
  #slots = new Uint32Array(FIRST_SLOTS)
  #size = 0
  readonly #seed: number
  readonly #bytes = new Uint8Array(4 * WORDS)
  readonly #prefixes = new PrefixIndex((index) => this.#words[index * WORDS] ?? 0)

  /** @param seed - 32 random bits */
  constructor(seed: number) {
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /**
   * Inserts `id` with the next index.
   * @throws {Bug} if it is present
   */
  push(id: BlockId): number {
    if (this.find(id) !== undefined) throw new Bug(`digest ${id} is known already`)
    const index = this.#size
    this.#words = grown(this.#words, (index + 1) * WORDS)
    for (let word = 0; word < WORDS; word += 1) this.#words[index * WORDS + word] = wordOf(id, word)
    this.#size += 1
    if (this.#size * 3 > this.#slots.length * 2) this.#rehash()
    else this.#occupy(index)
    return index
  }

  /**
   * Removes the last index. No tombstone is needed: its slot was free while all others were inserted, so none of them
   * was pushed past it. A rehash inserts by index, which keeps this true.
   * @throws {Bug} if there is none
   */
  pop(): void {
    if (this.#size === 0) throw new Bug('there is no digest to take back')
    const last = this.#size - 1
    this.#prefixes.pop(last)
    const mask = this.#slots.length - 1
    let slot = this.#slotOf(last) & mask
    while (this.#slots[slot] !== last + 1) slot = (slot + 1) & mask
    this.#slots[slot] = 0
    this.#size = last
  }

  find(id: BlockId): number | undefined {
    return this.#find(id)
  }

  id(index: number): BlockId {
    this.write(index, this.#bytes, 0)
    return blockId(this.#bytes)
  }

  /** Writes the 32 bytes of a digest into `into` at `at`. */
  write(index: number, into: Uint8Array, at: number): void {
    if (index >= this.#size) throw new Bug(`no digest has index ${String(index)}`)
    for (let word = 0; word < WORDS; word += 1) {
      const value = this.#words[index * WORDS + word] ?? 0
      into[at + word * 4] = value >>> 24
      into[at + word * 4 + 1] = value >>> 16
      into[at + word * 4 + 2] = value >>> 8
      into[at + word * 4 + 3] = value
    }
  }

  /** Negative if the digest of `a` comes before that of `b`; 0 only for equal indexes. */
  compare(a: number, b: number): number {
    for (let word = 0; word < WORDS; word += 1) {
      const difference = (this.#words[a * WORDS + word] ?? 0) - (this.#words[b * WORDS + word] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  /** Indexes of the digests that start with these hex digits, ascending. With 5 digits or more it costs what it finds. */
  startingWith(digits: string): number[] {
    const low = new Uint32Array(WORDS)
    const high = new Uint32Array(WORDS)
    const length = WORDS * DIGITS_PER_WORD
    if (digits.length === length) {
      const found = this.#find(digits)
      return found === undefined ? [] : [found]
    }
    for (let word = 0; word < WORDS; word += 1) {
      low[word] = wordOf(digits.padEnd(length, '0'), word)
      high[word] = wordOf(digits.padEnd(length, 'F'), word)
    }
    const found: number[] = []
    for (const index of this.#prefixes.near(low[0] ?? 0, high[0] ?? 0, this.#size))
      if (this.#between(index, low, high)) found.push(index)
    return found.sort((a, b) => a - b)
  }

  #find(id: string): number | undefined {
    const first = wordOf(id, 0)
    const second = wordOf(id, 1)
    const mask = this.#slots.length - 1
    for (let slot = this.#hash(first, second) & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot] ?? 0
      if (held === 0) return undefined
      const at = (held - 1) * WORDS
      if (this.#words[at] === first && this.#words[at + 1] === second && this.#endsAs(at, id)) return held - 1
    }
  }

  /**
   * Comparing word by word is enough: the two bounds of a prefix have equal words, at most one that differs, then only
   * zeros and ones.
   */
  #between(index: number, low: Uint32Array, high: Uint32Array): boolean {
    for (let word = 0; word < WORDS; word += 1) {
      const value = this.#words[index * WORDS + word] ?? 0
      if (value < (low[word] ?? 0) || value > (high[word] ?? 0)) return false
    }
    return true
  }

  /** Whether the digest at `at` equals `id` in the words that are not hashed. */
  #endsAs(at: number, id: string): boolean {
    for (let word = 2; word < WORDS; word += 1) if (this.#words[at + word] !== wordOf(id, word)) return false
    return true
  }

  /** The first slot for the digest of an index, before masking with the table's length. */
  #slotOf(index: number): number {
    return this.#hash(this.#words[index * WORDS] ?? 0, this.#words[index * WORDS + 1] ?? 0)
  }

  /** Murmur3's mixing. */
  #hash(first: number, second: number): number {
    let hash = mixed(mixed(this.#seed, first), second)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }

  #occupy(index: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#slotOf(index) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = index + 1
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    for (let index = 0; index < this.#size; index += 1) this.#occupy(index)
  }
}

function mixed(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const both = hash ^ k
  return (Math.imul((both << 13) | (both >>> 19), 5) + 0xe6546b64) | 0
}

/** The word at this position of hex digits in either case. */
function wordOf(digits: string, word: number): number {
  let value = 0
  const from = word * DIGITS_PER_WORD
  for (let at = from; at < from + DIGITS_PER_WORD; at += 1) {
    const code = digits.charCodeAt(at)
    value = (value << 4) | (code <= 57 ? code - 48 : (code & 0xdf) - 55)
  }
  return value >>> 0
}

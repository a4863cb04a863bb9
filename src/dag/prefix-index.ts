/**
 * Finds the indexes whose first word begins as asked, without a look at all of them: chains of indexes, one for each
 * value of the word's first bits. For what users type. Built on the first question, so that a node that is never asked
 * pays nothing; 8 to 12 bytes per index then.
 */
import { grown } from './typed-array.ts'

/** 6 hex digits, the fewest that a user types (spec §3): with more bits, a question would go over several chains. */
const MOST_BITS = 24
const LEAST_BITS = 6

/**
 * Invariants:
 * 1. Each index below `#indexed` is in the chain of its first bits, once; chains descend, so the last index is a first one.
 * 2. `#heads` has at least as many chains as there are indexes, up to 2^`MOST_BITS`. Ground digests may share one chain:
 *   whoever types their prefix waits as long as if all were looked at, and nobody else does.
 */
export class PrefixIndex {
  readonly #firstWord: (index: number) => number
  #bits = LEAST_BITS
  /** `index + 1` of the last index of each chain, or 0. */
  #heads = new Uint32Array(1 << LEAST_BITS)
  /** `index + 1` of the one before in the chain, or 0. */
  #before = new Uint32Array(1 << LEAST_BITS)
  #indexed = 0

  /** @param firstWord - the first 32 bits of the digest of an index */
  constructor(firstWord: (index: number) => number) {
    this.#firstWord = firstWord
  }

  /** Indexes below `size` whose first word is at least `low` and at most `high`, and others near them; in no order. */
  *near(low: number, high: number, size: number): Generator<number> {
    this.#catchUp(size)
    for (let chain = this.#chainOf(low); chain <= this.#chainOf(high); chain += 1) {
      for (let at = this.#heads[chain] ?? 0; at > 0; at = this.#before[at - 1] ?? 0) yield at - 1
    }
  }

  /** The last index is about to be removed. */
  pop(last: number): void {
    if (last >= this.#indexed) return
    this.#heads[this.#chainOf(this.#firstWord(last))] = this.#before[last] ?? 0
    this.#indexed = last
  }

  #catchUp(size: number): void {
    if (size > this.#heads.length && this.#bits < MOST_BITS) {
      while (1 << this.#bits < size && this.#bits < MOST_BITS) this.#bits += 1
      this.#heads = new Uint32Array(1 << this.#bits)
      this.#indexed = 0
    }
    this.#before = grown(this.#before, size)
    for (; this.#indexed < size; this.#indexed += 1) {
      const chain = this.#chainOf(this.#firstWord(this.#indexed))
      this.#before[this.#indexed] = this.#heads[chain] ?? 0
      this.#heads[chain] = this.#indexed + 1
    }
  }

  #chainOf(word: number): number {
    return word >>> (32 - this.#bits)
  }
}

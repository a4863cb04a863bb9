/**
 * Fingerprints of the accepted blocks (spec §8): a Merkle trie over them in order (spec §1), so that two peers find
 * where their sets differ by walking down it together. A fingerprint depends only on the blocks under its prefix, not
 * on the order of arrival or on other blocks. Lazy: computes nothing before the first query, then updates
 * incrementally. Knows nothing of messages. Its list of the blocks in order also finds places in it (`placeOf`).
 *
 *     digits of a key (hex):  time 14 │ height 8 │ digest 64        so keys sort like blocks
 *
 *     ≤ 32 blocks under a prefix   sha256("freechains/fold/leaf" ‖ their digests, in order)
 *     more                         sha256("freechains/fold/node" ‖ 16 × fingerprint, or 32 zeros for an empty part),
 *                                  by the first digit in which the keys differ
 */
import { labelledSha256 } from './crypto.ts'
import type { Graph } from './graph.ts'
import { grown } from './typed-array.ts'
import { ID_BYTES } from './ids.ts'

/** First digits of a key: 0 to {@link KEY_DIGITS} upper-case hex digits. */
export type Prefix = string

const TIME_DIGITS = 14
const HEIGHT_DIGITS = 8
const BEFORE_DIGEST = TIME_DIGITS + HEIGHT_DIGITS

/** Digits of a whole key. */
export const KEY_DIGITS = BEFORE_DIGEST + 2 * ID_BYTES

/** Up to this many blocks are hashed, and listed, directly: such a list is about as long as 16 fingerprints. */
export const LEAF_BLOCKS = 32

const FANOUT = 16

/** Blocks whose keys have `digit` after the digits shared with the others. */
export interface FoldPart {
  readonly digit: number
  readonly count: number
  /** 32 bytes. */
  readonly fingerprint: Uint8Array
}

/** What is under a prefix: up to {@link LEAF_BLOCKS} blocks in order, or the digits they share, and 2 to 16 parts. */
export type Under =
  { readonly indexes: readonly number[] } | { readonly at: Prefix; readonly parts: readonly FoldPart[] }

/** Positions in `#sorted`; their keys share at least the first `digits` digits. */
interface Range {
  readonly from: number
  readonly to: number
  readonly digits: number
}

/**
 * Invariants, as of the last query (`#catchUp` begins each one):
 * 1. `#sorted` up to `#size` has the accepted blocks in order, each once, without the genesis.
 * 2. `#ranked` and `#withdrawals` are the graph's: `#withdrawals` is `#ranked - 1 - #size`.
 * 3. Each key in `#known` is all the digits shared by the blocks under it, more than `LEAF_BLOCKS`, and its value is their
 *    fingerprint; or no block is under it any more.
 * 4. No key in `#known` is longer than `#longest`, which only grows.
 */
export class FingerprintTree {
  readonly #graph: Graph
  /** Accepted blocks in order; only the first `#size` elements are used. */
  #sorted = new Uint32Array(0)
  #size = 0
  /** As of the last query: {@link Graph.ranked}, and the number of withdrawals. */
  #ranked = 0
  #withdrawals = 0
  /** Cached fingerprints of more than {@link LEAF_BLOCKS} blocks, by all the digits that they share. */
  readonly #known = new Map<Prefix, Uint8Array>()
  #longest = 0

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** Fingerprint of the accepted blocks under a prefix: 32 bytes, all zero if there are none. */
  fingerprint(prefix: Prefix): Uint8Array {
    const range = this.#range(prefix)
    return range.from === range.to ? new Uint8Array(ID_BYTES) : this.#fingerprint(range)
  }

  under(prefix: Prefix): Under {
    const range = this.#range(prefix)
    if (range.to - range.from <= LEAF_BLOCKS) return { indexes: [...this.#sorted.subarray(range.from, range.to)] }
    const shared = this.#shared(range)
    const parts = this.#parts({ ...range, digits: shared }).map((part) => ({
      digit: this.#digit(part.from, shared),
      count: part.to - part.from,
      fingerprint: this.#fingerprint(part),
    }))
    return { at: this.#key(range.from).slice(0, shared), parts }
  }

  /** Accepted blocks before this one in order, which need not be accepted itself. */
  placeOf(index: number): number {
    return this.#firstWhere((other) => this.#graph.compare(other, index) >= 0)
  }

  /** Accepted blocks of an earlier time. */
  placeOfTime(ms: number): number {
    return this.#firstWhere((other) => this.#graph.time(other) >= ms)
  }

  /** The accepted blocks from the `from`-th on, in order, without the `to`-th and what is behind it. */
  between(from: number, to: number): number[] {
    this.#catchUp()
    return [...this.#sorted.subarray(from, Math.min(to, this.#size))]
  }

  #firstWhere(holds: (index: number) => boolean): number {
    this.#catchUp()
    return firstThat((position) => holds(this.#sorted[position] ?? 0), 0, this.#size)
  }

  #fingerprint(range: Range): Uint8Array {
    if (range.to - range.from <= LEAF_BLOCKS) return this.#leaf(range)
    const digits = this.#shared(range)
    const at = this.#key(range.from).slice(0, digits)
    const known = this.#known.get(at)
    if (known !== undefined) return known
    const all = new Uint8Array(FANOUT * ID_BYTES)
    for (const part of this.#parts({ ...range, digits })) {
      all.set(this.#fingerprint(part), this.#digit(part.from, digits) * ID_BYTES)
    }
    const made = labelledSha256('freechains/fold/node', all)
    this.#known.set(at, made)
    this.#longest = Math.max(this.#longest, digits)
    return made
  }

  #leaf({ from, to }: Range): Uint8Array {
    const digests = new Uint8Array((to - from) * ID_BYTES)
    for (let position = from; position < to; position += 1) {
      this.#graph.writeDigest(this.#sorted[position] ?? 0, digests, (position - from) * ID_BYTES)
    }
    return labelledSha256('freechains/fold/leaf', digests)
  }

  /** How many digits all keys of a range share: those that its first and last key share. */
  #shared({ from, to, digits }: Range): number {
    let shared = digits
    while (shared < KEY_DIGITS && this.#digit(from, shared) === this.#digit(to - 1, shared)) shared += 1
    return shared
  }

  /** Splits a range by the digit after the shared ones. */
  #parts({ from, to, digits }: Range): Range[] {
    const parts: Range[] = []
    for (let start = from; start < to;) {
      const digit = this.#digit(start, digits)
      const end = firstThat((position) => this.#digit(position, digits) > digit, start + 1, to)
      parts.push({ from: start, to: end, digits: digits + 1 })
      start = end
    }
    return parts
  }

  #digit(position: number, place: number): number {
    const index = this.#sorted[position] ?? 0
    if (place < TIME_DIGITS) return Math.floor(this.#graph.time(index) / 16 ** (TIME_DIGITS - 1 - place)) % 16
    if (place < BEFORE_DIGEST) return (this.#graph.height(index) >>> (4 * (BEFORE_DIGEST - 1 - place))) & 15
    return parseInt(this.#graph.id(index).charAt(place - BEFORE_DIGEST), 16)
  }

  #key(position: number): string {
    const index = this.#sorted[position] ?? 0
    return (
      hex(this.#graph.time(index), TIME_DIGITS) + hex(this.#graph.height(index), HEIGHT_DIGITS) + this.#graph.id(index)
    )
  }

  #range(prefix: Prefix): Range {
    this.#catchUp()
    const compare = comparison(this.#graph, prefix)
    const from = firstThat((position) => compare(this.#sorted[position] ?? 0) >= 0, 0, this.#size)
    const to = firstThat((position) => compare(this.#sorted[position] ?? 0) > 0, from, this.#size)
    return { from, to, digits: prefix.length }
  }

  /**
   * Applies what changed in the graph since the last query. Each acceptance takes a new rank, also that of a block
   * accepted before, so new blocks are those with ranks not seen yet. Ranks outnumber accepted blocks by the genesis
   * and by the withdrawals so far.
   */
  #catchUp(): void {
    const { ranked, acceptedCount } = this.#graph
    const withdrawals = ranked - 1 - acceptedCount
    if (withdrawals !== this.#withdrawals) this.#dropWithdrawn()
    const fresh: number[] = []
    for (let rank = this.#ranked; rank < ranked; rank += 1) {
      const index = this.#graph.atRank(rank)
      if (index !== undefined && index !== 0) fresh.push(index)
    }
    this.#ranked = ranked
    this.#withdrawals = withdrawals
    this.#insert(fresh.sort((a, b) => this.#graph.compare(a, b)))
  }

  /** Merges from the end: most new blocks are later than all others. */
  #insert(fresh: readonly number[]): void {
    let at = this.#size - 1
    let next = fresh.length - 1
    this.#size += fresh.length
    this.#sorted = grown(this.#sorted, this.#size)
    for (let to = this.#size - 1; next >= 0; to -= 1) {
      const index = fresh[next] ?? 0
      const other = this.#sorted[at] ?? 0
      if (at >= 0 && this.#graph.compare(other, index) > 0) {
        this.#sorted[to] = other
        at -= 1
      } else {
        this.#sorted[to] = index
        next -= 1
        this.#forget(to)
      }
    }
  }

  /**
   * A withdrawn block may have left the graph, and its index may be another block's, so its key is not known. But each
   * cached fingerprint that covered it also covers a neighbour that stayed, and is invalidated through it. If all of
   * them left, nothing is under that prefix until a new block comes, which invalidates it.
   */
  #dropWithdrawn(): void {
    const size = this.#size
    let kept = 0
    let isBehindGap = false
    for (let position = 0; position < size; position += 1) {
      const index = this.#sorted[position] ?? 0
      const rank = index < this.#graph.size ? this.#graph.rank(index) : undefined
      if (rank === undefined || rank >= this.#ranked) {
        if (!isBehindGap && kept > 0) this.#forget(kept - 1)
        isBehindGap = true
        continue
      }
      this.#sorted[kept] = index
      if (isBehindGap) this.#forget(kept)
      isBehindGap = false
      kept += 1
    }
    this.#size = kept
  }

  /** Invalidates the cached fingerprints that cover the block at a position. */
  #forget(position: number): void {
    if (this.#known.size === 0) return
    const key = this.#key(position).slice(0, this.#longest)
    for (let digits = 0; digits <= key.length; digits += 1) this.#known.delete(key.slice(0, digits))
  }
}

/** Binary search: the first of `from` … `to - 1` for which `holds`, which must be monotonic; `to` if there is none. */
function firstThat(holds: (position: number) => boolean, from: number, to: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}

/**
 * Compares the first digits of a block's key with a prefix: negative if the block comes before all that is under it.
 */
function comparison(graph: Graph, prefix: Prefix): (index: number) => number {
  const time = prefix.slice(0, TIME_DIGITS)
  const height = prefix.slice(TIME_DIGITS, BEFORE_DIGEST)
  const digest = prefix.slice(BEFORE_DIGEST)
  const wantedTime = parseInt(`0${time}`, 16)
  const wantedHeight = parseInt(`0${height}`, 16)
  const timeUnit = 16 ** (TIME_DIGITS - time.length)
  const heightUnit = 16 ** (HEIGHT_DIGITS - height.length)
  return (index) => {
    const byTime = Math.floor(graph.time(index) / timeUnit) - wantedTime
    if (byTime !== 0) return byTime
    const byHeight = Math.floor(graph.height(index) / heightUnit) - wantedHeight
    if (byHeight !== 0 || digest === '') return byHeight
    const own = graph.id(index).slice(0, digest.length)
    return own < digest ? -1 : own > digest ? 1 : 0
  }
}

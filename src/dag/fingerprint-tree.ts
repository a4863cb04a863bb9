/**
 * Fingerprints of the accepted blocks (spec §8): a Merkle trie over them by order (spec §1), so that two peers find where
 * their sets differ by walking down it together. What stands under a prefix decides its fingerprint, and nothing else
 * does: not how blocks came, not what else there is. Computes nothing before the first question, and keeps up from then
 * on. Knows nothing of messages.
 *
 *     digits of a key (hex):  time 14 │ height 8 │ digest 64        so keys sort as blocks do
 *
 *     ≤ 32 blocks under a prefix   sha256("freechains/fold/leaf" ‖ their digests, in order)
 *     more                         sha256("freechains/fold/node" ‖ 16 × fingerprint, or 32 zeros where there is none),
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

/** Up to this many blocks are hashed, and listed, as they are: a list of them is about as long as 16 fingerprints. */
export const LEAF_BLOCKS = 32

const FANOUT = 16

/** Blocks whose key goes on with `digit` behind the digits they share with the others. */
export interface FoldPart {
  readonly digit: number
  readonly count: number
  /** 32 bytes. */
  readonly fingerprint: Uint8Array
}

/** What stands under a prefix: up to {@link LEAF_BLOCKS} blocks in order, or all digits they share, and 2 to 16 parts. */
export type Under =
  { readonly indexes: readonly number[] } | { readonly at: Prefix; readonly parts: readonly FoldPart[] }

/** Positions in the order of accepted blocks; they share their first `digits` digits, if not more. */
interface Range {
  readonly from: number
  readonly to: number
  readonly digits: number
}

export class FingerprintTree {
  readonly #graph: Graph
  /** Accepted blocks in order; the first `#size` count. */
  #sorted = new Uint32Array(0)
  #size = 0
  /** Of the graph, when it was last looked at: {@link Graph.ranked}, and how often a block had been withdrawn. */
  #ranked = 0
  #withdrawals = 0
  /** Fingerprints of more than {@link LEAF_BLOCKS} blocks, by all digits that they share. */
  readonly #known = new Map<Prefix, Uint8Array>()
  /** No prefix in `#known` is longer. */
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

  /** How many digits all keys of a range share: those that its first and its last share. */
  #shared({ from, to, digits }: Range): number {
    let shared = digits
    while (shared < KEY_DIGITS && this.#digit(from, shared) === this.#digit(to - 1, shared)) shared += 1
    return shared
  }

  /** A range cut by the digit that follows those shared. */
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
   * Takes in what changed in the graph since the last question. Each acceptance gives the next rank, also to a block that
   * was accepted before, so the new ones are those of the ranks not seen yet; and ranks outnumber accepted blocks by the
   * genesis and by as many as were ever withdrawn.
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

  /** From the end: most new blocks are later than all others. */
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
   * A withdrawn block may be gone from the graph, and its index be another's, so its key cannot be asked for. But a
   * fingerprint of many blocks that it was part of is one of a neighbour that stayed; or all of them went, and then there
   * is nothing under that prefix to ask for until a new block comes, which makes it be forgotten.
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

  /** Forgets the fingerprints of all that the block at a position is part of. */
  #forget(position: number): void {
    if (this.#known.size === 0) return
    const key = this.#key(position).slice(0, this.#longest)
    for (let digits = 0; digits <= key.length; digits += 1) this.#known.delete(key.slice(0, digits))
  }
}

/** The first of `from` … `to - 1` for which it holds, where it holds for all that follow; `to` if there is none. */
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

/** Compares the first digits of a block's key with a prefix: below 0 if the block comes before all that is under it. */
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

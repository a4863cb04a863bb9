/**
 * Which blocks of one author are paid, evaluated in order (spec §5) from where known answers end.
 *
 * Rule 2 depends on the block's own backs alone. Call a block *bare* in a past if no block of another author stands on
 * it there. If the latest own blocks in past(u) are paid or not bare, so is each own block below them: a paid one has
 * met the rule with what it stands on, and whoever stands on a block stands on its past too. Nothing own is above a
 * latest own block, so it is bare exactly if it is a back of u and in the past of no other back.
 *
 * Rule 3 counts *rivals* of u: paid, earlier in order, concurrent with it. Let x be the last paid own block before u in
 * order that is in past(u). Those after x are rivals; of those before x, only the rivals of x can be: the others are in
 * past(x). So the rivals of a block follow from those of one other block. A paid block has fewer rivals than reps, thus
 * fewer than 30.
 */
import type { Graph } from '../dag/graph.ts'
import { isAncestor } from '../dag/walk.ts'
import { LazyPast } from './lazy-past.ts'
import type { BlockTable } from './block-table.ts'
import { isEnough } from './rules.ts'

/** What is known of V, the set of blocks that this node takes into account. */
export interface Known {
  isPaid(index: number): boolean
  /** The author's blocks paid in V, in order. */
  sequenceOf(author: number): readonly number[]
  /** Rivals in V of a paid block. */
  rivalsOf(index: number, author: number): readonly number[]
}

export const NOBODY: readonly number[] = []

/**
 * The blocks of one author evaluated in order, in V or in another set: before `start` the answers of V hold, from there
 * on they are new. Mutates nothing but itself.
 *
 * Invariants:
 * 1. `tail` has the blocks found paid by {@link push}, in order; `#paidSince` is the same as a set.
 * 2. `rivals` has an entry for exactly those blocks in `tail` that have rivals.
 * 3. The author's paid blocks, as evaluated here, are the first `start` of V's and then `tail`.
 */
export class AuthorSequence {
  /** How many of the author's blocks paid in V keep their answer. */
  readonly start: number
  /** Blocks found paid since, in order. */
  readonly tail: number[] = []
  /** Rivals of the blocks in the tail that have some. */
  readonly rivals = new Map<number, readonly number[]>()
  readonly #graph: Graph
  readonly #table: BlockTable
  readonly #known: Known
  readonly #author: number
  readonly #paidSince = new Set<number>()

  constructor(graph: Graph, table: BlockTable, known: Known, author: number, start: number) {
    this.#graph = graph
    this.#table = table
    this.#known = known
    this.#author = author
    this.start = start
  }

  /** Evaluates the author's next block: whether it is paid. */
  push(index: number): boolean {
    const k = this.#table.k(index)
    if (!isEnough(k) || !this.#standsOnPaid(index)) return false
    const rivals = this.rivalsOf(index, k)
    if (!isEnough(k - rivals.length)) return false
    this.tail.push(index)
    this.#paidSince.add(index)
    if (rivals.length > 0) this.rivals.set(index, rivals)
    return true
  }

  /** Rivals of the author's next block; may stop once there are `enough`. */
  rivalsOf(index: number, enough = Number.POSITIVE_INFINITY): readonly number[] {
    const backs = this.#graph.backs(index)
    const found: number[] = []
    let past: LazyPast | undefined
    for (let at = this.start + this.tail.length - 1; at >= 0; at -= 1) {
      const before = this.#at(at)
      if (this.#isBelow(before, index) ?? (past ??= new LazyPast(this.#graph, backs)).has(before)) {
        const theirs = this.#rivalsOfPaid(before)
        if (theirs.length === 0) return found
        let since: LazyPast | undefined
        const isSince = (rival: number): boolean => (since ??= new LazyPast(this.#graph, backs, before)).has(rival)
        const ours = theirs.filter((rival) => !(this.#isBelow(rival, index) ?? isSince(rival)))
        // Long runs share one list.
        return found.length === 0 && ours.length === theirs.length ? theirs : [...found, ...ours]
      }
      found.push(before)
      if (found.length >= enough) break
    }
    return found
  }

  /**
   * Whether a block is in the past of another, if that is known without a walk: what an early rival is in the way of may be a
   * whole history.
   */
  #isBelow(block: number, above: number): boolean | undefined {
    const graph = this.#graph
    const limit = graph.rank(above)
    if (limit === undefined) return undefined
    // The past of an accepted block is accepted, and with lower ranks.
    const rank = graph.rank(block) ?? Number.POSITIVE_INFINITY
    if (rank >= limit) return false
    if (graph.isCovering(above)) return true
    let isBelow: true | undefined
    graph.forEachBack(above, (back) => {
      if (back === block || (graph.isCovering(back) && rank < (graph.rank(back) ?? 0))) isBelow = true
    })
    return isBelow
  }

  /** Rule 2, as above. */
  #standsOnPaid(index: number): boolean {
    const backs = this.#graph.backs(index)
    return backs.every(
      (back) =>
        this.#table.authorOf(back) !== this.#author ||
        this.#isPaid(back) ||
        backs.some((other) => isAncestor(this.#graph, back, other)),
    )
  }

  #isPaid(index: number): boolean {
    if (this.#paidSince.has(index)) return true
    const sequence = this.#known.sequenceOf(this.#author)
    const first = sequence[this.start]
    return this.#known.isPaid(index) && (first === undefined || this.#graph.compare(index, first) < 0)
  }

  #at(position: number): number {
    const paid =
      position < this.start ? this.#known.sequenceOf(this.#author)[position] : this.tail[position - this.start]
    return paid ?? 0
  }

  #rivalsOfPaid(index: number): readonly number[] {
    return this.#paidSince.has(index) ? (this.rivals.get(index) ?? NOBODY) : this.#known.rivalsOf(index, this.#author)
  }
}

/**
 * What is accepted in the past of a block about to be made or checked (spec §5: each back of a sound block is). Its
 * past P is the union of its backs and their pasts; all of them are sound, as known blocks are. An answer comes from
 * the cheapest of these that applies:
 * - A block paid in V whose rivals are all in P is paid in P, if all of P is in V: the rules look at the author's
 *   earlier paid blocks only, and those that are not in its past are its rivals.
 * - A block b is paid in b and its past, if k(b) ≥ 1: as b is sound, its own backs are paid there or not bare (rule
 *   2), and nothing there is concurrent with it (rule 3). So it is paid in P, if the rest of P has no block of its
 *   author.
 * - Otherwise the author's blocks are evaluated in P, from the first one on whose answer may differ from that in V.
 *   Only authors with concurrent blocks need this.
 */
import type { Graph } from '../dag/graph.ts'
import { isAncestor } from '../dag/walk.ts'
import { LazyPast } from './lazy-past.ts'
import type { BlockTable } from './block-table.ts'
import { AuthorSequence } from './author-sequence.ts'
import type { PaidSet } from './paid-set.ts'
import { isEnough } from './rules.ts'
import { EVALUATED_STEPS, type Work } from './work.ts'

/**
 * Blocks of P outside of b and its past searched for the author of b, before evaluating the author's sequence instead.
 */
const REST_STEPS = 1000

export interface Surroundings {
  readonly graph: Graph
  readonly table: BlockTable
  readonly paid: PaidSet
  readonly isUnlimited: (index: number) => boolean
  readonly work?: Work | undefined
}

/**
 * Invariants, from construction on; it must not outlive a change of V or of the graph:
 * 1. `#past` is P: `#tips` and their pasts.
 * 2. `#isPaid` caches answers about P; an answer never changes.
 */
export class AcceptanceInPast {
  readonly #around: Surroundings
  readonly #tips: readonly number[]
  readonly #past: LazyPast
  readonly #isPaid = new Map<number, boolean>()

  /** @param tips - the backs of the block */
  constructor(around: Surroundings, tips: readonly number[]) {
    this.#around = around
    this.#tips = tips
    this.#past = new LazyPast(around.graph, tips)
  }

  /** Whether one of the tips is accepted in this past: paid, or in the past of a paid block. */
  isAccepted(tip: number): boolean {
    if (tip === 0 || this.#paid(tip)) return true
    const { graph } = this.#around
    const seen = new Set<number>()
    const waiting = [...this.#tips]
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (seen.has(at) || !isAncestor(graph, tip, at)) continue
      if (this.#paid(at)) return true
      seen.add(at)
      graph.forEachBack(at, (back) => waiting.push(back))
    }
    return false
  }

  #paid(index: number): boolean {
    const before = this.#isPaid.get(index)
    if (before !== undefined) return before
    const answer = this.#evaluate(index)
    this.#isPaid.set(index, answer)
    return answer
  }

  #evaluate(index: number): boolean {
    const { table, paid, isUnlimited } = this.#around
    if (isUnlimited(index)) return true
    const author = table.authorOf(index)
    if (author === undefined || !isEnough(table.k(index))) return false
    const isPaidInV = paid.isPaid(index) && !paid.hasOutside(author)
    const rivals = isPaidInV ? paid.rivalsOf(index, author) : []
    if (isPaidInV && rivals.length === 0) return true
    if (this.#isAuthorAlone(index, author)) return true
    if (isPaidInV && rivals.every((rival) => this.#past.has(rival))) return true
    return this.#evaluateSequence(index, author)
  }

  /**
   * Whether the past has no block of the author besides `index` and its own past; `false` also if the search gave up.
   */
  #isAuthorAlone(index: number, author: number): boolean {
    const { graph, table } = this.#around
    const others = this.#tips.filter((tip) => tip !== index)
    if (others.length === 0) return true
    const rest = new LazyPast(graph, others, index).all(REST_STEPS)
    return rest?.every((at) => table.authorOf(at) !== author) ?? false
  }

  #evaluateSequence(index: number, author: number): boolean {
    const { graph, table, paid } = this.#around
    const first = this.#firstDoubtful(index, author)
    if (first === undefined) return paid.isPaid(index)
    const start = paid.positionIn(paid.sequenceOf(author), first)
    const sequence = new AuthorSequence(graph, table, paid, author, start)
    const blocks = table.blocksOf(author)
    for (let at = table.positionOf(first, author); at < blocks.length; at += 1) {
      const block = blocks[at] ?? 0
      if (!this.#past.has(block)) continue
      const isPaid = sequence.push(block)
      this.#around.work?.note(EVALUATED_STEPS)
      this.#isPaid.set(block, isPaid)
      if (block === index) return isPaid
    }
    return false
  }

  /**
   * The first of the author's blocks before `index` from which answers in V may differ from those here: one paid in V
   * that is not here, or one here that is not in V. Answers before it are the same.
   */
  #firstDoubtful(index: number, author: number): number | undefined {
    const { graph, table, paid } = this.#around
    let first: number | undefined
    const doubt = (block: number): void => {
      if (first === undefined || graph.compare(block, first) < 0) first = block
    }
    const known = paid.sequenceOf(author)
    for (let at = paid.positionIn(known, index) - 1; at >= 0; at -= 1) {
      const block = known[at] ?? 0
      if (this.#past.has(block)) {
        for (const rival of paid.rivalsOf(block, author)) if (!this.#past.has(rival)) doubt(rival)
        break
      }
      doubt(block)
    }
    if (!paid.hasOutside(author)) return first
    const outside = table.blocksOf(author).find((block) => !paid.isInside(block) && this.#past.has(block))
    if (outside !== undefined && graph.compare(outside, index) <= 0) doubt(outside)
    return first
  }
}

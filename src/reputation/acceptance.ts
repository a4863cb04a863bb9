/**
 * What a peer accepts, kept up block by block (spec §5): the blocks paid in V, and their pasts. V is what was added and
 * not dropped. A new block stands above nothing, so it changes nobody's answers but its author's: those about itself
 * and, if it is paid, about the blocks that come after it in order, for each of which it is a rival more. Applies the
 * changes to the graph. Neither counts reps (k is in the table) nor bounds what is kept.
 */
import type { Graph } from '../dag/graph.ts'
import { IndexHeap } from '../dag/index-heap.ts'
import { unacceptedUnder } from '../dag/walk.ts'
import type { BlockTable, Like } from './block-table.ts'
import { AuthorSequence } from './author-sequence.ts'
import { PaidSet } from './paid-set.ts'
import { AcceptanceInPast } from './acceptance-in-past.ts'
import { EVALUATED_STEPS, type Work } from './work.ts'

/** What one block changes. The two lists of a pair are disjoint. */
export interface Change {
  /** Pasts first. */
  readonly accepted: readonly number[]
  /** Accepted before and no longer; a block comes before its past. */
  readonly withdrawn: readonly number[]
  /** Blocks that became paid; may include the new one. */
  readonly paid: readonly number[]
  /** Blocks that became unpaid; still accepted, if accepted blocks stand on them. */
  readonly unpaid: readonly number[]
}

export interface AcceptanceParts {
  readonly graph: Graph
  readonly table: BlockTable
  /** Rules 4.d and 4.e, of the block's author. */
  readonly isUnlimited: (index: number) => boolean
  readonly work?: Work
}

/** State of a known block when a chain is loaded; those outside V are set aside or delayed. */
export type LoadedState = 'paid' | 'unpaid' | 'outside'

const NOTHING: Change = { accepted: [], withdrawn: [], paid: [], unpaid: [] }

interface Plan {
  readonly change: Change
  /** The author's blocks after evaluation; absent for unlimited authors, and if nothing changes. */
  readonly sequence?: AuthorSequence
}

export class Acceptance {
  readonly #graph: Graph
  readonly #table: BlockTable
  readonly #isUnlimited: (index: number) => boolean
  readonly #paid: PaidSet
  readonly #work: Work | undefined

  constructor({ graph, table, isUnlimited, work }: AcceptanceParts) {
    this.#graph = graph
    this.#table = table
    this.#isUnlimited = isUnlimited
    this.#paid = new PaidSet(graph, table)
    this.#work = work
  }

  isPaid(index: number): boolean {
    return this.#paid.isPaid(index)
  }

  /** Whether the block is in V. */
  has(index: number): boolean {
    return this.#paid.isInside(index)
  }

  /**
   * Takes a sound block into V that is in the graph, not accepted, and in the table; all its backs are in V. The graph
   * accepts and withdraws what the answer says.
   * @throws {Bug} if it is in V
   */
  add(index: number): Change {
    this.#paid.enter(index)
    const { change, sequence } = this.#plan(index)
    const author = this.#table.authorOf(index)
    if (sequence === undefined || author === undefined) for (const block of change.paid) this.#paid.pay(block)
    else this.#paid.apply(author, sequence)
    for (const block of change.accepted) this.#graph.accept(block)
    for (const block of change.withdrawn) this.#graph.withdraw(block)
    return change
  }

  /**
   * Takes an unpaid block on which nothing in V stands out of V, before the table and the graph forget it: that changes
   * no other block. Its index, and its author's number, may then be given to others.
   * @throws {Bug} if it is not in V, or paid
   */
  drop(index: number): void {
    this.#paid.leave(index)
  }

  /**
   * Removes a block from V, paid or not. Nothing in V stands on it, and it is the last in order of its author's blocks
   * in V: so it is no block's rival, and no other block becomes paid or unpaid. Withdraws in the graph what the result
   * says.
   * @throws {Bug} if it is not in V, or not the last
   */
  retreat(index: number): Change {
    if (!this.isPaid(index)) {
      this.drop(index)
      return NOTHING
    }
    const withdrawn = this.#uncovered([], [], [index])
    this.#paid.unpay(index)
    this.drop(index)
    for (const block of withdrawn) this.#graph.withdraw(block)
    return { ...NOTHING, withdrawn, unpaid: [index] }
  }

  /** What {@link add} would change, of a block as that takes it; changes nothing. */
  would(index: number): Change {
    return this.#plan(index).change
  }

  /**
   * Whether each back of a block to be is accepted in its past, or welcomed by it (spec §5, *sound*): else the first
   * that is not. That the like's target is a post is not asked.
   * @param backs - distinct, in the graph and in the table, sound; in V or not
   */
  backsAccepted(backs: readonly number[], like?: Like): 'sound' | number {
    return this.unacceptedBacks(backs, like).next().value ?? 'sound'
  }

  /** The backs that {@link backsAccepted} asks about and that are in the way, as they are found. */
  *unacceptedBacks(backs: readonly number[], like?: Like): Generator<number, undefined> {
    const zone = new AcceptanceInPast(
      {
        graph: this.#graph,
        table: this.#table,
        paid: this.#paid,
        isUnlimited: this.#isUnlimited,
        work: this.#work,
      },
      backs,
    )
    for (const back of backs) {
      const isWelcomed = like !== undefined && like.n === 1 && like.target === back
      if (!isWelcomed && !zone.isAccepted(back)) yield back
    }
  }

  /** Takes over what was stored, once, while V is empty. The table and the graph, with what is accepted, are filled. */
  load(stateOf: (index: number) => LoadedState): void {
    for (let author = 0; author < this.#table.authorCount; author += 1) {
      const blocks = this.#table.blocksOf(author)
      if (blocks[0] === undefined || this.#isUnlimited(blocks[0])) continue
      this.#paid.load(
        author,
        blocks.filter((index) => stateOf(index) === 'paid'),
      )
    }
    for (let index = 1; index < this.#graph.size; index += 1) {
      const state = stateOf(index)
      if (state === 'outside' || this.#paid.isInside(index)) continue
      this.#paid.enter(index)
      if (state === 'paid') this.#paid.pay(index)
    }
  }

  #plan(index: number): Plan {
    if (this.#isUnlimited(index)) return { change: this.#changeOf([index], []) }
    const author = this.#table.authorOf(index)
    if (author === undefined) return { change: NOTHING }
    const before = this.#paid.sequenceOf(author)
    const sequence = new AuthorSequence(
      this.#graph,
      this.#table,
      this.#paid,
      author,
      this.#paid.positionIn(before, index),
    )
    if (!sequence.push(index)) return { change: NOTHING }
    const paid = [index]
    const unpaid = this.#reevaluate(sequence, before, author, paid)
    this.#work?.note(sequence.tail.length * EVALUATED_STEPS)
    return { change: this.#changeOf(paid, unpaid), sequence }
  }

  /**
   * Evaluates the author's blocks after one that became paid, and returns those that became unpaid. An unpaid block
   * stays unpaid while at most one block before it became unpaid and only the new one became paid: it has the new one
   * as a rival and at most one rival less, and its backs are paid or not as before. So unpaid blocks are evaluated only
   * after the second loss.
   */
  #reevaluate(sequence: AuthorSequence, before: readonly number[], author: number, paid: number[]): number[] {
    const unpaid: number[] = []
    let at = sequence.start
    for (; at < before.length && unpaid.length < 2; at += 1) {
      const block = before[at] ?? 0
      if (!sequence.push(block)) unpaid.push(block)
    }
    if (unpaid.length < 2) return unpaid
    const blocks = this.#table.blocksOf(author)
    for (let next = this.#table.positionOf(before[at - 1] ?? 0, author) + 1; next < blocks.length; next += 1) {
      const block = blocks[next] ?? 0
      if (!this.#paid.isInside(block)) continue
      const was = this.#paid.isPaid(block)
      const is = sequence.push(block)
      if (is && !was) paid.push(block)
      if (was && !is) unpaid.push(block)
    }
    return unpaid
  }

  #changeOf(paid: readonly number[], unpaid: readonly number[]): Change {
    const accepted = unacceptedUnder(this.#graph, paid)
    return { accepted, withdrawn: this.#uncovered(accepted, paid, unpaid), paid, unpaid }
  }

  /** Accepted blocks that are neither paid nor have an accepted block on them after these changes. */
  #uncovered(accepted: readonly number[], paid: readonly number[], unpaid: readonly number[]): number[] {
    const [won, lost] = [new Set(paid), new Set(unpaid)]
    const children = new Map<number, number>()
    const count = (back: number, by: 1 | -1): number => {
      const now = (children.get(back) ?? this.#graph.acceptedChildren(back)) + by
      children.set(back, now)
      return now
    }
    const heap = new IndexHeap()
    const withdrawn: number[] = []
    if (lost.size > 0) for (const block of accepted) this.#graph.forEachBack(block, (back) => count(back, 1))
    for (const block of unpaid) {
      if ((children.get(block) ?? this.#graph.acceptedChildren(block)) === 0) heap.push(block)
    }
    for (let at = heap.pop(); at !== undefined; at = heap.pop()) {
      withdrawn.push(at)
      this.#graph.forEachBack(at, (back) => {
        if (count(back, -1) > 0 || back === 0 || won.has(back)) return
        if (lost.has(back) || !this.#paid.isPaid(back)) heap.push(back)
      })
    }
    return withdrawn
  }
}

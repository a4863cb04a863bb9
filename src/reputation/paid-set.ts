/**
 * Which blocks are paid in V, the set of blocks that this node takes into account (spec §5). Stores answers; callers
 * decide.
 *
 * Per author it has the paid blocks in order, and the *rivals* (`author-sequence.ts`) of those that have some: fewer
 * than 30 each, and none for authors without concurrent blocks.
 *
 * Invariants, for limited authors:
 * 1. `#sequences[author]` has exactly the author's blocks in state `PAID` or `PAID_WITH_RIVALS_KNOWN`, in order.
 * 2. `#rivals` has an entry only for blocks in state `PAID_WITH_RIVALS_KNOWN`; such a block without an entry has no
 *    rivals.
 * 3. `#inside[author]` counts the author's blocks in V, also for unlimited authors.
 * 4. State `PAID` occurs only after {@link load}, until the rivals are first asked for.
 */
import { Bug } from '../dag/result.ts'
import type { Graph } from '../dag/graph.ts'
import { grown } from '../dag/typed-array.ts'
import type { BlockTable } from './block-table.ts'
import { AuthorSequence, NOBODY, type Known } from './author-sequence.ts'
import { lowerBound } from './binary-search.ts'

const FIRST_CAPACITY = 64

/** Not in V, or unknown. */
const OUTSIDE = 0
const UNPAID = 1
const PAID = 2
/** Its rivals are those in the map. */
const PAID_WITH_RIVALS_KNOWN = 3

export class PaidSet implements Known {
  readonly #graph: Graph
  readonly #table: BlockTable
  #states = new Uint8Array(FIRST_CAPACITY)
  /** By author: blocks paid in V, in order. Not for unlimited authors. */
  readonly #sequences: number[][] = []
  /** By author: how many blocks are in V. */
  readonly #inside: number[] = []
  readonly #rivals = new Map<number, readonly number[]>()

  constructor(graph: Graph, table: BlockTable) {
    this.#graph = graph
    this.#table = table
  }

  isPaid(index: number): boolean {
    return this.#state(index) >= PAID
  }

  isInside(index: number): boolean {
    return this.#state(index) !== OUTSIDE
  }

  /** Whether the table has blocks of this author that are not in V. */
  hasOutside(author: number): boolean {
    return this.#table.blocksOf(author).length !== (this.#inside[author] ?? 0)
  }

  /** The author's blocks paid in V, in order; live. */
  sequenceOf(author: number): readonly number[] {
    return this.#sequenceOf(author)
  }

  /** How many blocks of the sequence come before this block in order. */
  positionIn(sequence: readonly number[], index: number): number {
    const last = sequence.at(-1)
    if (last === undefined || this.#graph.compare(last, index) < 0) return sequence.length
    return lowerBound(sequence, (block) => this.#graph.compare(block, index) < 0)
  }

  /** The rivals of a paid block of a limited author. Computed only after a load, which leaves some of them open. */
  rivalsOf(index: number, author: number): readonly number[] {
    if (this.#state(index) !== PAID_WITH_RIVALS_KNOWN) this.#findRivals(index, author)
    return this.#rivals.get(index) ?? NOBODY
  }

  /** Adds a block to V, unpaid. */
  enter(index: number): void {
    this.#states = grown(this.#states, index + 1)
    if (this.isInside(index)) throw new Bug(`block ${String(index)} is in V already`)
    this.#states[index] = UNPAID
    const author = this.#table.authorOf(index)
    if (author !== undefined) this.#inside[author] = (this.#inside[author] ?? 0) + 1
  }

  leave(index: number): void {
    if (this.#state(index) !== UNPAID) throw new Bug(`block ${String(index)} cannot leave V`)
    this.#states[index] = OUTSIDE
    const author = this.#table.authorOf(index)
    if (author !== undefined) this.#inside[author] = (this.#inside[author] ?? 0) - 1
  }

  /** Marks a block of an unlimited author as paid. */
  pay(index: number): void {
    this.#states[index] = PAID_WITH_RIVALS_KNOWN
  }

  /**
   * Marks a paid block as unpaid: the author's last paid one, or one of an unlimited author.
   * @throws {Bug} if it is neither
   */
  unpay(index: number): void {
    const author = this.#table.authorOf(index)
    const sequence = author === undefined ? [] : this.#sequenceOf(author)
    if (!this.isPaid(index) || (sequence.length > 0 && sequence.at(-1) !== index)) {
      throw new Bug(`block ${String(index)} is not the last paid one of its author`)
    }
    sequence.pop()
    this.#states[index] = UNPAID
    this.#rivals.delete(index)
  }

  /** Applies an evaluated sequence to its author, from where it starts to the author's last block. */
  apply(author: number, { start, tail, rivals }: AuthorSequence): void {
    const sequence = this.#sequenceOf(author)
    for (const index of sequence.slice(start)) {
      this.#states[index] = UNPAID
      this.#rivals.delete(index)
    }
    sequence.length = start
    for (const index of tail) {
      sequence.push(index)
      this.#setRivals(index, rivals.get(index) ?? NOBODY)
    }
  }

  /**
   * Restores an author's paid blocks, in order, before any block of that author is entered. A block whose past is known
   * to have all earlier ones of the sequence has no rivals: that needs no walk. The rivals of others are computed when
   * asked for.
   */
  load(author: number, paid: readonly number[]): void {
    let highest = -1
    this.#states = grown(this.#states, this.#graph.size)
    for (const index of paid) {
      const rank = this.#graph.rank(index) ?? 0
      const isAlone = this.#coveredRank(index) >= highest
      this.#states[index] = isAlone ? PAID_WITH_RIVALS_KNOWN : PAID
      highest = Math.max(highest, rank)
    }
    this.#sequences[author] = [...paid]
    this.#inside[author] = paid.length
  }

  /** All accepted blocks up to this rank are the block or in its past. */
  #coveredRank(index: number): number {
    let covered = -1
    for (const at of [index, ...this.#graph.backs(index)]) {
      if (this.#graph.isCovering(at)) covered = Math.max(covered, this.#graph.rank(at) ?? 0)
    }
    return covered
  }

  #findRivals(index: number, author: number): void {
    const sequence = this.#sequenceOf(author)
    const last = this.positionIn(sequence, index)
    let at = last
    while (at > 0 && this.#state(sequence[at - 1] ?? 0) !== PAID_WITH_RIVALS_KNOWN) at -= 1
    for (; at <= last; at += 1) {
      const found = new AuthorSequence(this.#graph, this.#table, this, author, at).rivalsOf(sequence[at] ?? 0)
      this.#setRivals(sequence[at] ?? 0, found)
    }
  }

  #setRivals(index: number, rivals: readonly number[]): void {
    this.#states[index] = PAID_WITH_RIVALS_KNOWN
    if (rivals.length === 0) this.#rivals.delete(index)
    else this.#rivals.set(index, rivals)
  }

  #sequenceOf(author: number): number[] {
    return (this.#sequences[author] ??= [])
  }

  #state(index: number): number {
    return this.#states[index] ?? OUTSIDE
  }
}

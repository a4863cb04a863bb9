/**
 * Which blocks are paid in V, the blocks that a peer goes by (spec §5). Decides nothing: that is told to it.
 *
 * Per author it keeps the blocks that are paid, in order, and of those that have *rivals* (`line.ts`) which these are:
 * fewer than 30 each, and none for authors who make no concurrent blocks.
 */
import { Bug } from '../dag/result.ts'
import type { Graph } from '../dag/graph.ts'
import { grown } from '../dag/typed-array.ts'
import type { BlockTable } from './block-table.ts'
import { AuthorSequence, NOBODY, type Known } from './author-sequence.ts'
import { lowerBound } from './binary-search.ts'

const FIRST_CAPACITY = 64

/** Not in V, or never heard of. */
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
  readonly #lines: number[][] = []
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
  lineOf(author: number): readonly number[] {
    return this.#lineOf(author)
  }

  /** How many blocks of the line come before this block in order. */
  positionIn(line: readonly number[], index: number): number {
    const last = line.at(-1)
    if (last === undefined || this.#graph.compare(last, index) < 0) return line.length
    return lowerBound(line, (block) => this.#graph.compare(block, index) < 0)
  }

  /** The rivals of a paid block of a limited author. Work only after a load, where it could not be told then. */
  rivalsOf(index: number, author: number): readonly number[] {
    if (this.#state(index) !== PAID_WITH_RIVALS_KNOWN) this.#findRivals(index, author)
    return this.#rivals.get(index) ?? NOBODY
  }

  /** The block is in V from now on, and not paid. */
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

  /** A block of an unlimited author. */
  pay(index: number): void {
    this.#states[index] = PAID_WITH_RIVALS_KNOWN
  }

  /**
   * A paid block is not any more; it is the last one of its author that is, or its author is unlimited.
   * @throws {Bug} if not
   */
  unpay(index: number): void {
    const author = this.#table.authorOf(index)
    const line = author === undefined ? [] : this.#lineOf(author)
    if (!this.isPaid(index) || (line.length > 0 && line.at(-1) !== index)) {
      throw new Bug(`block ${String(index)} is not the last paid one of its author`)
    }
    line.pop()
    this.#states[index] = UNPAID
    this.#rivals.delete(index)
  }

  /** Goes by what was worked out for an author, from where that starts to the author's last block. */
  settle(author: number, { start, tail, rivals }: AuthorSequence): void {
    const line = this.#lineOf(author)
    for (const index of line.slice(start)) {
      this.#states[index] = UNPAID
      this.#rivals.delete(index)
    }
    line.length = start
    for (const index of tail) {
      line.push(index)
      this.#setRivals(index, rivals.get(index) ?? NOBODY)
    }
  }

  /**
   * Takes an author's paid blocks as they are, in order, before anything of that author is entered. A block whose past is
   * known to hold all earlier ones of the line has no rivals: that is told without a walk. The others' are found when
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
    this.#lines[author] = [...paid]
    this.#inside[author] = paid.length
  }

  /** All accepted blocks up to this rank are in the past of the block, or the block. */
  #coveredRank(index: number): number {
    let covered = -1
    for (const at of [index, ...this.#graph.backs(index)]) {
      if (this.#graph.isCovering(at)) covered = Math.max(covered, this.#graph.rank(at) ?? 0)
    }
    return covered
  }

  #findRivals(index: number, author: number): void {
    const line = this.#lineOf(author)
    const last = this.positionIn(line, index)
    let at = last
    while (at > 0 && this.#state(line[at - 1] ?? 0) !== PAID_WITH_RIVALS_KNOWN) at -= 1
    for (; at <= last; at += 1) {
      const found = new AuthorSequence(this.#graph, this.#table, this, author, at).rivalsOf(line[at] ?? 0)
      this.#setRivals(line[at] ?? 0, found)
    }
  }

  #setRivals(index: number, rivals: readonly number[]): void {
    this.#states[index] = PAID_WITH_RIVALS_KNOWN
    if (rivals.length === 0) this.#rivals.delete(index)
    else this.#rivals.set(index, rivals)
  }

  #lineOf(author: number): number[] {
    return (this.#lines[author] ??= [])
  }

  #state(index: number): number {
    return this.#states[index] ?? OUTSIDE
  }
}

/**
 * What counts for each author at some version of the chain: a set of blocks that holds their pasts. A view moves to
 * another version by taking away and putting in the difference, so k of a late branch costs its blocks and what is
 * concurrent with them, once. Two kinds: a view *beside* stands relative to the tally of what is accepted; a view
 * *alone* holds only the blocks that can still count (4.c), which is less for a version long ago.
 */
import type { Graph } from '../dag/graph.ts'
import { differenceWithin } from '../dag/walk.ts'
import type { BlockTable } from './block-table.ts'
import { DAY_MS, dayOf, lastOldTime, windowStart, type Counts } from './rules.ts'
import { Tally } from './tally.ts'

/** Views alone keep blocks of so much more than the window, so that blocks that come latest first find one to move. */
const SPARE_MS = 10 * DAY_MS

/** A set of blocks and its sums. */
class Blocks {
  readonly tally: Tally
  readonly #indexes = new Set<number>()

  constructor(graph: Graph, table: BlockTable) {
    this.tally = new Tally(graph, table)
  }

  get size(): number {
    return this.#indexes.size
  }

  has(index: number): boolean {
    return this.#indexes.has(index)
  }

  add(index: number): void {
    this.#indexes.add(index)
    this.tally.add(index)
  }

  remove(index: number): void {
    this.#indexes.delete(index)
    this.tally.remove(index)
  }
}

export class View {
  readonly #graph: Graph
  /** The tally of what is accepted, for views beside it. */
  readonly #main: Tally | undefined
  /** Earlier blocks are left out. */
  readonly #floor: number
  /** Tips of the version: the blocks in it are these and their pasts. */
  #tips: readonly number[]
  /** In `#main`, not in the version. */
  readonly #removed: Blocks
  /** In the version, not in `#main`. */
  readonly #added: Blocks

  private constructor(
    { main, floor, tips }: { main?: Tally; floor: number; tips: readonly number[] },
    { graph, table }: { graph: Graph; table: BlockTable },
  ) {
    this.#graph = graph
    this.#main = main
    this.#floor = floor
    this.#tips = tips
    this.#removed = new Blocks(graph, table)
    this.#added = new Blocks(graph, table)
  }

  /** A view that stands at what is accepted. `main` must hold just that whenever the view is asked or moved. */
  static beside(main: Tally, graph: Graph, table: BlockTable): View {
    return new View({ main, floor: Number.NEGATIVE_INFINITY, tips: graph.heads() }, { graph, table })
  }

  /**
   * A view at a version, without the blocks that cannot count for anybody who stands on all of `tips`; `undefined` if
   * there are more than `steps` others.
   */
  static alone(tips: readonly number[], steps: number, graph: Graph, table: BlockTable): View | undefined {
    const floor = windowStart(Math.max(...tips.map((tip) => graph.time(tip)))) - SPARE_MS
    const blocks = recentPast(graph, tips, floor, steps)
    if (blocks === undefined) return undefined
    const view = new View({ floor, tips }, { graph, table })
    for (const index of blocks) view.#added.add(index)
    return view
  }

  /** Blocks that it keeps beside the tally of what is accepted. */
  get size(): number {
    return this.#removed.size + this.#added.size
  }

  /** Whether the block is one of the version's tips. */
  standsOn(index: number): boolean {
    return this.#tips.includes(index)
  }

  /**
   * Moves to `tips` and their pasts, to be asked about times not before `t`. Does nothing and answers `false` if that
   * takes more than some `steps`, or if it left out blocks that count at `t`.
   */
  moveTo(tips: readonly number[], t: number, steps: number): boolean {
    if (windowStart(t) < this.#floor) return false
    const coming = differenceWithin(this.#graph, tips, this.#tips, steps)
    if (coming === undefined) return false
    const going = differenceWithin(this.#graph, this.#tips, tips, steps)
    if (going === undefined) return false
    for (const index of going) this.#go(index)
    for (const index of coming) this.#come(index)
    this.#tips = tips
    return true
  }

  /** The block is accepted now, and in the main tally. The version stays what it is. */
  mainAdded(index: number): void {
    if (this.#main === undefined) return
    if (this.#added.has(index)) this.#added.remove(index)
    else this.#removed.add(index)
  }

  /** The block is not accepted any more, and out of the main tally. The version stays what it is. */
  mainRemoved(index: number): void {
    if (this.#main === undefined) return
    if (this.#removed.has(index)) this.#removed.remove(index)
    else this.#added.add(index)
  }

  /** What counts for an author in this version at time `t`. */
  countsOf(author: number, t: number): Counts {
    const added = this.#added.tally.countsOf(author, t)
    if (this.#main === undefined) return added
    const main = this.#main.countsOf(author, t)
    const removed = this.#removed.tally.countsOf(author, t)
    return {
      mature: main.mature + this.#otherMatureDays(this.#main, author, t),
      recv: main.recv - removed.recv + added.recv,
      old: main.old - removed.old + added.old,
      new: main.new - removed.new + added.new,
      fresh: main.fresh - removed.fresh + added.fresh,
    }
  }

  /** Days mature here and not in the main tally, less those mature there and not here: at most 91 days to look at. */
  #otherMatureDays(main: Tally, author: number, t: number): number {
    const [start, lastOld] = [windowStart(t), lastOldTime(t)]
    const [added, removed] = [this.#added.tally, this.#removed.tally]
    const days = new Set<number>()
    for (const tally of [added, removed]) {
      for (const day of tally.postDays(author, dayOf(start), dayOf(lastOld))) days.add(day)
    }
    let others = 0
    for (const day of days) {
      const from = Math.max(start, day * DAY_MS)
      const upTo = Math.min(lastOld, day * DAY_MS + DAY_MS - 1)
      const there = main.postsBetween(author, from, upTo)
      const here = there - removed.postsBetween(author, from, upTo) + added.postsBetween(author, from, upTo)
      others += (here > 0 ? 1 : 0) - (there > 0 ? 1 : 0)
    }
    return others
  }

  #come(index: number): void {
    if (this.#graph.time(index) < this.#floor) return
    if (this.#isInMain(index)) this.#removed.remove(index)
    else this.#added.add(index)
  }

  #go(index: number): void {
    if (this.#graph.time(index) < this.#floor) return
    if (this.#isInMain(index)) this.#removed.add(index)
    else this.#added.remove(index)
  }

  #isInMain(index: number): boolean {
    return this.#main !== undefined && this.#graph.isAccepted(index)
  }
}

/** `tips` and their pasts from time `floor` on; `undefined` if that is more than `atMost`. Times do not fall upwards. */
function recentPast(
  graph: Graph,
  tips: readonly number[],
  floor: number,
  atMost: number,
): readonly number[] | undefined {
  const found = new Set<number>()
  const waiting: number[] = []
  const reach = (index: number): void => {
    if (index === 0 || graph.time(index) < floor || found.has(index)) return
    found.add(index)
    waiting.push(index)
  }
  tips.forEach(reach)
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (found.size > atMost) return undefined
    graph.forEachBack(at, reach)
  }
  return [...found].sort((a, b) => a - b)
}

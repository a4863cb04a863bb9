/**
 * What counts for each author at a *version*: a set of blocks that contains the past of each of them. A view moves to
 * another version by removing and adding the difference, so k of a late branch costs its blocks and those concurrent with
 * them, once. There are two kinds: a view *beside* keeps only its difference to the tally of all accepted blocks; a view
 * *alone* keeps all blocks that can still count (4.c), which are fewer for an old version.
 */
import type { Graph } from '../dag/graph.ts'
import { differenceWithin } from '../dag/walk.ts'
import type { Ledger } from './ledger.ts'
import { DAY_MS, dayOf, lastOldTime, windowStart, type Counts } from './rules.ts'
import { Tally } from './tally.ts'

/** Views alone keep blocks older than the window by this much: a view can then move back when blocks come latest first. */
const SPARE_MS = 10 * DAY_MS

/** A set of blocks and its sums. */
class Blocks {
  readonly tally: Tally
  readonly #indexes = new Set<number>()

  constructor(graph: Graph, ledger: Ledger) {
    this.tally = new Tally(graph, ledger)
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
  /** The tally of all accepted blocks; absent in a view alone. */
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
    { graph, ledger }: { graph: Graph; ledger: Ledger },
  ) {
    this.#graph = graph
    this.#main = main
    this.#floor = floor
    this.#tips = tips
    this.#removed = new Blocks(graph, ledger)
    this.#added = new Blocks(graph, ledger)
  }

  /** A view at the version of all accepted blocks. `main` must be their tally whenever the view is queried or moved. */
  static beside(main: Tally, graph: Graph, ledger: Ledger): View {
    return new View({ main, floor: Number.NEGATIVE_INFINITY, tips: graph.heads() }, { graph, ledger })
  }

  /**
   * A view at a version, without the blocks that cannot count in any block above all of `tips`; `undefined` if there are
   * more than `steps` others.
   */
  static alone(tips: readonly number[], steps: number, graph: Graph, ledger: Ledger): View | undefined {
    const floor = windowStart(Math.max(...tips.map((tip) => graph.time(tip)))) - SPARE_MS
    const blocks = recentPast(graph, tips, floor, steps)
    if (blocks === undefined) return undefined
    const view = new View({ floor, tips }, { graph, ledger })
    for (const index of blocks) view.#added.add(index)
    return view
  }

  /** Blocks that it keeps itself. */
  get size(): number {
    return this.#removed.size + this.#added.size
  }

  /** Whether the block is one of the version's tips. */
  standsOn(index: number): boolean {
    return this.#tips.includes(index)
  }

  /**
   * Moves to the version of `tips` and their pasts; queries must then be about times from `t` on. Returns `false`, and does
   * not move, if that takes more than about `steps`, or if it left out blocks that count at `t`.
   */
  moveTo(tips: readonly number[], t: number, steps: number): boolean {
    if (windowStart(t) < this.#floor) return false
    const entering = differenceWithin(this.#graph, tips, this.#tips, steps)
    if (entering === undefined) return false
    const leaving = differenceWithin(this.#graph, this.#tips, tips, steps)
    if (leaving === undefined) return false
    for (const index of leaving) this.#leave(index)
    for (const index of entering) this.#enter(index)
    this.#tips = tips
    return true
  }

  /** The block was accepted and added to the main tally. The version does not change. */
  mainAdded(index: number): void {
    if (this.#main === undefined) return
    if (this.#added.has(index)) this.#added.remove(index)
    else this.#removed.add(index)
  }

  /** The block was withdrawn and removed from the main tally. The version does not change. */
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

  /** Days that are mature here and not in the main tally, less those mature only there. Examines at most 91 days. */
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

  #enter(index: number): void {
    if (this.#graph.time(index) < this.#floor) return
    if (this.#isInMain(index)) this.#removed.remove(index)
    else this.#added.add(index)
  }

  #leave(index: number): void {
    if (this.#graph.time(index) < this.#floor) return
    if (this.#isInMain(index)) this.#removed.add(index)
    else this.#added.remove(index)
  }

  #isInMain(index: number): boolean {
    return this.#main !== undefined && this.#graph.isAccepted(index)
  }
}

/** `tips` and their pasts from time `floor` on; `undefined` if they are more than `atMost`. No time is before that of a back. */
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

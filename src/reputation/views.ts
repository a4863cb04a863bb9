/**
 * Reps (spec §4) as of what is accepted here, and as of the past of any block: k(u) of §5. Keeps the tally of what is
 * accepted, and a few views that stand where blocks came late. Decides nothing.
 */
import type { Chain } from '../dag/chain.ts'
import type { Graph } from '../dag/graph.ts'
import type { AuthorKey } from '../dag/ids.ts'
import type { BlockTable } from './block-table.ts'
import { baseReps, NO_COUNTS, repsOf, type Counts } from './rules.ts'
import { Tally } from './tally.ts'
import { View } from './view.ts'

/** Views kept: as many late branches can grow in turns, each block at the cost of its own step. */
const POOL = 4

/** Steps that each way to a version may take in the first round. */
const FIRST_STEPS = 64

/** Times as many in each further round: the way taken then costs a small multiple of the shortest. */
const MORE_STEPS = 4

/** A view may be told of as many changes as it keeps blocks, and this many more, before somebody needs it again. */
const IDLE_CHANGES = 64

interface Pooled {
  readonly view: View
  /** Changes that it was told of since it was of use. */
  idle: number
}

export class Views {
  readonly #chain: Chain
  readonly #graph: Graph
  readonly #table: BlockTable
  readonly #main: Tally
  /** Last used first. */
  #pool: Pooled[] = []

  /** Starts with nothing accepted: tell it of blocks loaded from a store as of any others. */
  constructor(chain: Chain, { graph, table }: { graph: Graph; table: BlockTable }) {
    this.#chain = chain
    this.#graph = graph
    this.#table = table
    this.#main = new Tally(graph, table)
  }

  /** To be called for each block right after the graph accepted it; it is in the table. */
  accepted(index: number): void {
    this.#main.add(index)
    this.#tell((view) => {
      view.mainAdded(index)
    })
  }

  /** To be called for each block right after the graph withdrew it. */
  withdrawn(index: number): void {
    this.#main.remove(index)
    this.#tell((view) => {
      view.mainRemoved(index)
    })
  }

  /**
   * To be called for the graph's last block, not accepted, before the table and the graph forget it: another block will
   * have its index. Views that hold it go: it is one of their tips, as nothing stands on it any more.
   */
  popped(index: number): void {
    this.#pool = this.#pool.filter(({ view }) => !view.standsOn(index))
  }

  /** reps(author, accepted, now); the formula alone: unlimited authors have no other. */
  repsOf(author: AuthorKey, pioneer: AuthorKey | undefined, now: number): number {
    return this.#reps(author, pioneer, (number) => this.#main.countsOf(number, now))
  }

  /**
   * k of a block with these backs, which are in the graph and, with their pasts, in the table; the block itself need
   * not be. In its own eyes the author of a first post is the pioneer.
   * @param time - the block's, not before that of a back
   */
  kOf(author: AuthorKey, backs: readonly number[], time: number, pioneer: AuthorKey | undefined): number {
    return this.#reps(author, pioneer ?? author, (number) => {
      if (this.#isAllAccepted(backs)) return this.#main.countsOf(number, time)
      return this.#viewAt(backs, time).countsOf(number, time)
    })
  }

  #reps(author: AuthorKey, pioneer: AuthorKey | undefined, countsOf: (number: number) => Counts): number {
    const base = baseReps(this.#chain, author, pioneer)
    const number = this.#table.numberOf(author)
    return repsOf(base, number === undefined ? NO_COUNTS : countsOf(number))
  }

  /** Whether `tips` and their pasts are just what is accepted. */
  #isAllAccepted(tips: readonly number[]): boolean {
    const heads = this.#graph.heads()
    if (heads.length > tips.length) return false
    return heads.every((head) => tips.includes(head)) && tips.every((tip) => this.#graph.isAccepted(tip))
  }

  /**
   * Every view of the pool, and two new ones, try to get there in few steps, then in more: whichever is nearest does,
   * and nobody has to know beforehand how much is concurrent.
   */
  #viewAt(tips: readonly number[], t: number): View {
    for (let steps = FIRST_STEPS; ; steps *= MORE_STEPS) {
      const pooled = this.#pool.find(({ view }) => view.moveTo(tips, t, steps))
      const view = pooled?.view ?? this.#newView(tips, t, steps)
      if (view === undefined) continue
      const others = this.#pool.filter((other) => other !== pooled)
      this.#pool = [{ view, idle: 0 }, ...others].slice(0, POOL)
      return view
    }
  }

  #newView(tips: readonly number[], t: number, steps: number): View | undefined {
    const beside = View.beside(this.#main, this.#graph, this.#table)
    if (beside.moveTo(tips, t, steps)) return beside
    // One walk, not two for each view before it: it may be as much longer, and spares them their next round.
    return View.alone(tips, steps * MORE_STEPS, this.#graph, this.#table)
  }

  /** Drops views that cost more to keep up than to make again. */
  #tell(change: (view: View) => void): void {
    if (this.#pool.length === 0) return
    for (const pooled of this.#pool) {
      change(pooled.view)
      pooled.idle += 1
    }
    this.#pool = this.#pool.filter(({ view, idle }) => idle <= IDLE_CHANGES + view.size / 2)
  }
}

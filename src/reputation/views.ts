/**
 * Reps (spec §4) in the set of all accepted blocks, and in the past of any block: k(u) of §5. Keeps the tally of all
 * accepted blocks, and a pool of views at the versions on which late blocks stand.
 */
import type { Chain } from '../dag/chain.ts'
import type { Graph } from '../dag/graph.ts'
import type { AuthorKey } from '../dag/ids.ts'
import type { Ledger } from './ledger.ts'
import { baseReps, NO_COUNTS, repsOf, type Counts } from './rules.ts'
import { Tally } from './tally.ts'
import { View } from './view.ts'

/** Views kept. This many late branches can grow in turns at one step per block. */
const POOL = 4

/** Steps that each candidate view may take in the first round. */
const FIRST_STEPS = 64

/** The limit grows by this factor each round: the total is a small multiple of the cheapest candidate. */
const MORE_STEPS = 4

/** An unused view is dropped after this many changes, and more for a large one. */
const IDLE_CHANGES = 64

interface Pooled {
  readonly view: View
  /** Changes since it was last used. */
  idle: number
}

export class Views {
  readonly #chain: Chain
  readonly #graph: Graph
  readonly #ledger: Ledger
  readonly #main: Tally
  /** Last used first. */
  #pool: Pooled[] = []

  /** Starts without accepted blocks: those loaded from a store are passed to {@link accepted} too. */
  constructor(chain: Chain, { graph, ledger }: { graph: Graph; ledger: Ledger }) {
    this.#chain = chain
    this.#graph = graph
    this.#ledger = ledger
    this.#main = new Tally(graph, ledger)
  }

  /** To be called for each block right after the graph accepted it; it is in the ledger. */
  accepted(index: number): void {
    this.#main.add(index)
    this.#update((view) => {
      view.mainAdded(index)
    })
  }

  /** To be called for each block right after the graph withdrew it. */
  withdrawn(index: number): void {
    this.#main.remove(index)
    this.#update((view) => {
      view.mainRemoved(index)
    })
  }

  /**
   * To be called before the graph's last block, not accepted, is removed from ledger and graph, since its index will be
   * reused. Drops the views that contain it: it is one of their tips, as no block stands on it.
   */
  popped(index: number): void {
    this.#pool = this.#pool.filter(({ view }) => !view.standsOn(index))
  }

  /** reps(author, accepted, now) by the formula, also for unlimited authors. */
  repsOf(author: AuthorKey, pioneer: AuthorKey | undefined, now: number): number {
    return this.#reps(author, pioneer, (number) => this.#main.countsOf(number, now))
  }

  /**
   * k of a block with these backs, which are in the graph and, with their pasts, in the ledger; the block itself need
   * not be. For the first post its own author counts as the pioneer.
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
    const number = this.#ledger.numberOf(author)
    return repsOf(base, number === undefined ? NO_COUNTS : countsOf(number))
  }

  /** Whether `tips` and their pasts are exactly the accepted blocks. */
  #isAllAccepted(tips: readonly number[]): boolean {
    const heads = this.#graph.heads()
    if (heads.length > tips.length) return false
    return heads.every((head) => tips.includes(head)) && tips.every((tip) => this.#graph.isAccepted(tip))
  }

  /**
   * Each view of the pool, and two new ones, try to move there within a limit of steps that grows each round. So the
   * nearest one does, and the number of concurrent blocks need not be known in advance.
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
    const beside = View.beside(this.#main, this.#graph, this.#ledger)
    if (beside.moveTo(tips, t, steps)) return beside
    // One walk instead of two for each other candidate: it gets the limit of the next round already.
    return View.alone(tips, steps * MORE_STEPS, this.#graph, this.#ledger)
  }

  /** Updates the views; drops those that cost more to update than to build again. */
  #update(change: (view: View) => void): void {
    if (this.#pool.length === 0) return
    for (const pooled of this.#pool) {
      change(pooled.view)
      pooled.idle += 1
    }
    this.#pool = this.#pool.filter(({ view, idle }) => idle <= IDLE_CHANGES + view.size / 2)
  }
}

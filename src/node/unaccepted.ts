/**
 * Blocks of one chain that are known, stored and not accepted (spec §3, §5), by local index, each with its state, and how
 * many of each kind are kept. Decides what has to go, not how.
 */
import { MAX_AHEAD_MS } from '../dag/limits.ts'
import type { Graph } from '../dag/graph.ts'
import type { BlockState } from '../dag/store.ts'

/** Spec §5: held posts of this node's own, and as many slots for those of other peers. */
export const HELD_SLOTS = 16

/** Spec §5: stored blocks that nobody pays for; those that were withdrawn, mostly. */
const SURPLUS_KEPT = 1000

/** Blocks of others that are kept until their time; what is beyond is fetched again then. */
const AHEAD_KEPT = 1000

export type UnacceptedState = Exclude<BlockState, 'paid' | 'unpaid' | 'dropped'>

/** How many of a kind are kept. What is set aside leaves when its time comes. */
const KEPT: { readonly [S in UnacceptedState]: number } = {
  held: HELD_SLOTS,
  guest: HELD_SLOTS,
  surplus: SURPLUS_KEPT,
  ahead: Number.POSITIVE_INFINITY,
  'set-back': Number.POSITIVE_INFINITY,
}

export class Unaccepted {
  readonly #graph: Graph
  readonly #states = new Map<number, UnacceptedState>()
  readonly #counts: Record<UnacceptedState, number> = { held: 0, guest: 0, surplus: 0, ahead: 0, 'set-back': 0 }

  constructor(graph: Graph) {
    this.#graph = graph
  }

  get(index: number): UnacceptedState | undefined {
    return this.#states.get(index)
  }

  set(index: number, state: UnacceptedState): void {
    this.delete(index)
    this.#states.set(index, state)
    this.#counts[state] += 1
  }

  delete(index: number): void {
    const state = this.#states.get(index)
    if (state === undefined) return
    this.#states.delete(index)
    this.#counts[state] -= 1
  }

  /** Those in one of these states, oldest arrivals first. */
  in(...states: readonly UnacceptedState[]): number[] {
    const found = [...this.#states].filter(([, state]) => states.includes(state)).map(([index]) => index)
    return found.sort((a, b) => a - b)
  }

  count(...states: readonly UnacceptedState[]): number {
    return states.reduce((sum, state) => sum + this.#counts[state], 0)
  }

  /** No more blocks of others that are ahead of the clock are kept. */
  get isAheadFull(): boolean {
    return this.count('ahead', 'set-back') >= AHEAD_KEPT
  }

  /** Those whose time has come, pasts first. */
  due(nowMs: number): number[] {
    return this.in('ahead', 'set-back').filter((index) => this.#graph.time(index) <= nowMs + MAX_AHEAD_MS)
  }

  /** More than fit, oldest arrivals first; only those on which nothing here stands. */
  excess(): number[] {
    const found: number[] = []
    for (const state of ['held', 'guest', 'surplus'] as const) {
      const over = this.count(state) - KEPT[state]
      if (over > 0) found.push(...this.#bare(state).slice(0, over))
    }
    return found
  }

  /** Those that stand on this one, directly or not, tops first. */
  above(index: number): number[] {
    const found = new Set<number>([index])
    for (const at of [...this.#states.keys()].sort((a, b) => a - b)) {
      if (this.#graph.backs(at).some((back) => found.has(back))) found.add(at)
    }
    found.delete(index)
    return [...found].reverse()
  }

  #bare(state: UnacceptedState): number[] {
    const stoodOn = new Set<number>()
    for (const index of this.#states.keys()) this.#graph.forEachBack(index, (back) => stoodOn.add(back))
    return this.in(state).filter((index) => !stoodOn.has(index))
  }
}

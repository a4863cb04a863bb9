/**
 * The settled blocks of one chain that are not accepted (spec §3, §5), by local index with their states, and which of them
 * exceed the bounds. `block-states.ts` drops those.
 *
 * Invariant: `#counts` counts `#states` by state.
 */
import { MAX_AHEAD_MS } from '../../../dag/block-limits.ts'
import type { Graph } from '../../../dag/graph.ts'
import { isAcceptedState, type BlockState } from '../../../reputation/block-state.ts'
import { HELD_SLOTS, SURPLUS_KEPT } from '../../../protocol/intake-limits.ts'

export type UnacceptedState = Exclude<BlockState, 'paid' | 'unpaid' | 'dropped'>

export function isUnacceptedState(state: BlockState): state is UnacceptedState {
  return !isAcceptedState(state) && state !== 'dropped'
}

/** How many of each are kept. Set-aside blocks were accepted once or made here, and leave when their time comes. */
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

  /** Blocks in one of these states, in the order they arrived. */
  in(...states: readonly UnacceptedState[]): number[] {
    const found = [...this.#states].filter(([, state]) => states.includes(state)).map(([index]) => index)
    return found.sort((a, b) => a - b)
  }

  count(...states: readonly UnacceptedState[]): number {
    return states.reduce((sum, state) => sum + this.#counts[state], 0)
  }

  /** Set-aside blocks whose time has come; pasts first. */
  due(nowMs: number): number[] {
    return this.in('ahead', 'set-back').filter((index) => this.#graph.time(index) <= nowMs + MAX_AHEAD_MS)
  }

  /** Blocks beyond the bounds: always the oldest arrival without children here. No block before one that stands on it. */
  excess(): number[] {
    const kinds = (['held', 'guest', 'surplus'] as const).filter((state) => this.#counts[state] > KEPT[state])
    if (kinds.length === 0) return []
    const children = new Map<number, number>()
    const count = (back: number, by: 1 | -1): number => {
      const now = (children.get(back) ?? 0) + by
      children.set(back, now)
      return now
    }
    for (const index of this.#states.keys()) this.#graph.forEachBack(index, (back) => count(back, 1))
    const found: number[] = []
    for (const state of kinds) {
      // The oldest last.
      const childless = this.in(state).filter((index) => (children.get(index) ?? 0) === 0)
      childless.reverse()
      for (let over = this.#counts[state] - KEPT[state]; over > 0; over -= 1) {
        const oldest = childless.pop()
        if (oldest === undefined) break
        found.push(oldest)
        const freed: number[] = []
        this.#graph.forEachBack(oldest, (back) => {
          if (count(back, -1) === 0 && this.#states.get(back) === state) freed.push(back)
        })
        // A back arrived before its child, so before all other childless blocks.
        childless.push(...freed.sort((a, b) => b - a))
      }
    }
    return found
  }

  /** Blocks with this one in their past. No block before one that stands on it. */
  above(index: number): number[] {
    const found = new Set<number>([index])
    for (const at of [...this.#states.keys()].sort((a, b) => a - b)) {
      if (this.#graph.backs(at).some((back) => found.has(back))) found.add(at)
    }
    found.delete(index)
    return [...found].reverse()
  }
}

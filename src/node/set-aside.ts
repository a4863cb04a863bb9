/**
 * Blocks that are known and not accepted because their time is more than 30 minutes ahead of the clock (spec §3): nobody's
 * fault, and over by itself. As `nowMs` grows blocks leave; when a clock is set back, accepted ones come in.
 */
import { MAX_AHEAD_MS } from '../dag/limits.ts'
import type { Graph } from '../dag/graph.ts'
import type { ParkReason } from '../dag/store.ts'

/** Blocks of others that are kept until their time; what is beyond is fetched again then. */
const MAX_AHEAD_BLOCKS = 1000

export class SetAside {
  readonly #graph: Graph
  readonly #indexes: Set<number>

  constructor(graph: Graph, parked: ReadonlyMap<number, ParkReason>) {
    this.#graph = graph
    this.#indexes = new Set(parked.keys())
  }

  get size(): number {
    return this.#indexes.size
  }

  /** No more blocks of others are kept. */
  get isFull(): boolean {
    return this.#indexes.size >= MAX_AHEAD_BLOCKS
  }

  add(index: number): void {
    this.#indexes.add(index)
  }

  delete(index: number): void {
    this.#indexes.delete(index)
  }

  /** Those whose time has come, pasts first. */
  due(nowMs: number): number[] {
    return [...this.#indexes].filter((index) => this.#graph.time(index) <= nowMs + MAX_AHEAD_MS).sort((a, b) => a - b)
  }

  /**
   * Withdraws what is accepted and ahead, and gives it. Children have higher indexes and no earlier time than their
   * backs, so going down never withdraws from under one; time never falls along the links, so without a head that is
   * ahead there is nothing to look for.
   */
  takeFrom(nowMs: number): number[] {
    const graph = this.#graph
    const isAhead = (index: number): boolean => graph.time(index) > nowMs + MAX_AHEAD_MS
    const taken: number[] = []
    if (!graph.heads().some(isAhead)) return taken
    for (let index = graph.size - 1; index > 0; index--) {
      if (!isAhead(index) || !graph.isAccepted(index)) continue
      graph.withdraw(index)
      this.#indexes.add(index)
      taken.push(index)
    }
    return taken
  }
}

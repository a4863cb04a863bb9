/**
 * Bounds the mempools of all chains of a node together (spec §5, *Surplus*). When they are too large the largest one
 * shrinks: whoever fills many, or one, takes room from no chain that keeps less.
 */
import { Bug } from '../../../dag/result.ts'
import { MEMPOOL_BYTES_IN_ALL } from '../../../protocol/intake-limits.ts'

/** A mempool, as the budget sees it. */
export interface BudgetedPool {
  /** Bytes of memory, estimated. */
  readonly memoryBytes: number
  /** Drops blocks until it takes at most so many bytes. */
  shrink(toBytes: number): void
}

/**
 * What the largest pool keeps when it shrinks. To look for what can go costs a sort of the pool, so it must not be done for
 * each block that comes.
 */
const KEPT_SHARE = 3 / 4

/** Invariant: `#bytes` is the sum over `#pools`. */
export class MempoolBudget {
  readonly #pools = new Set<BudgetedPool>()
  #bytes = 0
  #isShrinking = false

  /** Estimated bytes of all pools. */
  get bytes(): number {
    return this.#bytes
  }

  join(pool: BudgetedPool): void {
    this.#pools.add(pool)
    this.#bytes += pool.memoryBytes
  }

  /** The pool's memory is released with its chain. */
  leave(pool: BudgetedPool): void {
    if (this.#pools.delete(pool)) this.#bytes -= pool.memoryBytes
  }

  /** Called by a pool after it grew or shrank by this much. */
  changed(pool: BudgetedPool, by: number): void {
    if (!this.#pools.has(pool)) return
    this.#bytes += by
  }

  /** Called by a pool that grew, when its change is complete. */
  enforce(): void {
    if (this.#isShrinking) return
    this.#isShrinking = true
    while (this.#bytes > MEMPOOL_BYTES_IN_ALL) {
      const before = this.#bytes
      const largest = this.#largest()
      largest.shrink(Math.floor(largest.memoryBytes * KEPT_SHARE))
      if (this.#bytes >= before) throw new Bug('a mempool did not shrink')
    }
    this.#isShrinking = false
  }

  #largest(): BudgetedPool {
    return [...this.#pools].reduce((most, pool) => (pool.memoryBytes > most.memoryBytes ? pool : most))
  }
}

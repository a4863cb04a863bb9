/**
 * The past of a version, explored on demand (spec §1). Walks down by index, so that one walk answers many queries, and
 * stops at *covering* blocks (`dag/graph.ts`), whose past is known without a walk.
 *
 * Invariants:
 * 1. `#isShared` has each block that was reached; `true` if it is `below` or in its past. A block may turn from
 *    `false` to `true`, never back.
 * 2. `#heap` and `#next` are the reached blocks that were not visited; `#unshared` counts those of them that are
 *    `false`. `#next` is the highest; it is undefined only if the heap is empty.
 * 3. Every block of the version above `#next` was reached, unless it is under a covering block: then its rank is at
 *    most `#coveredRank`, or at most `#sharedRank`.
 */
import type { Graph } from '../dag/graph.ts'
import { IndexHeap } from '../dag/index-heap.ts'

export class LazyPast {
  readonly #graph: Graph
  readonly #heap = new IndexHeap()
  /** Blocks reached; `true` if from the constructor's `below`. */
  readonly #isShared = new Map<number, boolean>()
  #unshared = 0
  /** Accepted blocks up to this rank are in the past of `below`. */
  #sharedRank = 0
  /** Accepted blocks up to this rank are in the version. */
  #coveredRank = 0
  /** Taken off the heap and not visited yet. */
  #next: number | undefined

  /**
   * @param tips - the version is these blocks and their pasts
   * @param below - a block whose past is never queried: it is not explored
   */
  constructor(graph: Graph, tips: readonly number[], below = 0) {
    this.#graph = graph
    this.#reach(below, true)
    for (const tip of tips) this.#reach(tip, false)
    this.#next = this.#heap.pop()
  }

  /** Whether the version has this block, which must be neither the genesis nor `below` nor in the past of `below`. */
  has(index: number): boolean {
    const rank = this.#graph.rank(index)
    for (;;) {
      if (this.#isShared.get(index) === false) return true
      if (rank !== undefined && rank <= this.#coveredRank) return true
      if (this.#unshared === 0 || this.#next === undefined || this.#next <= index) return false
      this.#step(this.#next)
    }
  }

  /**
   * All of the version outside of the past of `below`; `undefined` if that takes more than `steps`, or meets a covering
   * block.
   */
  all(steps: number): readonly number[] | undefined {
    const found: number[] = []
    for (let step = 0; this.#unshared > 0 && this.#next !== undefined; step += 1) {
      const at = this.#next
      const counts = this.#isShared.get(at) === false && (this.#graph.rank(at) ?? Infinity) > this.#sharedRank
      if (step === steps) return undefined
      this.#step(at)
      if (this.#coveredRank > 0) return undefined
      if (counts) found.push(at)
    }
    return found
  }

  #step(at: number): void {
    const shared = this.#isShared.get(at) ?? false
    if (!shared) this.#unshared -= 1
    const rank = this.#graph.rank(at)
    if (rank === undefined || (rank > this.#sharedRank && rank > this.#coveredRank)) {
      if (rank === undefined || !this.#graph.isCovering(at)) {
        this.#graph.forEachBack(at, (back) => {
          this.#reach(back, shared)
        })
      } else if (shared) this.#sharedRank = rank
      else this.#coveredRank = rank
    }
    this.#next = this.#heap.pop()
  }

  #reach(index: number, shared: boolean): void {
    if (index === 0) return
    const before = this.#isShared.get(index)
    if (before === undefined) this.#heap.push(index)
    else if (before || !shared) return
    this.#isShared.set(index, shared)
    if (!shared) this.#unshared += 1
    else if (before === false) this.#unshared -= 1
  }
}

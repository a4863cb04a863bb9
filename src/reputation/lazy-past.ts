/**
 * The past of a version, explored only as far as somebody asks (spec §1). Goes down by index, so that one walk answers
 * many questions, and stops at *covering* blocks (`dag/graph.ts`), whose past is known without walking it.
 */
import type { Graph } from '../dag/graph.ts'
import { IndexHeap } from '../dag/index-heap.ts'

export class LazyPast {
  readonly #graph: Graph
  readonly #heap = new IndexHeap()
  /** What was reached; `true` if from {@link LazyPast}'s `below`. */
  readonly #isShared = new Map<number, boolean>()
  #unshared = 0
  /** Accepted blocks up to this rank are in the past of `below`. */
  #sharedRank = 0
  /** Accepted blocks up to this rank are in the version. */
  #coveredRank = 0
  /** Taken off the heap and not yet looked at. */
  #next: number | undefined

  /**
   * @param tips - the version is these blocks and their pasts
   * @param below - a block whose past nobody asks about: what is in it is not walked
   */
  constructor(graph: Graph, tips: readonly number[], below = 0) {
    this.#graph = graph
    this.#reach(below, true)
    for (const tip of tips) this.#reach(tip, false)
    this.#next = this.#heap.pop()
  }

  /** Whether the version holds this block, which is neither the genesis nor `below` nor in the past of `below`. */
  has(index: number): boolean {
    const rank = this.#graph.rank(index)
    for (;;) {
      if (this.#isShared.get(index) === false) return true
      if (rank !== undefined && rank <= this.#coveredRank) return true
      if (this.#unshared === 0 || this.#next === undefined || this.#next <= index) return false
      this.#step(this.#next)
    }
  }

  /** All of the version that is not in the past of `below`, if that takes few steps and meets no covering block. */
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

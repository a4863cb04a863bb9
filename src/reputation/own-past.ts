/** What of a version's blocks lies above those that are known to be in it without a walk (`dag/graph.ts`, *covering*). */
import type { Graph } from '../dag/graph.ts'
import { IndexHeap } from '../dag/index-heap.ts'

export interface OwnPast {
  /** By ascending index, so pasts first. */
  readonly blocks: readonly number[]
  /** All accepted blocks up to this rank are in the version, besides. */
  readonly coveredRank: number
}

/** Of `tips` and their pasts; `undefined` if it takes more than `steps` blocks looked at. */
export function ownPastOf(graph: Graph, tips: readonly number[], steps: number): OwnPast | undefined {
  const heap = new IndexHeap()
  const seen = new Set<number>()
  const found: number[] = []
  let coveredRank = 0
  const reach = (index: number): void => {
    if (index === 0 || seen.has(index)) return
    seen.add(index)
    heap.push(index)
  }
  tips.forEach(reach)
  for (let index = heap.pop(); index !== undefined; index = heap.pop()) {
    const rank = graph.rank(index)
    if (rank !== undefined && rank <= coveredRank) continue
    if (found.length === steps) return undefined
    if (rank !== undefined && graph.isCovering(index)) {
      coveredRank = rank
      continue
    }
    found.push(index)
    graph.forEachBack(index, reach)
  }
  const isApart = (index: number): boolean => (graph.rank(index) ?? Number.POSITIVE_INFINITY) > coveredRank
  return { blocks: found.filter(isApart).reverse(), coveredRank }
}

/** Listings in order (spec §1, §6): by time, height, digest. The order is total and puts pasts first. */
import type { Graph } from './graph.ts'
import { missingFrom } from './walk.ts'

/** A sorted copy. */
export function inOrder(graph: Graph, indexes: readonly number[]): number[] {
  return [...indexes].sort((a, b) => graph.compare(a, b))
}

/** Accepted blocks that are neither in `from` nor in the past of one of them, in order. `from` need not be accepted. */
export function traverse(graph: Graph, from: readonly number[]): number[] {
  return inOrder(graph, missingFrom(graph, from).indexes)
}

/** The genesis, then all accepted blocks in order. */
export function consensus(graph: Graph): number[] {
  return [0, ...traverse(graph, [])]
}

/**
 * The last accepted blocks in order, at most `limit`; without the genesis. Walks down from the heads: the highest block
 * not taken yet is always a head of what is left. Cost: the blocks returned, and the heads.
 */
export function lastInOrder(graph: Graph, limit: number): number[] {
  /** Blocks reached and not taken, in order. */
  const tips = graph.heads().filter((head) => head !== 0)
  const reached = new Set(tips)
  const last: number[] = []
  while (last.length < limit) {
    const index = tips.pop()
    if (index === undefined) break
    last.push(index)
    graph.forEachBack(index, (back) => {
      if (back === 0 || reached.has(back)) return
      reached.add(back)
      tips.splice(placeOf(graph, tips, back), 0, back)
    })
  }
  return last.reverse()
}

/** Insertion point of a block in a sorted list. */
function placeOf(graph: Graph, sorted: readonly number[], index: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (graph.compare(sorted[middle] ?? 0, index) < 0) low = middle + 1
    else high = middle
  }
  return low
}

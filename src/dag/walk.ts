/**
 * Pasts and their differences (spec §1). Every walk goes down from the tips and stops early: at *covering* blocks
 * (`graph.ts`), whose past is known without a walk, and once everything left is shared. So the cost depends on how far
 * apart the versions are, not on the length of the chain, as long as branches get joined. The genesis is excluded from
 * pasts and results.
 */
import type { Graph } from './graph.ts'
import { IndexHeap } from './index-heap.ts'

/**
 * Steps that {@link missingFrom} goes down from `have` to find covering blocks, before it walks both versions instead.
 * A few milliseconds. An honest peer that is merely behind needs as many steps as its last concurrent branches have
 * blocks.
 */
const FLOOR_STEPS = 4096

export interface Missing {
  readonly indexes: readonly number[]
  /** Whether `limit` cut the list. */
  readonly more: boolean
}

/** Whether `a` is strictly in the past of `b`. */
export function isAncestor(graph: Graph, a: number, b: number): boolean {
  if (a === 0 || a >= b) return false
  const height = graph.height(a)
  const rank = graph.rank(a)
  const seen = new Set<number>()
  const waiting = [b]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at === a) return true
    if (at < a || seen.has(at) || graph.height(at) <= height) continue
    seen.add(at)
    const atRank = graph.rank(at)
    if (atRank !== undefined) {
      // The past of an accepted block is accepted, and with lower ranks.
      if (rank === undefined || rank > atRank) continue
      if (graph.isCovering(at)) return true
    }
    graph.forEachBack(at, (back) => waiting.push(back))
  }
  return false
}

/** The union of the pasts of `tips`, by ascending index. A tip is in it only if it is in the past of another. */
export function past(graph: Graph, tips: readonly number[]): number[] {
  const found = new Set<number>()
  const waiting = [...tips]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    graph.forEachBack(at, (back) => {
      if (back === 0 || found.has(back)) return
      found.add(back)
      waiting.push(back)
    })
  }
  return [...found].sort((a, b) => a - b)
}

/** `tips` and the unaccepted blocks in their pasts, by ascending index, so pasts first; at most `limit`. */
export function unacceptedUnder(graph: Graph, tips: readonly number[], limit = Number.POSITIVE_INFINITY): number[] {
  const found = new Set<number>()
  const waiting = [...tips]
  for (let at = waiting.pop(); at !== undefined && found.size < limit; at = waiting.pop()) {
    if (at === 0 || found.has(at) || graph.isAccepted(at)) continue
    found.add(at)
    graph.forEachBack(at, (back) => waiting.push(back))
  }
  return [...found].sort((a, b) => a - b)
}

/** `tips` and their pasts, without `have` and their pasts; accepted or not; by ascending index, so pasts first. */
export function difference(graph: Graph, tips: readonly number[], have: readonly number[]): number[] {
  return differenceWithin(graph, tips, have, Number.POSITIVE_INFINITY) ?? []
}

/** {@link difference}, or `undefined` if it would visit more than `steps` blocks. */
export function differenceWithin(
  graph: Graph,
  tips: readonly number[],
  have: readonly number[],
  steps: number,
): number[] | undefined {
  const isShared = new Map<number, boolean>()
  const heap = new IndexHeap()
  const found: number[] = []
  /** Accepted blocks up to this rank are shared. */
  let sharedRank = 0
  let unshared = 0

  function reach(index: number, shared: boolean): void {
    if (index === 0) return
    const before = isShared.get(index)
    if (before === undefined) heap.push(index)
    else if (before || !shared) return
    isShared.set(index, shared)
    if (!shared) unshared += 1
    else if (before === false) unshared -= 1
  }

  for (const index of have) reach(index, true)
  for (const index of tips) reach(index, false)
  for (let taken = 0; unshared > 0; taken += 1) {
    if (taken >= steps) return undefined
    const index = heap.pop() ?? 0
    const shared = isShared.get(index) ?? false
    if (!shared) unshared -= 1
    const rank = graph.rank(index)
    if (rank !== undefined && rank <= sharedRank) continue
    if (shared && rank !== undefined && graph.isCovering(index)) {
      sharedRank = rank
      continue
    }
    if (!shared) found.push(index)
    graph.forEachBack(index, (back) => {
      reach(back, shared)
    })
  }
  return found.reverse()
}

/**
 * Accepted blocks that are neither in `have` nor in the past of one of them, in the order of acceptance here, so pasts
 * first; at most `limit`. To continue, add the result to `have`, or pass the rank of its last block.
 */
export function missingFrom(
  graph: Graph,
  have: readonly number[],
  limit = Number.POSITIVE_INFINITY,
  afterRank = 0,
): Missing {
  const floor = sharedFloor(graph, have)
  const indexes =
    floor === undefined
      ? missingByWalk(graph, have).filter((index) => (graph.rank(index) ?? 0) > afterRank)
      : missingAbove(graph, { ...floor, rank: Math.max(floor.rank, afterRank) }, limit + 1)
  if (indexes.length <= limit) return { indexes, more: false }
  return { indexes: indexes.slice(0, limit), more: true }
}

/** All accepted blocks up to `rank`, and those in `above`, are shared. */
interface SharedFloor {
  readonly rank: number
  readonly above: ReadonlySet<number>
}

/** `undefined` if it takes too many steps to find. */
function sharedFloor(graph: Graph, have: readonly number[]): SharedFloor | undefined {
  const above = new Set<number>()
  const heap = new IndexHeap()
  let floor = 0
  for (const index of new Set(have)) {
    above.add(index)
    heap.push(index)
  }
  for (let steps = 0; heap.size > 0; steps += 1) {
    if (steps > FLOOR_STEPS) return undefined
    const index = heap.pop() ?? 0
    const rank = graph.rank(index)
    if (rank !== undefined && rank <= floor) continue
    if (rank !== undefined && graph.isCovering(index)) {
      floor = rank
      continue
    }
    graph.forEachBack(index, (back) => {
      if (above.has(back)) return
      above.add(back)
      heap.push(back)
    })
  }
  return { rank: floor, above }
}

function missingAbove(graph: Graph, { rank, above }: SharedFloor, atMost: number): number[] {
  const found: number[] = []
  for (let at = rank + 1; at < graph.ranked && found.length < atMost; at += 1) {
    const index = graph.atRank(at)
    if (index !== undefined && !above.has(index)) found.push(index)
  }
  return found
}

function missingByWalk(graph: Graph, have: readonly number[]): number[] {
  return difference(graph, graph.heads(), have).sort((a, b) => (graph.rank(a) ?? 0) - (graph.rank(b) ?? 0))
}

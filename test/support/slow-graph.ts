/** Slow twins of `walk.ts` and of what `graph.ts` keeps up to date: sets by definition, nothing clever. */
import type { Graph } from '../../src/dag/graph.ts'

/** The past of each block: all that is reachable by backs, the block itself and the genesis excluded. */
export function slowPasts(graph: Graph): ReadonlySet<number>[] {
  const pasts: Set<number>[] = [new Set()]
  for (let index = 1; index < graph.size; index += 1) {
    const past = new Set<number>()
    for (const back of graph.backs(index)) {
      if (back !== 0) past.add(back)
      for (const deeper of pasts[back]!) past.add(deeper)
    }
    pasts.push(past)
  }
  return pasts
}

/** Ascending. */
export function slowDifference(graph: Graph, tips: readonly number[], have: readonly number[]): number[] {
  const pasts = slowPasts(graph)
  const closed = (indexes: readonly number[]) => new Set(indexes.flatMap((index) => [index, ...pasts[index]!]))
  const had = closed(have)
  return [...closed(tips)].filter((index) => index !== 0 && !had.has(index)).sort((a, b) => a - b)
}

/** Ascending by index, which need not be the order of acceptance. */
export function slowMissingFrom(graph: Graph, have: readonly number[]): number[] {
  const accepted: number[] = []
  for (let index = 1; index < graph.size; index += 1) if (graph.isAccepted(index)) accepted.push(index)
  return slowDifference(graph, accepted, have)
}

/** By definition: accepted, and no accepted block links back to it. */
export function slowHeads(graph: Graph): number[] {
  const linked = new Set<number>()
  const accepted = [0]
  for (let index = 1; index < graph.size; index += 1) {
    if (!graph.isAccepted(index)) continue
    accepted.push(index)
    for (const back of graph.backs(index)) linked.add(back)
  }
  return accepted.filter((index) => !linked.has(index)).sort((a, b) => graph.compare(a, b))
}

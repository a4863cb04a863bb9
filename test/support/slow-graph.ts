/** Slow twins of `walk.ts` and of what `graph.ts` keeps up to date: sets, recursion by definition, nothing clever. */
import type { Graph } from '../../src/dag/graph.ts'

/** All that is reachable by backs, the block itself and the genesis excluded. */
export function slowPast(graph: Graph, index: number): Set<number> {
  const found = new Set<number>()
  for (const back of graph.backs(index)) {
    if (back === 0) continue
    found.add(back)
    for (const deeper of slowPast(graph, back)) found.add(deeper)
  }
  return found
}

/** Pasts of all blocks, built upwards: for graphs that {@link slowPast} would take too long on. */
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

export function slowIsAncestor(graph: Graph, a: number, b: number): boolean {
  return slowPast(graph, b).has(a)
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

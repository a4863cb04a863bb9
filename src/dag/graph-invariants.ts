/**
 * Checks a whole graph and reports every broken invariant (spec §1, §3), for tests and for a node on demand. Reads only
 * what the graph says of itself; headers, signatures and payloads are checked elsewhere.
 */
import type { Graph } from './graph.ts'

export type GraphViolation =
  | { readonly code: 'GRAPH_GENESIS' }
  /** The id does not map back to the index. */
  | { readonly code: 'GRAPH_ID'; readonly index: number }
  /** None, repeated, or not lower than the block's own index. */
  | { readonly code: 'GRAPH_BACKS'; readonly index: number }
  | { readonly code: 'GRAPH_HEIGHT'; readonly index: number }
  /** Before a back's time. */
  | { readonly code: 'GRAPH_TIME'; readonly index: number }
  /**
   * Accepted although a back is not, or its rank is not above those of its backs, or the rank maps to another block.
   */
  | { readonly code: 'GRAPH_ACCEPTED'; readonly index: number }
  | { readonly code: 'GRAPH_CHILDREN'; readonly index: number }
  /** Marked as covering, but it was not the only head when it was accepted. */
  | { readonly code: 'GRAPH_COVERING'; readonly index: number }
  | { readonly code: 'GRAPH_COUNT'; readonly expected: number }
  | { readonly code: 'GRAPH_HEADS'; readonly expected: readonly number[] }

/** Empty if the graph is consistent. O(blocks + links). */
export function graphViolationsOf(graph: Graph): GraphViolation[] {
  const violations: GraphViolation[] = []
  const children = new Uint32Array(graph.size)
  if (graph.height(0) !== 0 || graph.time(0) !== 0 || graph.backs(0).length > 0 || graph.rank(0) !== 0) {
    violations.push({ code: 'GRAPH_GENESIS' })
  }
  let accepted = 0
  for (let index = 1; index < graph.size; index += 1) {
    violations.push(...checkBlock(graph, index))
    if (!graph.isAccepted(index)) continue
    accepted += 1
    graph.forEachBack(index, (back) => {
      children[back] = (children[back] ?? 0) + 1
    })
  }
  for (let index = 0; index < graph.size; index += 1) {
    if (graph.acceptedChildren(index) !== children[index]) violations.push({ code: 'GRAPH_CHILDREN', index })
  }
  if (graph.acceptedCount !== accepted) violations.push({ code: 'GRAPH_COUNT', expected: accepted })
  violations.push(...checkCovering(graph), ...checkHeads(graph, children))
  return violations
}

function checkBlock(graph: Graph, index: number): GraphViolation[] {
  const violations: GraphViolation[] = []
  const backs = graph.backs(index)
  if (graph.indexOf(graph.id(index)) !== index) violations.push({ code: 'GRAPH_ID', index })
  const areBacksSane = backs.length > 0 && new Set(backs).size === backs.length && backs.every((back) => back < index)
  if (!areBacksSane) return [...violations, { code: 'GRAPH_BACKS', index }]
  const heights = backs.map((back) => graph.height(back))
  if (graph.height(index) !== 1 + Math.max(...heights)) violations.push({ code: 'GRAPH_HEIGHT', index })
  if (backs.some((back) => graph.time(back) > graph.time(index))) violations.push({ code: 'GRAPH_TIME', index })
  const rank = graph.rank(index)
  if (rank === undefined) {
    if (graph.isCovering(index)) violations.push({ code: 'GRAPH_COVERING', index })
  } else if (graph.atRank(rank) !== index || backs.some((back) => (graph.rank(back) ?? rank) >= rank)) {
    violations.push({ code: 'GRAPH_ACCEPTED', index })
  }
  return violations
}

/** Replays all acceptances by rank: a covering block must then be the only head. */
function checkCovering(graph: Graph): GraphViolation[] {
  const violations: GraphViolation[] = []
  const heads = new Set<number>()
  for (let rank = 0; rank < graph.ranked; rank += 1) {
    const index = graph.atRank(rank)
    if (index === undefined) continue
    graph.forEachBack(index, (back) => heads.delete(back))
    heads.add(index)
    if (graph.isCovering(index) && heads.size !== 1) violations.push({ code: 'GRAPH_COVERING', index })
  }
  return violations
}

function checkHeads(graph: Graph, children: Uint32Array): GraphViolation[] {
  const expected: number[] = []
  for (let index = 0; index < graph.size; index += 1) {
    if (graph.isAccepted(index) && children[index] === 0) expected.push(index)
  }
  expected.sort((a, b) => graph.compare(a, b))
  const isRight =
    expected.join() === graph.heads().join() &&
    expected.every((index) => graph.isHead(index)) &&
    expected.length === graph.headCount &&
    expected.at(-1) === graph.latestHead
  return isRight ? [] : [{ code: 'GRAPH_HEADS', expected }]
}

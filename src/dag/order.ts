/** Listings in order (spec §1, §6): by time, height, digest, which is total and puts pasts first. */
import type { Graph } from './graph.ts'
import { missingFrom } from './walk.ts'

/** A sorted copy. */
export function inOrder(graph: Graph, indexes: readonly number[]): number[] {
  return [...indexes].sort((a, b) => graph.compare(a, b))
}

/** Accepted blocks that are not in `from` nor in the past of one of them, in order. `from` need not be accepted. */
export function traverse(graph: Graph, from: readonly number[]): number[] {
  return inOrder(graph, missingFrom(graph, from).indexes)
}

/** The genesis, then all accepted blocks in order. */
export function consensus(graph: Graph): number[] {
  return [0, ...traverse(graph, [])]
}

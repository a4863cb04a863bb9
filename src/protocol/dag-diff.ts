/**
 * Finds what the requester lacks (spec §8, step 2), pure. The requester names some blocks that it has; the responder
 * lists what it accepts beyond them. Correct for any two DAGs, since the list goes on page by page to its end. Short
 * for DAGs that differ by little, since the names are dense near the heads and exponentially sparser below. For wide
 * DAGs see `set-reconciliation.ts`.
 */
import type { FingerprintTree, Prefix } from '../dag/fingerprint-tree.ts'
import type { Graph } from '../dag/graph.ts'
import type { BlockId } from '../dag/ids.ts'
import { missingFrom } from '../dag/walk.ts'
import { HAVE_IDS, HAVE_STEPS, IDS_PER_PAGE } from './sync-limits.ts'
import type { Fold } from './messages.ts'

/** Share of `have` for heads, and again for the blocks right below them. */
const HAVE_SHARE = Math.floor(HAVE_IDS / 3)

/**
 * Names for what is here: the newest heads; blocks 1, 2, 4, 8… steps below them; and blocks 1, 2, 4, 8… places before
 * the last one inserted. Cost and length hardly grow with the chain. Never names the genesis.
 */
export function haveList(graph: Graph): BlockId[] {
  const heads = newestHeads(graph, HAVE_SHARE)
  const chosen = new Set(heads)
  for (const index of stepsBelow(graph, heads)) {
    if (chosen.size >= 2 * HAVE_SHARE) break
    chosen.add(index)
  }
  for (let distance = 1; distance < graph.size; distance *= 2) {
    // Some unaccepted blocks were dropped: a responder told that we have one would not send it again.
    if (graph.isAccepted(graph.size - distance)) chosen.add(graph.size - distance)
  }
  return [...chosen].map((index) => graph.id(index))
}

/** Heads by local index, the one accepted last first; none for an empty chain. */
export function newestHeads(graph: Graph, atMost: number): number[] {
  const heads = graph.heads().filter((index) => index > 0)
  return heads.sort((a, b) => (graph.rank(b) ?? 0) - (graph.rank(a) ?? 0)).slice(0, atMost)
}

/** Blocks whose distance to a head is a power of two, nearest first. Visits at most `HAVE_STEPS` blocks. */
function stepsBelow(graph: Graph, heads: readonly number[]): number[] {
  const found: number[] = []
  const seen = new Set(heads)
  let level = [...heads]
  for (let depth = 1; level.length > 0 && seen.size < HAVE_STEPS; depth += 1) {
    const below: number[] = []
    for (const index of level) {
      graph.forEachBack(index, (back) => {
        if (back === 0 || seen.has(back)) return
        seen.add(back)
        below.push(back)
      })
    }
    if (Number.isInteger(Math.log2(depth))) found.push(...below)
    level = below
  }
  return found
}

/** One page of what the requester lacks. */
export interface DiffPage {
  readonly ids: readonly BlockId[]
  readonly more: boolean
}

/**
 * Accepted blocks that are neither in `have` nor in the past of one of them, in the order of acceptance here: pasts
 * come first, and blocks accepted meanwhile come last. Unknown ids in `have` are ignored. `after`: continue after this
 * id, the last of the page before; the result is `undefined` if it is not accepted here (any more).
 */
export function answerDiff(graph: Graph, have: readonly BlockId[], after?: BlockId): DiffPage | undefined {
  const known = have.map((id) => graph.indexOf(id)).filter((index) => index !== undefined)
  if (after === undefined) {
    const { indexes, more } = missingFrom(graph, known, IDS_PER_PAGE)
    return { ids: indexes.map((index) => graph.id(index)), more }
  }
  const last = graph.indexOf(after)
  const rank = last === undefined ? undefined : graph.rank(last)
  if (rank === undefined) return undefined
  const { indexes, more } = missingFrom(graph, known, IDS_PER_PAGE, rank)
  return { ids: indexes.map((index) => graph.id(index)), more }
}

/** What is accepted under each prefix. `folds` must be the tree over `graph`. */
export function answerFolds(graph: Graph, folds: FingerprintTree, prefixes: readonly Prefix[]): Fold[] {
  return prefixes.map((prefix) => {
    const under = folds.under(prefix)
    if ('parts' in under) return under
    const { indexes } = under
    return { ids: indexes.map((index) => graph.id(index)), ranks: indexes.map((index) => graph.rank(index) ?? 0) }
  })
}

/**
 * The lens (spec §4, *Lens*): whom a reader may trust, going by likes that count, as Advogato does it (R. Levien, *Attack-resistant
 * trust metrics*). Trust flows from the roots along likes; each author who is reached keeps 1 and passes on a few, fewer with each
 * step. So whatever number of accounts somebody raises, those who are reached are bounded by what flows into them. Local: it never
 * changes what is accepted. The numbers were measured (docs/economy.md). The cost is O(votes), for each question.
 */
import type { Graph } from '../dag/graph.ts'
import type { BlockTable } from './block-table.ts'
import { FlowNetwork, UNBOUNDED } from './max-flow.ts'
import { windowStart } from './rules.ts'

export interface LensContext {
  readonly graph: Graph
  readonly table: BlockTable
  /** Whether an accepted vote counts. */
  readonly counts: (vote: number) => boolean
}

/** How trust flows. */
export interface LensRule {
  /** What an author so many likes away from a root may have, at least 1; 0: a root. */
  readonly capacity: (distance: number) => number
  /** What flows to somebody along his welcome, the first like that he got. */
  readonly welcome: number
  /** What flows along so many likes of the last 90 days, by one author for one other. */
  readonly along: (likes: number) => number
}

/** What authors may have by distance, from 1 on; the last one holds for all who are further away. */
const CAPACITIES = [7, 6, 5, 4]

/** Fewer likes, but for the welcome, are what anybody gets for a harmless post now and then. */
export const TRUSTING_LIKES = 3

export const LENS: LensRule = {
  capacity: (distance) => (distance === 0 ? UNBOUNDED : (CAPACITIES[Math.min(distance, CAPACITIES.length) - 1] ?? 1)),
  welcome: UNBOUNDED,
  along: (likes) => (likes < TRUSTING_LIKES ? 0 : likes),
}

/** All likes of one author for another. */
interface Liking {
  readonly from: number
  readonly to: number
  /** The first in order. */
  first: number
  recent: number
}

/**
 * The authors, by number, who are reached from the roots.
 * @param t - time of the question, for the window of 90 days
 */
export function reachedFrom(
  roots: readonly number[],
  context: LensContext,
  { t, rule = LENS }: { readonly t: number; readonly rule?: LensRule },
): Set<number> {
  const edges = edgesOf(context, t, rule)
  const distances = distancesFrom(roots, edges)
  const network = new FlowNetwork()
  const [source, sink] = [network.addNode(), network.addNode()]
  const ways = new Map<number, { readonly in: number; readonly out: number; readonly kept: number }>()
  for (const [author, distance] of distances) {
    const [enter, leave] = [network.addNode(), network.addNode()]
    network.addEdge(enter, leave, rule.capacity(distance) - 1)
    ways.set(author, { in: enter, out: leave, kept: network.addEdge(enter, sink, 1) })
    if (distance === 0) network.addEdge(source, enter, UNBOUNDED)
  }
  for (const [from, liked] of edges) {
    const out = ways.get(from)?.out
    if (out === undefined) continue
    for (const { to, flow } of liked) network.addEdge(out, ways.get(to)?.in ?? sink, flow)
  }
  network.run(source, sink)
  return new Set([...ways].flatMap(([author, { kept }]) => (network.isFull(kept) ? [author] : [])))
}

/** Where trust can flow, by the author it comes from; the same wherever the same is accepted, whatever the order of arrival. */
function edgesOf(
  context: LensContext,
  t: number,
  rule: LensRule,
): Map<number, { readonly to: number; readonly flow: number }[]> {
  const likings = likingsOf(context, t)
  const welcomes = new Map<number, number>()
  for (const { to, first } of likings) {
    const before = welcomes.get(to)
    if (before === undefined || context.graph.compare(first, before) < 0) welcomes.set(to, first)
  }
  const edges = new Map<number, { readonly to: number; readonly flow: number }[]>()
  for (const { from, to, first, recent } of likings) {
    const flow = Math.max(rule.along(recent), welcomes.get(to) === first ? rule.welcome : 0)
    if (flow === 0) continue
    const known = edges.get(from)
    if (known === undefined) edges.set(from, [{ to, flow }])
    else known.push({ to, flow })
  }
  return edges
}

function likingsOf({ graph, table, counts }: LensContext, t: number): Liking[] {
  const found = new Map<number, Liking>()
  for (let rank = 1; rank < graph.ranked; rank += 1) {
    const vote = graph.atRank(rank)
    const like = vote === undefined ? undefined : table.likeOf(vote)
    if (vote === undefined || like?.n !== 1) continue
    const [from, to] = [table.authorOf(vote), table.authorOf(like.target)]
    if (from === undefined || to === undefined || from === to || !counts(vote)) continue
    const recent = graph.time(vote) >= windowStart(t) ? 1 : 0
    const pair = from * table.authorCount + to
    const before = found.get(pair)
    if (before === undefined) found.set(pair, { from, to, first: vote, recent })
    else {
      before.recent += recent
      if (graph.compare(vote, before.first) < 0) before.first = vote
    }
  }
  return [...found.values()].sort((a, b) => graph.compare(a.first, b.first))
}

/** Roots first. */
function distancesFrom(
  roots: readonly number[],
  edges: ReadonlyMap<number, readonly { readonly to: number }[]>,
): Map<number, number> {
  const distances = new Map(roots.map((root) => [root, 0]))
  for (const [author, distance] of distances) {
    for (const { to } of edges.get(author) ?? []) if (!distances.has(to)) distances.set(to, distance + 1)
  }
  return distances
}

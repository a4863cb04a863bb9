/**
 * What mints an author's days (rule 1.b): minting posts, and likes of posts that count, as entries of a {@link Trees}, by
 * the post they speak of. The earliest one among the posts of a day decides when the day is worth 1.
 */
import type { Graph } from '../dag/graph.ts'
import type { BlockTable } from './block-table.ts'
import { Trees, type Tree } from './persistent-tree.ts'

/** Of a range of sources: first and last of them in order. */
export interface Sources {
  readonly earliest: number
  readonly latest: number
}

export type DaySources = Tree<Sources> | undefined

/** Places are times of posts. */
export function daySourcesOf(graph: Graph, table: BlockTable): Trees<Sources, number> {
  const postOf = (source: number): number => table.targetOf(source) ?? source
  const earlier = (a: number, b: number): number => (graph.compare(a, b) <= 0 ? a : b)
  const later = (a: number, b: number): number => (graph.compare(a, b) >= 0 ? a : b)
  return new Trees({
    compare: (a, b) => graph.compare(postOf(a), postOf(b)) || graph.compare(a, b),
    isBefore: (source, time) => graph.time(postOf(source)) < time,
    summary(sources, start, end) {
      let [earliest, latest] = [sources[start] ?? 0, sources[start] ?? 0]
      for (let at = start + 1; at < end; at += 1) {
        earliest = earlier(earliest, sources[at] ?? 0)
        latest = later(latest, sources[at] ?? 0)
      }
      return { earliest, latest }
    },
    join(parts) {
      let [earliest, latest] = [parts[0]?.summary.earliest ?? 0, parts[0]?.summary.latest ?? 0]
      for (let at = 1; at < parts.length; at += 1) {
        earliest = earlier(earliest, parts[at]?.summary.earliest ?? 0)
        latest = later(latest, parts[at]?.summary.latest ?? 0)
      }
      return { earliest, latest }
    },
  })
}

/**
 * What mints an author's days (rule 1.b): minting posts, and likes of posts that count, as entries of a {@link Trees}, by
 * the post they speak of. The earliest one among the posts of a day decides when the day is worth 1.
 */
import type { Graph } from '../dag/graph.ts'
import type { BlockTable } from './block-table.ts'
import { Trees } from './persistent-tree.ts'
import type { Edit, Tree } from './tree-nodes.ts'
import { DAY_MS, dayOf, OLD_AGE_MS, WINDOW_MS } from './rules.ts'

/** Of a range of sources: first and last of them in order. */
export interface Sources {
  readonly earliest: number
  readonly latest: number
}

export type DaySources = Tree<Sources> | undefined

export class DayTrees {
  readonly #graph: Graph
  readonly #table: BlockTable
  readonly #trees: Trees<Sources, number>

  constructor(graph: Graph, table: BlockTable) {
    this.#graph = graph
    this.#table = table
    this.#trees = treesOf(graph, table)
  }

  insert(sources: DaySources, source: number, edit: Edit): DaySources {
    return this.#trees.insert(sources, source, edit)
  }

  remove(sources: DaySources, source: number, edit: Edit): DaySources {
    return this.#trees.remove(sources, source, edit)
  }

  /** The moment at which a source mints its day, if none is earlier. */
  minted(source: number): number {
    return this.#graph.time(source) + OLD_AGE_MS
  }

  /** The day that it speaks of. */
  dayOf(source: number): number {
    return dayOf(this.#graph.time(this.#table.targetOf(source) ?? source))
  }

  /** The source that decides a day. */
  earliestOf(sources: DaySources, day: number): number | undefined {
    return this.earliest(sources, day * DAY_MS, (day + 1) * DAY_MS)
  }

  /** The earliest source among posts from a time to before another one. */
  earliest(sources: DaySources, first: number, end: number): number | undefined {
    let found: number | undefined
    this.#trees.range(sources, first, end, ({ earliest }) => {
      if (found === undefined || this.#graph.compare(earliest, found) < 0) found = earliest
    })
    return found
  }

  /** The source whose entry the day has that `source` speaks of; none if that would come when the day is out of all windows. */
  entryOf(sources: DaySources, source: number): number | undefined {
    const day = this.dayOf(source)
    const earliest = this.earliestOf(sources, day)
    if (earliest === undefined || this.minted(earliest) >= (day + 1) * DAY_MS + WINDOW_MS) return undefined
    return earliest
  }

  /** Those that come no later in order than a block. */
  upTo(sources: DaySources, last: number, edit: Edit): DaySources {
    const isKept = (source: number): boolean => this.#graph.compare(source, last) <= 0
    let kept = this.#trees.before(sources, this.#graph.time(last) + 1, edit)
    for (;;) {
      const later = this.#trees.firstFrom(
        kept,
        Number.NEGATIVE_INFINITY,
        ({ latest }) => !isKept(latest),
        (source) => !isKept(source),
      )
      if (later === undefined) return kept
      kept = this.#trees.remove(kept, later, edit)
    }
  }
}

/** Places are times of posts. */
function treesOf(graph: Graph, table: BlockTable): Trees<Sources, number> {
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

/**
 * When this node was online and in sync on one chain (spec §5, *Throttle*): what claims to be of such a time should have come
 * then. The time is an argument.
 */
import { lowerBound } from './binary-search.ts'
import { WINDOW_MS } from './rules.ts'

const MINUTE_MS = 60_000

/** Notes at most this far apart form one interval: a node that notes every minute may miss two. */
export const WATCH_GAP_MS = 3 * MINUTE_MS

/** Older blocks count for nobody's reputation (4.c), so forging them gains little. */
export const WATCH_KEPT_MS = WINDOW_MS

/** Intervals kept of one chain: eleven a day for 90 days. Only a very bad connection needs more. */
export const MAX_WATCHED = 1000

/** Milliseconds since the epoch: first and last note. */
export type Interval = readonly [number, number]

/** When this node was online and in sync on one chain. */
export class Watch {
  /** Ascending and disjoint. */
  readonly #intervals: Interval[] = []
  #noted: number | undefined

  /** @param intervals - as {@link Watch.intervals} returned them; the last one continues if the next note is soon */
  constructor(intervals: Iterable<Interval> = []) {
    for (const [start, end] of intervals) if (start <= end) this.#put(start, end)
    this.#noted = this.#intervals.at(-1)?.[1]
    this.#trim(this.#noted ?? 0)
  }

  /** Call it while in sync, at least once every {@link WATCH_GAP_MS}. */
  note(nowMs: number): void {
    const sinceMs = nowMs - (this.#noted ?? Number.NEGATIVE_INFINITY)
    // A clock that was set back or far ahead says nothing of the time in between.
    this.#put(sinceMs >= 0 && sinceMs <= WATCH_GAP_MS ? nowMs - sinceMs : nowMs, nowMs)
    this.#noted = nowMs
    this.#trim(nowMs)
  }

  wasWatching(timeMs: number): boolean {
    const [start, end] = this.#intervals[this.#firstFrom(timeMs)] ?? []
    return start !== undefined && end !== undefined && start <= timeMs
  }

  /** Ascending and disjoint. */
  intervals(): readonly Interval[] {
    return [...this.#intervals]
  }

  /** Merges it with the intervals that it touches. */
  #put(start: number, end: number): void {
    const from = this.#firstFrom(start)
    const upTo = lowerBound(this.#intervals, ([first]) => first <= end)
    const joined: Interval = [
      Math.min(start, this.#intervals[from]?.[0] ?? start),
      Math.max(end, this.#intervals[upTo - 1]?.[1] ?? end),
    ]
    this.#intervals.splice(from, upTo - from, joined)
  }

  /** Position of the first interval that ends at this time or later. */
  #firstFrom(timeMs: number): number {
    return lowerBound(this.#intervals, ([, end]) => end < timeMs)
  }

  #trim(nowMs: number): void {
    const tooMany = Math.max(0, this.#intervals.length - MAX_WATCHED)
    this.#intervals.splice(0, Math.max(tooMany, this.#firstFrom(nowMs - WATCH_KEPT_MS)))
  }
}

/**
 * Which blocks are delayed (spec §5, *Throttle*): those that claim to be old although this node was in sync at that time and
 * did not see them, and those that withdraw another block of their author. A local rule that is never final: it slows down
 * rewriting the past. The time is an argument.
 */
import type { AuthorKey } from '../dag/ids.ts'
import { DAY_MS, WINDOW_MS } from './rules.ts'
import { lowerBound } from './binary-search.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Notes at most this far apart form one interval: a node that notes every minute may miss two. */
export const WATCH_GAP_MS = 3 * MINUTE_MS

/** Older blocks count for nobody's reputation (4.c), so forging them gains little. */
export const WATCH_KEPT_MS = WINDOW_MS

/** Intervals kept of one chain: eleven a day for 90 days. Only a very bad connection needs more. */
export const MAX_WATCHED = 1000

/** Blocks that claim to be older than this are suspect. Up to a day is the normal effect of a partition. */
export const SUSPECT_AGE_MS = DAY_MS

/**
 * At this rate a quiet branch of a few weeks comes in within hours; a forged past of thousands of blocks takes days,
 * and is noticed.
 */
export const OLD_BLOCKS_PER_HOUR = 100

/** An author's first withdrawals count as accidents: two devices that did not know of each other. */
export const FAST_WITHDRAWALS = 3

/** Wait between those: time for others to see and link what is there. */
export const FAST_WITHDRAWAL_GAP_MS = MINUTE_MS

/** Wait between all further ones. */
export const SLOW_WITHDRAWAL_GAP_MS = HOUR_MS

/** After this long without a withdrawal an author starts anew. */
export const WITHDRAWALS_FORGOTTEN_MS = DAY_MS

/** Authors remembered. Each needs reps to have a block withdrawn, so there are not that many at once. */
export const MAX_WITHDRAWERS = 4096

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

interface Withdrawals {
  readonly count: number
  readonly lastMs: number
}

/** The throttle of one chain. A block that it delays may be tried again later. */
export class Throttle {
  readonly #watch: Watch
  /** When old blocks were accepted in the last hour, ascending. */
  #old: number[] = []
  /** The author whose last withdrawal is oldest comes first. */
  readonly #withdrawals = new Map<AuthorKey, Withdrawals>()
  #nowMs = Number.NEGATIVE_INFINITY

  constructor(watch: Watch) {
    this.#watch = watch
  }

  /** Whether a block of this time claims to be old, and this node was in sync then without seeing it. */
  isSuspect(timeMs: number, nowMs: number): boolean {
    return nowMs - timeMs > SUSPECT_AGE_MS && this.#watch.wasWatching(timeMs)
  }

  /**
   * Whether `count` more suspect blocks may come in now. More than an hour's ration at once is allowed after an hour
   * without any.
   */
  mayTakeOld(nowMs: number, count = 1): boolean {
    this.#expire(nowMs)
    return this.#old.length === 0 || this.#old.length + count <= OLD_BLOCKS_PER_HOUR
  }

  /** A suspect block was accepted. Unpaid blocks do not count: a stranger could use up the ration with them. */
  tookOld(nowMs: number): void {
    this.#expire(nowMs)
    this.#old.push(nowMs)
  }

  /** Whether a block that withdraws another one of its author may come in now. If so it counts. */
  mayWithdraw(author: AuthorKey, nowMs: number): boolean {
    this.#expire(nowMs)
    const { count, lastMs } = this.#withdrawals.get(author) ?? { count: 0, lastMs: Number.NEGATIVE_INFINITY }
    if (nowMs - lastMs < (count < FAST_WITHDRAWALS ? FAST_WITHDRAWAL_GAP_MS : SLOW_WITHDRAWAL_GAP_MS)) return false
    this.#withdrawals.delete(author)
    this.#withdrawals.set(author, { count: count + 1, lastMs: nowMs })
    const [oldest] = this.#withdrawals.keys()
    if (oldest !== undefined && this.#withdrawals.size > MAX_WITHDRAWERS) this.#withdrawals.delete(oldest)
    return true
  }

  /**
   * Drops expired entries. After the clock was set back, entries ahead of it count as of now: else they would not
   * expire for long.
   */
  #expire(nowMs: number): void {
    if (nowMs < this.#nowMs) {
      this.#old = this.#old.map((timeMs) => Math.min(timeMs, nowMs))
      for (const [author, { count, lastMs }] of this.#withdrawals) {
        this.#withdrawals.set(author, { count, lastMs: Math.min(lastMs, nowMs) })
      }
    }
    this.#nowMs = nowMs
    this.#old.splice(
      0,
      lowerBound(this.#old, (timeMs) => timeMs <= nowMs - HOUR_MS),
    )
    for (const [author, { lastMs }] of this.#withdrawals) {
      if (nowMs - lastMs < WITHDRAWALS_FORGOTTEN_MS) break
      this.#withdrawals.delete(author)
    }
  }
}

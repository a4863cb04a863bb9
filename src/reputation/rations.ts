/**
 * Rations of the throttle (spec §5): at most so many within a period, and tables of them by author. What is taken comes back
 * a period later. The time is an argument; after a clock was set back, what was taken ahead of it counts as taken now, else
 * it would not come back for long.
 */
import { evictOldest } from '../dag/evict-oldest.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { lowerBound } from './binary-search.ts'

export class Ration {
  readonly size: number
  readonly periodMs: number
  /** Ascending; at most `size`. */
  #taken: number[]

  /** @param taken - when, ascending; see {@link Ration.taken} */
  constructor(size: number, periodMs: number, taken: readonly number[] = []) {
    this.size = size
    this.periodMs = periodMs
    this.#taken = taken.slice(-size)
  }

  /** What has not come back. */
  get taken(): readonly number[] {
    return this.#taken
  }

  left(nowMs: number): number {
    this.#expire(nowMs)
    return this.size - this.#taken.length
  }

  /** Takes so many, or all that is left. */
  take(nowMs: number, count: number): void {
    const last = Math.min(count, this.left(nowMs))
    for (let n = 0; n < last; n += 1) this.#taken.push(nowMs)
  }

  /** When one could be taken after `before` others, each taken as soon as it may be. */
  dueMs(nowMs: number, before: number): number {
    const left = this.left(nowMs)
    const place = before % this.size
    const firstMs = place < left ? nowMs : (this.#taken[place - left] ?? nowMs) + this.periodMs
    return firstMs + Math.floor(before / this.size) * this.periodMs
  }

  #expire(nowMs: number): void {
    if ((this.#taken.at(-1) ?? nowMs) > nowMs) this.#taken = this.#taken.map((timeMs) => Math.min(timeMs, nowMs))
    this.#taken.splice(
      0,
      lowerBound(this.#taken, (timeMs) => timeMs <= nowMs - this.periodMs),
    )
  }
}

/** A ration of which one may be taken in each `slowMs`, too, while nothing is left. */
export class SlowRation {
  readonly #ration: Ration
  readonly #slowMs: number
  #lastMs: number

  /** @param lastMs - when something was taken last */
  constructor(ration: Ration, slowMs: number, lastMs = Number.NEGATIVE_INFINITY) {
    this.#ration = ration
    this.#slowMs = slowMs
    this.#lastMs = lastMs
  }

  get taken(): readonly number[] {
    return this.#ration.taken
  }

  get lastMs(): number {
    return this.#lastMs
  }

  left(nowMs: number): number {
    this.#lastMs = Math.min(this.#lastMs, nowMs)
    const left = this.#ration.left(nowMs)
    return left === 0 && nowMs - this.#lastMs >= this.#slowMs ? 1 : left
  }

  /** Takes so many, or all that is left. What is taken when nothing was left does not put off what comes back. */
  take(nowMs: number, count: number): void {
    if (count === 0) return
    this.#ration.take(nowMs, count)
    this.#lastMs = nowMs
  }

  /** See {@link Ration.dueMs}. */
  dueMs(nowMs: number, before: number): number {
    const left = this.#ration.left(nowMs)
    if (before < left) return nowMs
    const lastMs = left > 0 ? nowMs : this.#lastMs
    const slowlyMs = Math.max(nowMs, lastMs + this.#slowMs) + (before - left) * this.#slowMs
    return Math.min(slowlyMs, this.#ration.dueMs(nowMs, before))
  }
}

/** One ration for each author: of at most `atMost` authors, who took longest ago out. */
export class RationTable<R extends { left(nowMs: number): number; take(nowMs: number, count: number): void }> {
  readonly #atMost: number
  readonly #full: () => R
  /** Of authors who took something; who took longest ago comes first. */
  readonly #rations: Map<AuthorKey, R>

  /** @param full - makes a ration of which nothing was taken */
  constructor(atMost: number, full: () => R, entries: Iterable<readonly [AuthorKey, R]> = []) {
    this.#atMost = atMost
    this.#full = full
    this.#rations = new Map(entries)
    evictOldest(this.#rations, atMost)
  }

  entries(): (readonly [AuthorKey, R])[] {
    return [...this.#rations]
  }

  of(author: AuthorKey): R {
    return this.#rations.get(author) ?? this.#full()
  }

  take(author: AuthorKey, nowMs: number, count: number): void {
    const ration = this.of(author)
    ration.take(nowMs, count)
    this.#rations.delete(author)
    this.#rations.set(author, ration)
    evictOldest(this.#rations, this.#atMost)
  }
}

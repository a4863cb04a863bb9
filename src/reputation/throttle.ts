/**
 * How many blocks may come in now that a peer delays (spec §5, *Throttle*): those that claim to be old although this node was
 * in sync at that time and did not see them, and those that rewrite what is accepted. A local rule that is never final: it
 * slows down rewriting the past. It does not look at blocks; the time is an argument.
 */
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import { Ration, RationTable, SlowRation } from './rations.ts'
import { DAY_MS } from './rules.ts'
import type { Watch } from './watch.ts'

const HOUR_MS = 60 * 60_000

/** Blocks that claim to be older than this are old. Up to a day is the normal effect of a partition. */
export const OLD_MS = DAY_MS

/**
 * At this rate a quiet branch of a few weeks comes in within hours; a forged past of thousands of blocks takes days,
 * and is noticed.
 */
export const OLD_BLOCKS_PER_HOUR = 100

/**
 * What one author's fresh blocks free in an hour beyond that: who has the trust of this chain speaks for what he links, as
 * far as an hour's ration.
 */
export const FREED_PER_HOUR = 100

/** Two devices of one author that were apart for days, each with as many posts as reps allow (30), agree at once. */
export const REWRITES_PER_DAY = 60

/** Wait between further ones while all of those are taken: time for others to see and link what is there. */
export const SLOW_REWRITE_GAP_MS = HOUR_MS

/** Authors remembered in each table. Each needs reps to get in there, so there are not that many at once. */
export const MAX_THROTTLED_AUTHORS = 4096

/** What waits behind a large block that was not seen for so long goes first: its peer may be gone. */
export const LARGE_FORGOTTEN_MS = 2 * HOUR_MS

/** What a block would take from the rations if it came in. */
export interface Cost {
  readonly id: BlockId
  /** old blocks that would be accepted, it included. */
  readonly old: number
  /** Blocks that rewrite what is accepted here, by author (spec §5). */
  readonly rewrites: ReadonlyMap<AuthorKey, number>
}

/** A block that brings in more at once than a ration holds. */
interface Large {
  readonly id: BlockId
  readonly sinceMs: number
  readonly seenMs: number
}

/** What a restart keeps: nobody gets a new ration by making this node restart. */
export interface ThrottleRecord {
  readonly old: readonly number[]
  readonly rewrites: readonly (readonly [AuthorKey, readonly number[], lastMs: number])[]
  readonly freed: readonly (readonly [AuthorKey, readonly number[]])[]
  readonly large?: readonly [BlockId, sinceMs: number, seenMs: number]
}

/** The throttle of one chain. A block that it delays may be tried again later. */
export class Throttle {
  readonly watch: Watch
  readonly #old: Ration
  readonly #rewrites: RationTable<SlowRation>
  readonly #freed: RationTable<Ration>
  /** One at a time: else many of them would come in at many times the rate. */
  #large: Large | undefined
  #hasChanged = false

  /** @param record - see {@link Throttle.record} */
  constructor(watch: Watch, record: ThrottleRecord = { old: [], rewrites: [], freed: [] }) {
    this.watch = watch
    this.#old = new Ration(OLD_BLOCKS_PER_HOUR, HOUR_MS, record.old)
    const rewrites = record.rewrites.map(([author, taken, lastMs]) => [author, rewriting(taken, lastMs)] as const)
    this.#rewrites = new RationTable(MAX_THROTTLED_AUTHORS, rewriting, rewrites)
    const freed = record.freed.map(([author, taken]) => [author, freeing(taken)] as const)
    this.#freed = new RationTable(MAX_THROTTLED_AUTHORS, freeing, freed)
    const [id, sinceMs, seenMs] = record.large ?? []
    if (id !== undefined && sinceMs !== undefined && seenMs !== undefined) this.#large = { id, sinceMs, seenMs }
  }

  /** Whether a block of this time claims to be old, and this node was in sync then without seeing it. */
  isOld(timeMs: number, nowMs: number): boolean {
    return nowMs - timeMs > OLD_MS && this.watch.wasWatching(timeMs)
  }

  /** whether anything old may come in now. `freer`: author of a fresh block above it. */
  mayTakeOld(nowMs: number, freer?: AuthorKey): boolean {
    return this.#old.left(nowMs) > 0 || (freer !== undefined && this.mayFree(freer, nowMs))
  }

  /** Whether a fresh block by this author frees anything now. */
  mayFree(author: AuthorKey, nowMs: number): boolean {
    return this.#old.left(nowMs) + this.#freed.of(author).left(nowMs) > 0
  }

  /** Whether this is the block whose waiting counts, see {@link Throttle.isLarge}. */
  isWaitingLarge(id: BlockId): boolean {
    return this.#large?.id === id
  }

  /** Whether it is more than the rations hold, so that it can never come in by them. */
  isLarge({ old, rewrites }: Cost): boolean {
    return old > OLD_BLOCKS_PER_HOUR || [...rewrites.values()].some((count) => count > REWRITES_PER_DAY)
  }

  /**
   * Whether a large block may come in now: after an hour for each 100 blocks that it takes from rations, one such block after
   * the other. If so it takes all that is left of its rations.
   */
  takeLarge(cost: Cost, nowMs: number): boolean {
    if (!this.mayWaitLarge(cost.id, nowMs)) return false
    const other = this.#large
    const sinceMs = other?.id === cost.id ? Math.min(other.sinceMs, nowMs) : nowMs
    this.#large = { id: cost.id, sinceMs, seenMs: nowMs }
    this.#hasChanged = true
    if (nowMs < largeDueMs(sinceMs, cost)) return false
    this.#large = undefined
    this.#takeOwn(cost, nowMs)
    return true
  }

  /** Whether the waiting of this large block counts now; else another one's does. */
  mayWaitLarge(id: BlockId, nowMs: number): boolean {
    const other = this.#large
    return other === undefined || other.id === id || nowMs - other.seenMs >= LARGE_FORGOTTEN_MS
  }

  /** When a large block may come in, if it has begun to wait; else how long it takes from now on. */
  largeDueMs(cost: Cost, nowMs: number): number {
    return largeDueMs(this.#large?.id === cost.id ? this.#large.sinceMs : nowMs, cost)
  }

  /**
   * Whether a block may come in now. If so it takes what it costs: each from its own ration, and what these lack from what a
   * fresh block frees. `freer`: author of that block. Nobody frees rewrites of his own.
   */
  take(cost: Cost, nowMs: number, freer?: AuthorKey): boolean {
    const ownLack = this.#rewritesLacking(cost, nowMs, (author) => author === freer)
    const lack =
      Math.max(0, cost.old - this.#old.left(nowMs)) + this.#rewritesLacking(cost, nowMs, (author) => author !== freer)
    if (ownLack > 0 || (lack > 0 && freer === undefined)) return false
    const spare = Math.max(0, this.#old.left(nowMs) - cost.old)
    const extra = Math.max(0, lack - spare)
    if (freer !== undefined && extra > this.#freed.of(freer).left(nowMs)) return false
    this.#takeOwn(cost, nowMs)
    if (freer === undefined || lack === 0) return true
    this.#old.take(nowMs, lack - extra)
    if (extra > 0) this.#freed.take(freer, nowMs, extra)
    return true
  }

  /** Whether an author's rewrites are within his ration now. */
  mayRewrite(author: AuthorKey, nowMs: number, count: number): boolean {
    return this.#rewrites.of(author).left(nowMs) >= count
  }

  /** When so many old blocks can all be in, unless fresh blocks free them before. */
  oldDueMs(nowMs: number, count: number): number {
    return this.#old.dueMs(nowMs, count - 1)
  }

  /** The same of an author's rewrites. */
  rewritesDueMs(author: AuthorKey, nowMs: number, count: number): number {
    return this.#rewrites.of(author).dueMs(nowMs, count - 1)
  }

  /** Whether {@link Throttle.record} is another one than when {@link Throttle.takeChanged} was called last. */
  get hasChanged(): boolean {
    return this.#hasChanged
  }

  takeChanged(): boolean {
    const hasChanged = this.#hasChanged
    this.#hasChanged = false
    return hasChanged
  }

  record(): ThrottleRecord {
    const large = this.#large
    return {
      old: this.#old.taken,
      rewrites: this.#rewrites.entries().map(([author, { taken, lastMs }]) => [author, taken, lastMs]),
      freed: this.#freed.entries().map(([author, { taken }]) => [author, taken]),
      ...(large === undefined ? {} : { large: [large.id, large.sinceMs, large.seenMs] as const }),
    }
  }

  #takeOwn({ old, rewrites }: Cost, nowMs: number): void {
    this.#hasChanged = true
    this.#old.take(nowMs, old)
    for (const [author, count] of rewrites) this.#rewrites.take(author, nowMs, count)
  }

  #rewritesLacking({ rewrites }: Cost, nowMs: number, isOf: (author: AuthorKey) => boolean): number {
    let lacking = 0
    for (const [author, count] of rewrites) {
      if (isOf(author)) lacking += Math.max(0, count - this.#rewrites.of(author).left(nowMs))
    }
    return lacking
  }
}

function rewriting(taken: readonly number[] = [], lastMs?: number): SlowRation {
  return new SlowRation(new Ration(REWRITES_PER_DAY, DAY_MS, taken), SLOW_REWRITE_GAP_MS, lastMs)
}

function freeing(taken: readonly number[] = []): Ration {
  return new Ration(FREED_PER_HOUR, HOUR_MS, taken)
}

function largeDueMs(sinceMs: number, { old, rewrites }: Cost): number {
  const count = [...rewrites.values()].reduce((sum, each) => sum + each, old)
  return sinceMs + Math.ceil((count * HOUR_MS) / OLD_BLOCKS_PER_HOUR)
}

/**
 * Posts of one chain that wait for a like (spec §7): announces how many are held here, and remembers what neighbours
 * announced. It fetches nothing: a hint makes `net/sync/held-rounds.ts` ask that neighbour, where posts are collected.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { WAITING_AGAIN_MS, WAITING_EVERY_MS, WAITING_NEIGHBOURS } from '../../../protocol/gossip-limits.ts'

/** A change is announced with what follows it at once: a newcomer may post twice. A new neighbour's stream has opened by then. */
const COALESCE_MS = 1_000

/** A number that was not said again for so long is not shown: its sender has left the chain. */
const FORGET_AFTER_MS = 2.5 * WAITING_AGAIN_MS

/** Held posts at a neighbour, as it says. */
export interface NeighbourWaiting {
  readonly id: string
  readonly posts: number
}

export interface WaitingPostsModules {
  /** Held posts made here. */
  readonly count: () => number
  /** Whether the peer is connected; gossip may have lost its subscription. */
  readonly isConnected: (peer: string) => boolean
  readonly announce: (waiting: number) => void
  /** A neighbour says that posts wait at it. */
  readonly onWaiting?: (peer: string) => void
}

/**
 * Invariants:
 * 1. At most one timer runs, due at `#dueMs`; none after `stop`. It is never due earlier than `WAITING_EVERY_MS` after
 *   the last announcement, and is only ever moved forward.
 * 2. `#announced` is the number announced last, 0 before the first: a chain without held posts announces nothing.
 * 3. `#neighbours` has positive numbers of at most `WAITING_NEIGHBOURS` peers, in order of their last word.
 */
export class WaitingPosts {
  readonly #modules: WaitingPostsModules
  readonly #neighbours = new Map<string, { readonly posts: number; readonly saidMs: number }>()
  #announced = 0
  #lastMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #dueMs = Number.POSITIVE_INFINITY
  #isStopped = false

  constructor(modules: WaitingPostsModules) {
    this.#modules = modules
  }

  /** What neighbours that are still there announced. */
  neighbours(): readonly NeighbourWaiting[] {
    const sinceMs = performance.now() - FORGET_AFTER_MS
    for (const [id, { saidMs }] of [...this.#neighbours]) {
      if (saidMs < sinceMs || !this.#modules.isConnected(id)) this.#neighbours.delete(id)
    }
    return [...this.#neighbours].map(([id, { posts }]) => ({ id, posts }))
  }

  /** The neighbour announced its number. */
  note(id: string, posts: number): void {
    this.#neighbours.delete(id)
    if (posts > 0) this.#neighbours.set(id, { posts, saidMs: performance.now() })
    evictOldest(this.#neighbours, WAITING_NEIGHBOURS)
    if (posts > 0) this.#modules.onWaiting?.(id)
  }

  /** The chain changed here. */
  onChange(): void {
    if (this.#modules.count() !== this.#announced) this.#schedule(COALESCE_MS)
  }

  /** A neighbour came. */
  onNeighbour(): void {
    if (this.#modules.count() > 0) this.#schedule(COALESCE_MS)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #schedule(ms: number): void {
    const now = performance.now()
    const dueMs = Math.max(now + ms, this.#lastMs + WAITING_EVERY_MS)
    if (this.#isStopped || dueMs >= this.#dueMs) return
    clearTimeout(this.#timer)
    this.#dueMs = dueMs
    this.#timer = setTimeout(() => {
      this.#announce()
    }, dueMs - now)
  }

  #announce(): void {
    this.#dueMs = Number.POSITIVE_INFINITY
    const count = this.#modules.count()
    if (count > 0 || this.#announced > 0) {
      this.#announced = count
      this.#lastMs = performance.now()
      this.#modules.announce(count)
    }
    if (count > 0) this.#schedule(WAITING_AGAIN_MS)
  }
}

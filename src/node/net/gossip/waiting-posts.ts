/**
 * Posts of one chain that wait for a like (spec §7): announces how many are held here, and remembers what neighbours
 * announced. It fetches nothing: whoever wants to welcome somebody asks that neighbour with `peer held`.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { WAITING_AGAIN_MS, WAITING_EVERY_MS, WAITING_NEIGHBOURS } from '../../../protocol/limits.ts'

/** A change is announced with what follows it at once: a newcomer may post twice. A new neighbour's stream has opened by then. */
const COALESCE_MS = 1_000

/** Held posts at a neighbour, as it says. */
export interface NeighbourWaiting {
  readonly id: string
  readonly posts: number
}

export interface WaitingPostsModules {
  /** Held posts made here. */
  readonly count: () => number
  /** Neighbours on the chain's topic. */
  readonly subscribers: () => readonly string[]
  readonly announce: (waiting: number) => void
}

/**
 * Invariants:
 * 1. At most one timer runs, due at `#dueMs`; none after `stop`. It is never due earlier than `WAITING_EVERY_MS` after
 *   the last announcement, and is only ever moved forward.
 * 2. `#announced` is the number announced last, 0 before the first: a chain without held posts announces nothing.
 * 3. `#neighbours` has positive numbers, of peers that were subscribers when they said so.
 */
export class WaitingPosts {
  readonly #modules: WaitingPostsModules
  readonly #neighbours = new Map<string, number>()
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
    const there = new Set(this.#modules.subscribers())
    for (const id of this.#neighbours.keys()) if (!there.has(id)) this.#neighbours.delete(id)
    return [...this.#neighbours].map(([id, posts]) => ({ id, posts }))
  }

  /** The neighbour announced its number. */
  note(id: string, posts: number): void {
    this.#neighbours.delete(id)
    if (posts > 0 && this.#modules.subscribers().includes(id)) this.#neighbours.set(id, posts)
    evictOldest(this.#neighbours, WAITING_NEIGHBOURS)
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

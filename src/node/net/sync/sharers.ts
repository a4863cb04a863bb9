/**
 * The sharers of one chain: peers that have shown that they have it (spec §7). They answered `opened`, or opened the chain
 * here; in a group both take a proof of the key. No topic is involved, so what gossip loses is not lost here. It also
 * remembers who answered that it does not have the chain. It decides nothing.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { ASK_AGAIN_MS, SHARERS_PER_CHAIN } from '../../../protocol/sync-limits.ts'

interface Sharer {
  /** A pull from it brought blocks. */
  readonly hasGiven: boolean
  /** When heads were last compared with it. */
  readonly comparedMs: number
}

export interface Shown {
  readonly hasGiven?: boolean
  readonly comparedMs?: number
}

/**
 * Times are of any clock that only grows.
 *
 * Invariants:
 * 1. A peer is in `#sharers` or in `#lackingMs`, never in both. Each has at most `SHARERS_PER_CHAIN` peers, in order of
 *   the last news of them.
 * 2. A peer that has given something is evicted only if all have: anybody can open a chain, under any number of ids.
 */
export class Sharers {
  readonly #sharers = new Map<string, Sharer>()
  readonly #lackingMs = new Map<string, number>()

  has(peer: string): boolean {
    return this.#sharers.has(peer)
  }

  /** Peers stay sharers while they are away. */
  list(): readonly string[] {
    return [...this.#sharers.keys()]
  }

  hasGiven(peer: string): boolean {
    return this.#sharers.get(peer)?.hasGiven === true
  }

  /** `-Infinity` before the first comparison. */
  comparedMs(peer: string): number {
    return this.#sharers.get(peer)?.comparedMs ?? -Infinity
  }

  /** The peer has shown that it has the chain. */
  note(peer: string, shown: Shown = {}): void {
    const hasGiven = shown.hasGiven === true || this.hasGiven(peer)
    const comparedMs = shown.comparedMs ?? this.comparedMs(peer)
    this.#lackingMs.delete(peer)
    this.#sharers.delete(peer)
    this.#sharers.set(peer, { hasGiven, comparedMs })
    if (this.#sharers.size <= SHARERS_PER_CHAIN) return
    const idle = [...this.#sharers].find(([, one]) => !one.hasGiven)
    if (idle !== undefined) this.#sharers.delete(idle[0])
    evictOldest(this.#sharers, SHARERS_PER_CHAIN)
  }

  /** The peer answered that it does not have the chain. */
  noteLacking(peer: string, nowMs: number): void {
    this.#sharers.delete(peer)
    this.#lackingMs.delete(peer)
    this.#lackingMs.set(peer, nowMs)
    evictOldest(this.#lackingMs, SHARERS_PER_CHAIN)
  }

  /** The peer subscribed to the chain's topic, so it may be asked at once. */
  noteSubscribed(peer: string): void {
    this.#lackingMs.delete(peer)
  }

  /** Whether the peer said so lately. */
  isLacking(peer: string, nowMs: number): boolean {
    const sinceMs = this.#lackingMs.get(peer)
    return sinceMs !== undefined && nowMs - sinceMs < ASK_AGAIN_MS
  }
}

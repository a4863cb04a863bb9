/**
 * Scores of peers (spec §8: "a breach closes the stream and lowers the peer's score"): points that decay, and bans that
 * expire. It closes no connections. Time is an argument.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { BAN_AT_POINTS, BAN_MS, POINTS_HALF_LIFE_MS, SCORED_PEERS } from '../../../protocol/peer-limits.ts'

interface Entry {
  readonly points: number
  readonly atMs: number
  readonly bannedUntilMs: number
}

/**
 * Invariants: at most `SCORED_PEERS` entries, in order of their last change; a new one evicts the oldest. Points decay
 * from `atMs` and are recomputed on each read.
 */
export class PeerScore {
  readonly #entries = new Map<string, Entry>()

  /** Adds a point. Returns true if that bans the peer. */
  penalise(peer: string, nowMs: number): boolean {
    const points = this.points(peer, nowMs) + 1
    // Earlier points have decayed a little when the last one is added.
    const isBanned = points > BAN_AT_POINTS - 0.5
    const bannedUntilMs = isBanned ? nowMs + BAN_MS : (this.#entries.get(peer)?.bannedUntilMs ?? 0)
    this.#put(peer, { points, atMs: nowMs, bannedUntilMs })
    return isBanned
  }

  ban(peer: string, nowMs: number): void {
    this.#put(peer, { points: BAN_AT_POINTS, atMs: nowMs, bannedUntilMs: nowMs + BAN_MS })
  }

  isBanned(peer: string, nowMs: number): boolean {
    return (this.#entries.get(peer)?.bannedUntilMs ?? 0) > nowMs
  }

  /** Points left after decay; 0 for an unknown peer. */
  points(peer: string, nowMs: number): number {
    const entry = this.#entries.get(peer)
    if (entry === undefined) return 0
    return entry.points * 2 ** (-Math.max(0, nowMs - entry.atMs) / POINTS_HALF_LIFE_MS)
  }

  #put(peer: string, entry: Entry): void {
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
    evictOldest(this.#entries, SCORED_PEERS)
  }
}

/**
 * Rate limit on the most expensive work that a stranger can cause, pure: signatures that the native verifier refuses (spec §3,
 * decisions 0004 and 0012), where a native "no" is only final once ZIP-215 confirms it, which costs ten times as much; and
 * blocks that are not accepted and take much longer to judge than others (spec §5, decision 0023), counted in such checks.
 * Each peer has a share, and there is one for all together, since peer ids cost nothing. Without a share a block is
 * postponed, not refused.
 */
import { Bucket, Buckets } from './token-bucket.ts'
import { RATE_LIMITED_PEERS } from './gossip-limits.ts'
import { RECHECKS, RECHECKS_PER_PEER } from './intake-limits.ts'

export class RecheckBudget {
  readonly #all: Bucket
  readonly #perPeer = new Buckets(RECHECKS_PER_PEER, RATE_LIMITED_PEERS)

  constructor(nowMs: number) {
    this.#all = new Bucket(RECHECKS, nowMs)
  }

  /** Whether one more signature of a block from this peer may be rechecked. If so it counts, in both shares. */
  take(peer: string, nowMs: number): boolean {
    const own = this.#perPeer.of(peer, nowMs)
    return own.has(nowMs) && this.#all.take(nowMs) && own.take(nowMs)
  }

  /**
   * Counts work that was done, in rechecks, in both shares, more than is left if need be. Whether something is left in both; if
   * nothing was done in the peer's own, which others cannot use up.
   */
  spend(peer: string, spent: number, nowMs: number): boolean {
    const own = this.#perPeer.of(peer, nowMs)
    if (spent === 0) return own.has(nowMs)
    own.spend(spent, nowMs)
    this.#all.spend(spent, nowMs)
    return own.has(nowMs) && this.#all.has(nowMs)
  }
}

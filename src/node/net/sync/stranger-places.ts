/**
 * The places for pulls from strangers, shared by all chains of a node (spec §8, step 3). Each chain has one; here is how
 * many there are in all, how many of them one address may have, and which addresses have stalled.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { STALLED_ADDRESSES, STRANGER_PULLS, STRANGER_PULLS_PER_ADDRESS } from '../../../protocol/sync-limits.ts'

/**
 * Chains that are offered a place that has become free, at most: with thousands of them that all wait for a full address,
 * each place would cost a look at every one. The others come next.
 */
const OFFERED_TO = 64

/**
 * Invariants:
 * 1. `#taken` is the number of places given and not returned; `#perShare` counts them by share, and no entry is 0.
 * 2. `#waiting` has the chains in the order in which they are offered a place; one leaves it when it is offered one.
 */
export class StrangerPlaces {
  #taken = 0
  readonly #perShare = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  /** Shares whose last pull with a place made no progress, in that order. */
  readonly #stalled = new Set<string>()

  hasRoom(shares: readonly string[]): boolean {
    if (this.#taken >= STRANGER_PULLS) return false
    return shares.every((share) => (this.#perShare.get(share) ?? 0) < STRANGER_PULLS_PER_ADDRESS)
  }

  take(shares: readonly string[]): void {
    this.#count(shares, 1)
  }

  /** Returns a place, and offers it to the chains that wait. */
  release(shares: readonly string[]): void {
    this.#count(shares, -1)
    for (const admit of [...this.#waiting].slice(0, OFFERED_TO)) {
      if (this.#taken >= STRANGER_PULLS) return
      this.#waiting.delete(admit)
      admit()
    }
  }

  /** Calls `admit` once when a place has become free. */
  wait(admit: () => void): void {
    this.#waiting.add(admit)
  }

  stopWaiting(admit: () => void): void {
    this.#waiting.delete(admit)
  }

  /** Whether the last pull from this address stalled: its next one has to be quicker to keep a place. */
  hasStalled(shares: readonly string[]): boolean {
    return shares.some((share) => this.#stalled.has(share))
  }

  noteStalled(shares: readonly string[]): void {
    for (const share of shares) {
      this.#stalled.delete(share)
      this.#stalled.add(share)
    }
    evictOldest(this.#stalled, STALLED_ADDRESSES)
  }

  noteGave(shares: readonly string[]): void {
    for (const share of shares) this.#stalled.delete(share)
  }

  #count(shares: readonly string[], by: 1 | -1): void {
    this.#taken += by
    for (const share of shares) {
      const count = (this.#perShare.get(share) ?? 0) + by
      if (count === 0) this.#perShare.delete(share)
      else this.#perShare.set(share, count)
    }
  }
}

/**
 * Which topics of neighbours that are not joined here may be remembered (spec §7): some are joined later. Each neighbour
 * has a share of its own, and there is one for all beyond that, since topics and peer ids are free.
 */
import { OTHER_TOPICS, OTHER_TOPICS_PER_PEER } from '../../../protocol/gossip-limits.ts'

/** Invariants: no count is 0; `#shared` is the sum of what counts have beyond `OTHER_TOPICS_PER_PEER`. */
export class OtherTopics {
  readonly #counts = new Map<string, number>()
  #shared = 0

  /** Counts one more topic of this neighbour, if there is room. */
  add(peer: string): boolean {
    if (this.count(peer) >= OTHER_TOPICS_PER_PEER && this.#shared >= OTHER_TOPICS) return false
    this.keep(peer)
    return true
  }

  /** Counts one that is remembered already: it was joined until now. */
  keep(peer: string): void {
    this.#put(peer, this.count(peer) + 1)
  }

  /** One that is counted goes, or is joined now. */
  remove(peer: string): void {
    this.#put(peer, Math.max(0, this.count(peer) - 1))
  }

  /** The neighbour is gone. */
  forget(peer: string): void {
    this.#put(peer, 0)
  }

  count(peer: string): number {
    return this.#counts.get(peer) ?? 0
  }

  #put(peer: string, count: number): void {
    this.#shared += beyondShare(count) - beyondShare(this.count(peer))
    if (count === 0) this.#counts.delete(peer)
    else this.#counts.set(peer, count)
  }
}

function beyondShare(count: number): number {
  return Math.max(0, count - OTHER_TOPICS_PER_PEER)
}

/**
 * Rate limit on the announcements of one chain from one neighbour (spec §7), pure. It runs before any byte of the
 * message is read, so a flood costs next to nothing. It counts per neighbour, because gossip relays the same news
 * through many.
 */
import { Buckets } from './token-bucket.ts'
import { ANNOUNCEMENT_FLOOD, ANNOUNCEMENTS, RATE_LIMITED_PEERS } from './gossip-limits.ts'

/** `skip`: do not read it; the neighbour did nothing wrong. `flood`: do not read it; no honest peer sends so many. */
export type RateVerdict = 'read' | 'skip' | 'flood'

export class AnnounceRateLimit {
  readonly #read = new Buckets(ANNOUNCEMENTS, RATE_LIMITED_PEERS)
  readonly #all = new Buckets(ANNOUNCEMENT_FLOOD, RATE_LIMITED_PEERS)

  /** Decides about one more announcement of this neighbour. A flood is reported once; then counting starts anew. */
  take(peer: string, nowMs: number): RateVerdict {
    if (!this.#all.of(peer, nowMs).take(nowMs)) {
      this.#all.forget(peer)
      return 'flood'
    }
    return this.#read.of(peer, nowMs).take(nowMs) ? 'read' : 'skip'
  }
}

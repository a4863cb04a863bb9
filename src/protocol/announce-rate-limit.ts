/**
 * How many announcements of a chain one neighbour may send (spec §7), pure. Told before any of their bytes are looked at,
 * so that announcing for ever costs next to nothing here. It counts by neighbour: gossip brings the same news from many.
 */
import { Buckets } from './token-bucket.ts'
import { ANNOUNCEMENT_FLOOD, ANNOUNCEMENTS, PACED_PEERS } from './limits.ts'

/** `skip`: not to be read, and nobody's fault; `flood`: not to be read, and no honest peer sends so many. */
export type Paced = 'read' | 'skip' | 'flood'

export class AnnounceRateLimit {
  readonly #read = new Buckets(ANNOUNCEMENTS, PACED_PEERS)
  readonly #all = new Buckets(ANNOUNCEMENT_FLOOD, PACED_PEERS)

  /** What to do with one more announcement of this neighbour. A flood is told once, and is counted anew from then on. */
  take(peer: string, nowMs: number): Paced {
    if (!this.#all.of(peer, nowMs).take(nowMs)) {
      this.#all.forget(peer)
      return 'flood'
    }
    return this.#read.of(peer, nowMs).take(nowMs) ? 'read' : 'skip'
  }
}

/**
 * How many blocks one request asks for (spec §8, step 3), pure: the maximum, and fewer where replies take long. A slow
 * line works either way, but a reply that is cut off is lost whole, and a pull that needs one block of it waits for all
 * of it.
 */
import { REPLY_GOAL_MS } from './stream-limits.ts'
import { GET_IDS } from './sync-limits.ts'

export class BatchSize {
  #ids = GET_IDS

  /** For the next request. */
  get ids(): number {
    return this.#ids
  }

  /** A reply that settles `ids` ids came `ms` after its request. */
  took(ids: number, ms: number): void {
    const inTime = ms > REPLY_GOAL_MS ? Math.floor((ids * REPLY_GOAL_MS) / ms) : 2 * this.#ids
    this.#ids = Math.max(1, Math.min(GET_IDS, inTime))
  }
}

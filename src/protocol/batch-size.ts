/**
 * How many blocks one request asks for (spec §8, step 3), pure: as many as a request may, and fewer where a reply takes
 * long. A bad line gets through either way; but what is cut in the middle is lost, and whoever waits for a block of it
 * waits for all of it.
 */
import { GET_IDS, REPLY_GOAL_MS } from './limits.ts'

export class BatchSize {
  #ids = GET_IDS

  /** For the next request. */
  get ids(): number {
    return this.#ids
  }

  /** A reply came that settled so many ids, so long after it was asked for. */
  took(ids: number, ms: number): void {
    const inTime = ms > REPLY_GOAL_MS ? Math.floor((ids * REPLY_GOAL_MS) / ms) : 2 * this.#ids
    this.#ids = Math.max(1, Math.min(GET_IDS, inTime))
  }
}

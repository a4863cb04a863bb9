/**
 * How long a side that is slow is waited for (spec §8), pure: as long as bytes move, and not for ever. A line that is bad
 * is nobody's fault; who only drips, to keep what it holds, is given up when the time is over.
 */
import { PROGRESS_BYTES, SLOWEST_MS } from './limits.ts'

export class ProgressTimeout {
  readonly #windowMs: number
  #leftMs: number
  #bytes: number

  /**
   * @param windowMs - how long to wait before {@link goOn} is asked for the first time
   * @param bytes - moved so far, by a count that only grows
   */
  constructor(windowMs: number, bytes: number) {
    this.#windowMs = windowMs
    this.#leftMs = SLOWEST_MS - windowMs
    this.#bytes = bytes
  }

  /** The time is over: how many milliseconds to wait on, 0 if it is enough. */
  goOn(bytes: number): number {
    const isMoving = bytes - this.#bytes >= PROGRESS_BYTES
    const nextMs = isMoving ? Math.max(0, Math.min(this.#windowMs, this.#leftMs)) : 0
    this.#bytes = bytes
    this.#leftMs -= nextMs
    return nextMs
  }
}

/**
 * Timeout for a slow side (spec §8), pure: extended while bytes move, but not for ever. A slow line is no fault; a peer
 * that only drips bytes to hold our resources is given up at the end.
 */
import { PROGRESS_BYTES, SLOWEST_MS } from './stream-limits.ts'

export class ProgressTimeout {
  readonly #windowMs: number
  #leftMs: number
  #bytes: number

  /**
   * @param windowMs - how long to wait before {@link extend} is called for the first time
   * @param bytes - moved so far, by a count that only grows
   */
  constructor(windowMs: number, bytes: number) {
    this.#windowMs = windowMs
    this.#leftMs = SLOWEST_MS - windowMs
    this.#bytes = bytes
  }

  /** The window has passed: how many milliseconds to wait on; 0 ends the wait. */
  extend(bytes: number): number {
    const isMoving = bytes - this.#bytes >= PROGRESS_BYTES
    const nextMs = isMoving ? Math.max(0, Math.min(this.#windowMs, this.#leftMs)) : 0
    this.#bytes = bytes
    this.#leftMs -= nextMs
    return nextMs
  }
}

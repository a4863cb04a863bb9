/**
 * Takes turns, and does not let anybody stand in the way: whoever holds the lane and makes no progress for a while loses
 * it to the next one, and goes on beside it until its own deadline.
 */
import { Gate } from './waiting.ts'

/** Without progress for this long a peer is taken to be slow or silent, and others need not wait for it. */
const STALL_MS = 3_000
/** The same for one that failed before: it has to show that it is back. */
const SHORT_STALL_MS = 300

/** A place in the lane. */
export interface Turn {
  /** Something useful came: keep the place. */
  progress(): void
  /** Ends the turn; again and again does no harm. */
  end(): void
}

export class Lane {
  readonly #gate = new Gate(1)
  #waiting = 0

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * `undefined` when the signal aborted before it was this one's turn.
   * @param failedBefore the peer did not answer, or broke off, the last time
   */
  async enter(signal: AbortSignal, failedBefore: boolean): Promise<Turn | undefined> {
    this.#waiting += 1
    const isInside = await this.#gate.enter(signal)
    this.#waiting -= 1
    return isInside ? this.#turn(failedBefore ? SHORT_STALL_MS : STALL_MS) : undefined
  }

  #turn(stallMs: number): Turn {
    let isHeld = true
    const end = (): void => {
      clearTimeout(timer)
      if (isHeld) this.#gate.leave()
      isHeld = false
    }
    const timer = setTimeout(end, stallMs)
    return {
      progress: () => {
        if (isHeld) timer.refresh()
      },
      end,
    }
  }
}

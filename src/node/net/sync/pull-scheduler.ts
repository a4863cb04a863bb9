/**
 * Who pulls a chain now. One peer at a time, as long as there is little to fetch: then the next one mostly finds that it
 * has nothing new to give. While a pull has much before it, others may go on beside it. Whoever makes no progress for a
 * while loses its place to the next one, and goes on beside it until its own deadline: nobody stands in the way.
 */
import { EXTRA_PULLS, PULLS_PER_CHAIN, TURN_STALL_AGAIN_MS, TURN_STALL_MS } from '../../../protocol/limits.ts'
import { orAborted } from '../../base/deadline.ts'

/** Places beside the first of each chain, for all chains of a node. */
export class ExtraSlots {
  #free = EXTRA_PULLS

  tryTake(): boolean {
    if (this.#free === 0) return false
    this.#free -= 1
    return true
  }

  release(): void {
    this.#free += 1
  }
}

/** A place in the lane. */
export interface PullSlot {
  /** Something useful came: keep the place. `isLarge`: so much is still to be fetched that others may help. */
  progress(isLarge: boolean): void
  /** Ends the turn; again and again does no harm. */
  release(): void
}

interface TakenSlot {
  readonly isExtra: boolean
  isLarge: boolean
}

interface Waiter {
  readonly stallMs: number
  readonly admit: (slot: PullSlot) => void
}

export class PullScheduler {
  readonly #extraSlots: ExtraSlots
  readonly #taken = new Set<TakenSlot>()
  readonly #waiters: Waiter[] = []

  constructor(extraSlots: ExtraSlots) {
    this.#extraSlots = extraSlots
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiters.length
  }

  /**
   * `undefined` when the signal aborted before it was this one's turn.
   * @param failedBefore the peer did not answer, or broke off, the last time
   */
  async acquire(signal: AbortSignal, failedBefore: boolean): Promise<PullSlot | undefined> {
    const admitted = Promise.withResolvers<PullSlot>()
    const waiter = { stallMs: failedBefore ? TURN_STALL_AGAIN_MS : TURN_STALL_MS, admit: admitted.resolve }
    this.#waiters.push(waiter)
    this.#admit()
    const slot = await orAborted(admitted.promise, signal)
    if (slot !== undefined) return slot
    const position = this.#waiters.indexOf(waiter)
    if (position >= 0) this.#waiters.splice(position, 1)
    // It was admitted in the same moment.
    else (await admitted.promise).release()
    return undefined
  }

  #admit(): void {
    while (this.#waiters.length > 0) {
      const isExtra = this.#taken.size > 0
      if (isExtra && !this.#mayPullBeside()) return
      const waiter = this.#waiters.shift()
      waiter?.admit(this.#grant(waiter.stallMs, isExtra))
    }
  }

  #mayPullBeside(): boolean {
    const hasLarge = [...this.#taken].some(({ isLarge }) => isLarge)
    return hasLarge && this.#taken.size < PULLS_PER_CHAIN && this.#extraSlots.tryTake()
  }

  #grant(stallMs: number, isExtra: boolean): PullSlot {
    const taken: TakenSlot = { isExtra, isLarge: false }
    this.#taken.add(taken)
    const end = (): void => {
      clearTimeout(timer)
      if (!this.#taken.delete(taken)) return
      if (isExtra) this.#extraSlots.release()
      this.#admit()
    }
    const timer = setTimeout(end, stallMs)
    return {
      progress: (isLarge) => {
        if (!this.#taken.has(taken)) return
        timer.refresh()
        taken.isLarge = isLarge
        if (isLarge) this.#admit()
      },
      release: end,
    }
  }
}

/**
 * Decides who pulls a chain now. While there is little to fetch, one peer at a time: the next one usually finds nothing
 * new. While a pull has much to fetch, others run beside it. A pull without progress loses its slot to the next peer
 * and continues without one until its own deadline, so it blocks nobody.
 */
import { EXTRA_PULLS, PULLS_PER_CHAIN, TURN_STALL_AGAIN_MS, TURN_STALL_MS } from '../../../protocol/limits.ts'
import { orAborted } from '../../base/deadline.ts'

/** Slots beyond the first of each chain, shared by all chains of a node. */
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

/** The right to pull now. */
export interface PullSlot {
  /** Something was stored: restarts the stall timer. `isLarge`: enough is left for further pulls to help. */
  progress(isLarge: boolean): void
  /** Frees the slot; idempotent. */
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

/**
 * Invariants:
 * 1. `#taken` has at most `PULLS_PER_CHAIN` slots. At most one of them is not extra: it was granted while no other was
 *   taken.
 * 2. Each extra slot in `#taken` holds one of `#extraSlots` and returns it on leaving, by `release` or by its stall
 *   timer.
 * 3. `#waiters` is in order of arrival; someone waits only while no further slot may be granted.
 */
export class PullScheduler {
  readonly #extraSlots: ExtraSlots
  readonly #taken = new Set<TakenSlot>()
  readonly #waiters: Waiter[] = []

  constructor(extraSlots: ExtraSlots) {
    this.#extraSlots = extraSlots
  }

  /** Peers waiting for a slot. */
  get waiting(): number {
    return this.#waiters.length
  }

  /**
   * Waits for a slot; `undefined` if the signal aborted first.
   * @param failedBefore - the last pull from this peer failed, so the slot has a shorter stall timeout
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
    // Raced: admitted just as the signal aborted.
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

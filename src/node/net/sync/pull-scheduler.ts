/**
 * Who pulls a chain now. One peer at a time, as long as there is little to fetch: then the next one mostly finds that it
 * has nothing new to give. While a pull has much before it, others may go on beside it. Whoever makes no progress for a
 * while loses its place to the next one, and goes on beside it until its own deadline: nobody stands in the way.
 */
import { EXTRA_PULLS, PULLS_PER_CHAIN, TURN_STALL_AGAIN_MS, TURN_STALL_MS } from '../../../protocol/limits.ts'
import { orAborted } from '../../base/deadline.ts'

/** Places beside the first of each chain, for all chains of a node. */
export class ExtraPlaces {
  #free = EXTRA_PULLS

  tryTake(): boolean {
    if (this.#free === 0) return false
    this.#free -= 1
    return true
  }

  give(): void {
    this.#free += 1
  }
}

/** A place in the lane. */
export interface Turn {
  /** Something useful came: keep the place. `isLarge`: so much is still to be fetched that others may help. */
  progress(isLarge: boolean): void
  /** Ends the turn; again and again does no harm. */
  end(): void
}

interface Place {
  readonly isExtra: boolean
  isLarge: boolean
}

interface Waiter {
  readonly stallMs: number
  readonly admit: (turn: Turn) => void
}

export class PullScheduler {
  readonly #extra: ExtraPlaces
  readonly #taken = new Set<Place>()
  readonly #waiters: Waiter[] = []

  constructor(extra: ExtraPlaces) {
    this.#extra = extra
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiters.length
  }

  /**
   * `undefined` when the signal aborted before it was this one's turn.
   * @param failedBefore the peer did not answer, or broke off, the last time
   */
  async enter(signal: AbortSignal, failedBefore: boolean): Promise<Turn | undefined> {
    const admitted = Promise.withResolvers<Turn>()
    const waiter = { stallMs: failedBefore ? TURN_STALL_AGAIN_MS : TURN_STALL_MS, admit: admitted.resolve }
    this.#waiters.push(waiter)
    this.#admit()
    const turn = await orAborted(admitted.promise, signal)
    if (turn !== undefined) return turn
    const position = this.#waiters.indexOf(waiter)
    if (position >= 0) this.#waiters.splice(position, 1)
    // It was admitted in the same moment.
    else (await admitted.promise).end()
    return undefined
  }

  #admit(): void {
    while (this.#waiters.length > 0) {
      const isExtra = this.#taken.size > 0
      if (isExtra && !this.#mayHelp()) return
      const waiter = this.#waiters.shift()
      waiter?.admit(this.#turn(waiter.stallMs, isExtra))
    }
  }

  #mayHelp(): boolean {
    const isMuch = [...this.#taken].some(({ isLarge }) => isLarge)
    return isMuch && this.#taken.size < PULLS_PER_CHAIN && this.#extra.tryTake()
  }

  #turn(stallMs: number, isExtra: boolean): Turn {
    const place: Place = { isExtra, isLarge: false }
    this.#taken.add(place)
    const end = (): void => {
      clearTimeout(timer)
      if (!this.#taken.delete(place)) return
      if (isExtra) this.#extra.give()
      this.#admit()
    }
    const timer = setTimeout(end, stallMs)
    return {
      progress: (isLarge) => {
        if (!this.#taken.has(place)) return
        timer.refresh()
        place.isLarge = isLarge
        if (isLarge) this.#admit()
      },
      end,
    }
  }
}

/**
 * Decides who pulls a chain now (spec §8, step 3). A peer waits for those of its own rank and of higher ones, never for
 * those below. While there is little to fetch, one known peer pulls at a time: the next one usually finds nothing new.
 * While a pull has much to fetch, others run beside it. Strangers share one place. A pull without progress loses its place
 * to the next peer and goes on without one until its own deadline: it blocks nobody, and nobody blocks it.
 */
import {
  EXTRA_PULLS,
  PULLS_PER_CHAIN,
  STRANGER_PULLS_PER_CHAIN,
  TURN_STALL_AGAIN_MS,
  TURN_STALL_MS,
  YIELD_AFTER_MS,
} from '../../../protocol/sync-limits.ts'
import { orAborted } from '../../base/deadline.ts'
import { pickByGroup, type Rank } from './pull-rank.ts'
import type { StrangerPlaces } from './stranger-places.ts'

/** Places beyond the first of each chain, shared by all chains of a node. */
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

/** Who wants to pull. */
export interface Applicant {
  readonly peer: string
  /** Looked at again whenever a place is free: a stranger may have become a static peer meanwhile. */
  readonly rank: () => Rank
  /** See `Standing`. */
  readonly shares: readonly string[]
  /** The last pull from this peer failed, so that this one has to be quicker to keep its place. */
  readonly failedBefore: boolean
}

/** The right to pull now. */
export interface PullSlot {
  /** Blocks or frames were stored: restarts the stall timer. `isLarge`: enough is left for further pulls to help. */
  progress(isLarge: boolean): void
  /** Blocks of this peer were accepted: it is no stranger any more, and need not keep the place of one. */
  gave(): void
  /** Whether it should let others of its rank have their turn. A pull that has lost its place need not. */
  shouldYield(): boolean
  /** Frees the slot; idempotent. */
  release(): void
}

interface Taken {
  readonly applicant: Applicant
  readonly sinceMs: number
  readonly stallTimer: NodeJS.Timeout
  rank: Rank
  isExtra: boolean
  isLarge: boolean
}

interface Waiter {
  readonly applicant: Applicant
  readonly group: string
  readonly admit: (slot: PullSlot | undefined) => void
}

const KNOWN_PULLS = PULLS_PER_CHAIN - STRANGER_PULLS_PER_CHAIN

export interface SchedulerModules {
  readonly extraSlots: ExtraSlots
  readonly strangerPlaces: StrangerPlaces
  /** In 0 … 1; the default is `Math.random`. */
  readonly random?: () => number
}

/**
 * Invariants:
 * 1. In `#taken` are at most `KNOWN_PULLS` static and proven peers, at most `STRANGER_PULLS_PER_CHAIN` strangers, and any
 *   number of peers that commands named.
 * 2. Each extra slot in `#taken` holds one of the extra slots, each stranger one of the stranger places; they are
 *   returned on leaving, by `release` or by the stall timer.
 * 3. Someone waits only while no further slot may be granted to their rank.
 */
export class PullScheduler {
  readonly #extraSlots: ExtraSlots
  readonly #strangerPlaces: StrangerPlaces
  readonly #random: () => number
  readonly #taken = new Set<Taken>()
  /** In order of arrival. */
  readonly #waiters = new Set<Waiter>()
  readonly #admitAgain = (): void => {
    this.#admit()
  }

  constructor({ extraSlots, strangerPlaces, random = Math.random }: SchedulerModules) {
    this.#extraSlots = extraSlots
    this.#strangerPlaces = strangerPlaces
    this.#random = random
  }

  /** Peers waiting for a slot. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** Waits for a slot; `undefined` if the signal aborted first, or the peer was forgotten. */
  async acquire(applicant: Applicant, signal: AbortSignal): Promise<PullSlot | undefined> {
    const admitted = Promise.withResolvers<PullSlot | undefined>()
    const group = applicant.shares[0] ?? applicant.peer
    const waiter: Waiter = { applicant, group, admit: admitted.resolve }
    this.#waiters.add(waiter)
    this.#admit()
    const slot = await orAborted(admitted.promise, signal)
    if (slot !== undefined) return slot
    // Raced: admitted just as the signal aborted.
    if (!this.#waiters.delete(waiter)) (await admitted.promise)?.release()
    this.#stopIfIdle()
    return undefined
  }

  /** The peer has disconnected: it waits no longer, or ids that come and go would fill the queue. */
  forget(peer: string): void {
    for (const waiter of this.#waiters) {
      if (waiter.applicant.peer !== peer || waiter.applicant.rank() === 'asked') continue
      this.#waiters.delete(waiter)
      waiter.admit(undefined)
    }
    this.#stopIfIdle()
  }

  #admit(): void {
    for (const rank of ['asked', 'static', 'proven', 'stranger'] as const) {
      for (let next = this.#next(rank); next !== undefined; next = this.#next(rank)) {
        const isExtra = this.#needsExtra(rank)
        if (isExtra && !this.#mayPullBeside()) break
        this.#waiters.delete(next)
        next.admit(this.#grant(next.applicant, rank, isExtra))
      }
    }
    // Another chain may have the place, or another peer of the same address.
    if (this.#waitingAs('stranger').length > 0 && this.#held('stranger') < STRANGER_PULLS_PER_CHAIN)
      this.#strangerPlaces.wait(this.#admitAgain)
  }

  /** Who is next of those of this rank that may have a place, as far as that depends on them. */
  #next(rank: Rank): Waiter | undefined {
    const waiting = this.#waitingAs(rank)
    if (rank === 'asked' || rank === 'static') return waiting[0]
    if (rank === 'stranger') {
      if (this.#held('stranger') >= STRANGER_PULLS_PER_CHAIN) return undefined
      const admissible = waiting.filter(({ applicant }) => this.#strangerPlaces.hasRoom(applicant.shares))
      return pickByGroup(admissible, this.#random)
    }
    const sound = waiting.filter(({ applicant }) => !applicant.failedBefore)
    return pickByGroup(sound.length > 0 ? sound : waiting, this.#random)
  }

  #waitingAs(rank: Rank): Waiter[] {
    return [...this.#waiters].filter(({ applicant }) => applicant.rank() === rank)
  }

  #held(...ranks: readonly Rank[]): number {
    return [...this.#taken].filter(({ rank }) => ranks.includes(rank)).length
  }

  /** Whether somebody of this rank or, for a proven peer, a higher one pulls already. */
  #needsExtra(rank: Rank): boolean {
    if (rank === 'static') return this.#held('static') > 0
    return rank === 'proven' && this.#held('static', 'proven') > 0
  }

  #mayPullBeside(): boolean {
    const hasLarge = [...this.#taken].some(({ isLarge }) => isLarge)
    return hasLarge && this.#held('static', 'proven') < KNOWN_PULLS && this.#extraSlots.tryTake()
  }

  #grant(applicant: Applicant, rank: Rank, isExtra: boolean): PullSlot {
    const { shares, failedBefore } = applicant
    const isHasty = failedBefore || (rank === 'stranger' && this.#strangerPlaces.hasStalled(shares))
    const stallTimer = setTimeout(
      () => {
        if (taken.rank === 'stranger') this.#strangerPlaces.noteStalled(shares)
        this.#end(taken)
      },
      isHasty ? TURN_STALL_AGAIN_MS : TURN_STALL_MS,
    )
    const taken: Taken = { applicant, sinceMs: performance.now(), stallTimer, rank, isExtra, isLarge: false }
    this.#taken.add(taken)
    if (rank === 'stranger') this.#strangerPlaces.take(shares)
    if (rank === 'static') this.#makeRoom()
    return {
      progress: (isLarge) => {
        if (!this.#taken.has(taken)) return
        stallTimer.refresh()
        taken.isLarge = isLarge
        if (isLarge) this.#admit()
      },
      gave: () => {
        this.#strangerPlaces.noteGave(shares)
        this.#promote(taken)
      },
      shouldYield: () => {
        const isLate = this.#taken.has(taken) && performance.now() - taken.sinceMs > YIELD_AFTER_MS
        return isLate && taken.rank !== 'asked' && this.#waitingAs(taken.rank).length > 0
      },
      release: () => {
        this.#end(taken)
      },
    }
  }

  /** A stranger that gives takes a place of the known peers, if there is one, so that the next stranger gets its turn. */
  #promote(taken: Taken): void {
    if (taken.rank !== 'stranger' || !this.#taken.has(taken)) return
    const isExtra = this.#needsExtra('proven')
    if (isExtra && !this.#mayPullBeside()) return
    taken.rank = 'proven'
    taken.isExtra = isExtra
    this.#strangerPlaces.release(taken.applicant.shares)
    this.#admit()
  }

  /** The first static peer waits for no proven one: the last of those that are too many goes on without a place. */
  #makeRoom(): void {
    if (this.#held('static', 'proven') <= KNOWN_PULLS) return
    const last = [...this.#taken].findLast(({ rank }) => rank === 'proven')
    if (last !== undefined) this.#end(last)
  }

  #end(taken: Taken): void {
    clearTimeout(taken.stallTimer)
    if (!this.#taken.delete(taken)) return
    if (taken.isExtra) this.#extraSlots.release()
    if (taken.rank === 'stranger') this.#strangerPlaces.release(taken.applicant.shares)
    this.#admit()
  }

  #stopIfIdle(): void {
    if (this.#waiters.size === 0) this.#strangerPlaces.stopWaiting(this.#admitAgain)
  }
}

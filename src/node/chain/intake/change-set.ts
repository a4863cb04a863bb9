/** What changed since the last commit of a chain: gathered step by step, stored and told all at once. */
import type { Effects, ChainState } from '../../../reputation/chain-state.ts'
import { acceptedEvent, eventOf, type ChainEvent } from './chain-events.ts'
import type { Entry } from './entry.ts'

/** A block that was dropped and came again; its row is in the store. */
export interface Recalled {
  readonly index: number
  readonly entry: Entry
}

export class ChangeSet {
  readonly #reputation: ChainState
  /** Known blocks whose state may have changed. */
  readonly touched = new Set<number>()
  /** Blocks whose payload goes, and posts that are wanted again. */
  readonly unwanted = new Set<number>()
  readonly wanted = new Set<number>()
  readonly recalled: Recalled[] = []
  /** Blocks kept back (spec §5, *Throttle*). */
  delayed = 0
  readonly events: ChainEvent[] = []

  constructor(reputation: ChainState) {
    this.#reputation = reputation
  }

  get isEmpty(): boolean {
    return this.touched.size + this.unwanted.size + this.wanted.size + this.recalled.length + this.events.length === 0
  }

  note({ accepted, withdrawn, turned, hidden, shown }: Effects): void {
    for (const index of accepted) {
      this.touched.add(index)
      this.events.push(acceptedEvent(this.#reputation, index))
    }
    for (const index of withdrawn) this.touched.add(index)
    for (const index of turned) this.touched.add(index)
    for (const index of hidden) this.#turn(index, this.unwanted, this.wanted)
    for (const index of shown) this.#turn(index, this.wanted, this.unwanted)
    for (const index of hidden) this.tell(index, 'hidden')
  }

  tell(index: number, kind: ChainEvent['kind']): void {
    this.events.push(eventOf(this.#reputation, index, kind))
  }

  #turn(index: number, to: Set<number>, from: Set<number>): void {
    from.delete(index)
    to.add(index)
  }
}

/** The changes to a chain since its last commit: collected one by one, stored and told at once. */
import type { Effects, ChainState } from '../../../reputation/chain-state.ts'
import { acceptedEvent, eventOf, type ChainEvent } from './chain-events.ts'
import type { CheckedBlock } from './validate-block.ts'

/** A dropped block that came again; its row is in the store. */
export interface Recalled {
  readonly index: number
  readonly checked: CheckedBlock
}

/** Begins empty after each commit. Events are in the order of the changes, pasts first. */
export class ChangeSet {
  readonly #state: ChainState
  /** Known blocks whose state may have changed. */
  readonly touched = new Set<number>()
  /** Blocks whose payload is to be deleted: dropped, or hidden for as long as it was kept. */
  readonly unwanted = new Set<number>()
  /** Posts that are hidden now: their payload is kept aside. */
  readonly hidden = new Set<number>()
  /** Posts that are no longer hidden: their payload is wanted again. */
  readonly wanted = new Set<number>()
  readonly recalled: Recalled[] = []
  /** How many blocks were delayed (spec §5, *Throttle*). */
  delayed = 0
  readonly events: ChainEvent[] = []

  constructor(state: ChainState) {
    this.#state = state
  }

  note({ accepted, withdrawn, turned, hidden, shown }: Effects): void {
    for (const index of accepted) {
      this.touched.add(index)
      this.events.push(acceptedEvent(this.#state, index))
    }
    for (const index of withdrawn) this.touched.add(index)
    for (const index of turned) this.touched.add(index)
    for (const index of hidden) this.#move(index, this.hidden, this.wanted)
    for (const index of shown) this.#move(index, this.wanted, this.hidden)
    for (const index of hidden) this.tell(index, 'hidden')
  }

  /** The payload of a block is to be deleted, whatever was to become of it. */
  deletePayload(index: number): void {
    this.#move(index, this.unwanted, this.wanted)
    this.hidden.delete(index)
  }

  tell(index: number, kind: ChainEvent['kind']): void {
    this.events.push(eventOf(this.#state, index, kind))
  }

  #move(index: number, to: Set<number>, from: Set<number>): void {
    from.delete(index)
    to.add(index)
  }
}

/**
 * What one chain holds besides what is accepted, and the elementary changes to it (spec §5): to go by a block, to keep it
 * in a state, to forget it. Notes each change for the next commit; when to do what is decided in `block-importer.ts` and
 * `settle-clock.ts`.
 */
import type { BlockId } from '../../../dag/ids.ts'
import type { Chain } from '../../../dag/chain.ts'
import type { LoadedChain } from '../../../dag/store.ts'
import type { BlockState, ChainStore } from '../../../reputation/block-state.ts'
import { ChainState } from '../../../reputation/chain-state.ts'
import { Mempool } from './mempool.ts'
import { ChangeSet } from './change-set.ts'
import { AvoidedHeads } from './avoided-heads.ts'
import { Staging } from './staging.ts'
import { isUnacceptedState, Unaccepted, type UnacceptedState } from './unaccepted.ts'

const NOTHING: ReadonlySet<number> = new Set()

export class BlockStates {
  readonly state: ChainState
  readonly mempool = new Mempool()
  readonly staging: Staging
  readonly unaccepted: Unaccepted
  readonly avoided: AvoidedHeads
  /** Made here, by local index. */
  readonly #ours: Set<number>
  #pending: ChangeSet
  /** Blocks of the bag might be paid now: somebody lost one that was. */
  #isBagStale = false

  /** @param ours - local indexes of stored blocks that were made here */
  constructor(reputation: ChainState, ours: Set<number>) {
    this.state = reputation
    this.staging = new Staging(reputation, this.mempool)
    this.unaccepted = new Unaccepted(reputation.graph)
    this.avoided = new AvoidedHeads(reputation)
    this.#ours = ours
    this.#pending = new ChangeSet(reputation)
  }

  /** As the store has them. @param seed - any 32-bit number */
  static async load(
    { chain, seed }: { readonly chain: Chain; readonly seed: number },
    store: ChainStore,
  ): Promise<{ readonly blockStates: BlockStates; readonly loaded: LoadedChain }> {
    const ours = new Set<number>()
    const unaccepted: (readonly [number, UnacceptedState])[] = []
    let count = 0
    const { reputation, loaded } = await ChainState.load(chain, seed, (take) =>
      store.load((row) => {
        count += 1
        if (row.isOurs) ours.add(count)
        if (isUnacceptedState(row.state)) unaccepted.push([count, row.state])
        take(row)
      }),
    )
    const blockStates = new BlockStates(reputation, ours)
    for (const [index, state] of unaccepted) blockStates.unaccepted.set(index, state)
    return { blockStates, loaded }
  }

  /** What changed since the last commit. */
  get changeSet(): ChangeSet {
    return this.#pending
  }

  /** Begins a new list of changes, and gives the one so far. */
  takePending(): ChangeSet {
    const taken = this.#pending
    this.#pending = new ChangeSet(this.state)
    return taken
  }

  /** Whether a block is here: accepted or not, in the graph or in the bag. */
  has(id: BlockId): boolean {
    return this.hasAt(this.state.graph.indexOf(id), id)
  }

  /** The same of a block whose local index, if it has one, is known already. */
  hasAt(index: number | undefined, id: BlockId): boolean {
    return (index !== undefined && this.isLive(index)) || this.mempool.has(id)
  }

  /** The same of what a block stands on, be it the genesis. */
  hasBack(id: BlockId): boolean {
    const index = this.state.graph.indexOf(id)
    return index === 0 || this.hasAt(index, id)
  }

  /** Whether a known block is here, and not one that was dropped. */
  isLive(index: number): boolean {
    const { graph } = this.state
    return index >= this.staging.settled || graph.isAccepted(index) || this.unaccepted.get(index) !== undefined
  }

  /** Whether a settled block was made here. */
  isOurs(index: number): boolean {
    return this.#ours.has(index)
  }

  stateOf(index: number): BlockState {
    if (!this.state.graph.isAccepted(index)) return this.unaccepted.get(index) ?? 'dropped'
    return this.state.isPaid(index) ? 'paid' : 'unpaid'
  }

  /** Whether a block is gone by: judged, and neither set aside nor dropped. The genesis is. */
  isIn(index: number): boolean {
    return index === 0 || this.state.isIn(index)
  }

  /** Goes by a block, with what follows for others. */
  enter(index: number, nowMs: number): void {
    const effects = this.state.enter(index)
    const author = this.state.authorOf(index)
    this.#pending.note(effects)
    this.settle(effects.accepted.at(-1) ?? 0)
    for (const block of effects.accepted) this.unaccepted.delete(block)
    for (const block of effects.withdrawn) {
      this.#shelve(block)
      this.#pending.tell(block, 'withdrawn')
      if (this.state.authorOf(block) === author) this.avoided.noteWithdrawn(block, nowMs)
    }
    this.#isBagStale ||= effects.isLoss
  }

  /** Goes by a settled block that was set aside or dropped. */
  enterAgain(index: number, nowMs: number): void {
    this.unaccepted.delete(index)
    this.#pending.touched.add(index)
    this.enter(index, nowMs)
    if (!this.state.graph.isAccepted(index)) this.#shelve(index)
  }

  /** Goes by a block no more, and keeps it as this: the clock was set back from under it. */
  retreat(index: number, state: 'set-back' | 'ahead'): void {
    const effects = this.state.retreat(index)
    this.#pending.note(effects)
    this.#isBagStale ||= effects.isLoss
    for (const block of effects.withdrawn) {
      this.#shelve(block)
      this.#pending.tell(block, 'withdrawn')
    }
    this.keep(index, state)
  }

  /** Keeps a block in this state; it is settled, and everything below it too. */
  keep(index: number, state: UnacceptedState): void {
    this.settle(index)
    this.unaccepted.set(index, state)
    this.#pending.touched.add(index)
  }

  /** Everything up to this block is to be stored. */
  settle(upTo: number): void {
    const from = this.staging.settled
    for (const [position, { isOurs }] of this.staging.settle(upTo).entries()) {
      const index = from + position
      if (isOurs) this.#ours.add(index)
      if (!this.state.graph.isAccepted(index)) this.#shelve(index)
    }
  }

  /** Takes what is staged out of the graph, into the bag. */
  clearStaging(): void {
    this.staging.clear(NOTHING)
  }

  /** Forgets a block that is not accepted, and what stands on it. */
  drop(index: number): void {
    this.#forget([...this.unaccepted.above(index), index])
  }

  /** Forgets what is stored and does not fit. */
  trim(): void {
    this.#forget(this.unaccepted.excess())
  }

  /** Nobody is about to pay for what is staged: bounds what is kept. */
  tidy(): void {
    this.clearStaging()
    if (this.#isBagStale) this.mempool.dropSurplus()
    this.#isBagStale = false
    this.mempool.settle()
    this.trim()
  }

  /** Keeps a settled block that is gone by and not accepted (spec §5, *held*, *surplus*). */
  #shelve(index: number): void {
    this.unaccepted.set(index, this.#ours.has(index) ? 'held' : 'surplus')
  }

  /** Tops first. */
  #forget(indexes: readonly number[]): void {
    if (indexes.length === 0) return
    this.clearStaging()
    for (const at of indexes) {
      this.unaccepted.delete(at)
      this.state.drop(at)
      this.#pending.touched.add(at)
      this.#pending.unwanted.add(at)
    }
    this.mempool.dropAbove(indexes.map((at) => this.state.graph.id(at)))
  }
}

/**
 * How each known block of one chain stands, and the elementary changes of that (spec §5): add a block to V, keep it in a
 * state, drop it. `block-importer.ts` and `advance-clock.ts` decide when to do what.
 *
 * Invariants:
 * 1. `#changeSet` holds every change since the last {@link BlockStates.takeChangeSet}.
 * 2. `unaccepted` has exactly the settled blocks that are neither accepted nor dropped; a block that is neither there nor
 *    accepted is dropped, or staged.
 * 3. `#ours` has only settled blocks.
 * 4. Nothing is dropped, and the clock is not advanced, over staged blocks: they go to the mempool first.
 */
import { noteLatest } from '../../../dag/evict-oldest.ts'
import type { AuthorKey, BlockId } from '../../../dag/ids.ts'
import type { Chain } from '../../../dag/chain.ts'
import type { LoadedChain } from '../../../dag/store.ts'
import type { BlockState, ChainStore } from '../../../reputation/block-state.ts'
import { ChainState } from '../../../reputation/chain-state.ts'
import { OWN_AUTHORS } from '../../../protocol/newcomer-limits.ts'
import { Mempool } from './mempool.ts'
import type { MempoolBudget } from './mempool-budget.ts'
import { ChangeSet } from './change-set.ts'
import { AvoidedHeads } from './avoided-heads.ts'
import { Staging } from './staging.ts'
import { isUnacceptedState, Unaccepted, type UnacceptedState } from './unaccepted.ts'

const NOTHING: ReadonlySet<number> = new Set()

export class BlockStates {
  readonly state: ChainState
  readonly mempool: Mempool
  readonly staging: Staging
  readonly unaccepted: Unaccepted
  readonly avoided: AvoidedHeads
  readonly #ours: Set<number>
  readonly #ourAuthors = new Set<AuthorKey>()
  #changeSet: ChangeSet
  /** An author's block became unpaid: pooled blocks may be payable now. */
  #isMempoolStale = false

  /** @param ours - local indexes of stored blocks that were made on this node */
  constructor(state: ChainState, ours: Set<number>, budget?: MempoolBudget) {
    this.state = state
    this.mempool = new Mempool(budget)
    this.staging = new Staging(state, this.mempool)
    this.unaccepted = new Unaccepted(state.graph)
    this.avoided = new AvoidedHeads(state)
    this.#ours = ours
    this.#changeSet = new ChangeSet(state)
    for (const index of ours) this.#noteAuthor(index)
  }

  /** Loads them from the store. @param seed - any 32-bit number */
  static async load(
    { chain, seed }: { readonly chain: Chain; readonly seed: number },
    store: ChainStore,
    budget?: MempoolBudget,
  ): Promise<{ readonly blockStates: BlockStates; readonly loaded: LoadedChain }> {
    const ours = new Set<number>()
    const unaccepted: (readonly [number, UnacceptedState])[] = []
    let count = 0
    const { reputation: chainState, loaded } = await ChainState.load(chain, seed, (take) =>
      store.load((row) => {
        count += 1
        if (row.isOurs) ours.add(count)
        if (isUnacceptedState(row.state)) unaccepted.push([count, row.state])
        take(row)
      }),
    )
    const blockStates = new BlockStates(chainState, ours, budget)
    for (const [index, state] of unaccepted) blockStates.unaccepted.set(index, state)
    return { blockStates, loaded }
  }

  /** Authors of blocks made on this node: the latest ones, by their public keys alone. */
  get ourAuthors(): ReadonlySet<AuthorKey> {
    return this.#ourAuthors
  }

  /** The changes since the last commit. */
  get changeSet(): ChangeSet {
    return this.#changeSet
  }

  /** Returns the changes so far and begins a new set. */
  takeChangeSet(): ChangeSet {
    const taken = this.#changeSet
    this.#changeSet = new ChangeSet(this.state)
    return taken
  }

  /** Whether a block is on this node: accepted or not, in the graph or in the mempool. */
  has(id: BlockId): boolean {
    return this.hasAt(this.state.graph.indexOf(id), id)
  }

  /** As {@link has}, for a caller that looked up the local index already. */
  hasAt(index: number | undefined, id: BlockId): boolean {
    return (index !== undefined && this.isLive(index)) || this.mempool.has(id)
  }

  /** As {@link has}; the genesis counts too. */
  hasBack(id: BlockId): boolean {
    const index = this.state.graph.indexOf(id)
    return index === 0 || this.hasAt(index, id)
  }

  /** Whether a block of the graph is not dropped. */
  isLive(index: number): boolean {
    const { graph } = this.state
    return index >= this.staging.settled || graph.isAccepted(index) || this.unaccepted.get(index) !== undefined
  }

  /** Whether a settled block was made on this node. */
  isOurs(index: number): boolean {
    return this.#ours.has(index)
  }

  stateOf(index: number): BlockState {
    if (!this.state.graph.isAccepted(index)) return this.unaccepted.get(index) ?? 'dropped'
    return this.state.isPaid(index) ? 'paid' : 'unpaid'
  }

  /** Whether a block is in V. The genesis is. */
  isIn(index: number): boolean {
    return index === 0 || this.state.isIn(index)
  }

  /** Adds a block to V, and applies what follows for other blocks. */
  enter(index: number, nowMs: number): void {
    const effects = this.state.enter(index)
    const author = this.state.authorOf(index)
    this.#changeSet.note(effects)
    this.settle(effects.accepted.at(-1) ?? 0)
    for (const block of effects.accepted) this.unaccepted.delete(block)
    for (const block of effects.withdrawn) {
      this.#shelve(block)
      this.#changeSet.tell(block, 'withdrawn')
      if (this.state.authorOf(block) === author) this.avoided.noteWithdrawn(block, nowMs)
    }
    this.#isMempoolStale ||= effects.isLoss
  }

  /** Adds a settled block to V that was set aside or dropped. */
  enterAgain(index: number, nowMs: number): void {
    this.unaccepted.delete(index)
    this.#changeSet.touched.add(index)
    this.enter(index, nowMs)
    if (!this.state.graph.isAccepted(index)) this.#shelve(index)
  }

  /** Removes a block from V, because the clock was set back, and keeps it in this state. */
  retreat(index: number, state: 'set-back' | 'ahead'): void {
    const effects = this.state.retreat(index)
    this.#changeSet.note(effects)
    this.#isMempoolStale ||= effects.isLoss
    for (const block of effects.withdrawn) {
      this.#shelve(block)
      this.#changeSet.tell(block, 'withdrawn')
    }
    this.keep(index, state)
  }

  /** Keeps a block in this state, and settles it and everything below it. */
  keep(index: number, state: UnacceptedState): void {
    this.settle(index)
    this.unaccepted.set(index, state)
    this.#changeSet.touched.add(index)
  }

  /** Settles the blocks up to this index: the next commit stores them. */
  settle(upTo: number): void {
    const from = this.staging.settled
    for (const [position, { isOurs }] of this.staging.settle(upTo).entries()) {
      const index = from + position
      if (isOurs) {
        this.#ours.add(index)
        this.#noteAuthor(index)
      }
      if (!this.state.graph.isAccepted(index)) this.#shelve(index)
    }
  }

  /** Moves the staged blocks from the graph to the mempool. */
  clearStaging(): void {
    this.staging.clear(NOTHING)
  }

  /** Drops a block that is not accepted, and everything above it. */
  drop(index: number): void {
    this.#dropAll([...this.unaccepted.above(index), index])
  }

  /** Drops the unaccepted blocks beyond the bounds. */
  trim(): void {
    this.#dropAll(this.unaccepted.excess())
  }

  /** Bounds what is kept, when no pull is about to bring a payer for it. */
  tidy(): void {
    this.clearStaging()
    if (this.#isMempoolStale) this.mempool.dropSurplus()
    this.#isMempoolStale = false
    this.mempool.trimAfterPull()
    this.trim()
  }

  #noteAuthor(index: number): void {
    const author = this.state.authorOf(index)
    if (author !== undefined) noteLatest(this.#ourAuthors, author, OWN_AUTHORS)
  }

  /** Keeps a settled block that is in V and not accepted (spec §5, *held*, *surplus*). */
  #shelve(index: number): void {
    this.unaccepted.set(index, this.#ours.has(index) ? 'held' : 'surplus')
  }

  /** @param indexes - no block before one that stands on it */
  #dropAll(indexes: readonly number[]): void {
    if (indexes.length === 0) return
    this.clearStaging()
    for (const index of indexes) {
      this.unaccepted.delete(index)
      this.state.drop(index)
      this.#changeSet.touched.add(index)
      this.#changeSet.deletePayload(index)
    }
    this.mempool.dropAbove(indexes.map((index) => this.state.graph.id(index)))
  }
}

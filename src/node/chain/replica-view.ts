/**
 * What can be asked of one joined chain: nothing here changes it. `replica.ts` adds what does.
 */
import type { Block } from '../../dag/block.ts'
import type { Chain } from '../../dag/chain.ts'
import { FingerprintTree } from '../../dag/fingerprint-tree.ts'
import type { Graph } from '../../dag/graph.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import type { StoredBlock } from '../../dag/store.ts'
import type { BlockState, ChainStore } from '../../reputation/block-state.ts'
import type { ChainState } from '../../reputation/chain-state.ts'
import type { Throttle } from '../../reputation/throttle.ts'
import type { Watch } from '../../reputation/watch.ts'
import type { Clock } from '../base/clock.ts'
import type { BlockStates } from './intake/block-states.ts'
import type { CommitQueue, NewestBlock } from './intake/commit-queue.ts'
import { delaysOf, type Delays } from './intake/delays.ts'
import type { PayloadIndex } from './intake/payload-index.ts'
import { StoredBlocks } from './intake/stored-blocks.ts'

/** What a replica is made of, as far as it answers questions. */
export interface ViewParts {
  readonly blockStates: BlockStates
  readonly store: ChainStore
  readonly payloadIndex: PayloadIndex
  readonly commitQueue: CommitQueue
  readonly throttle: Throttle
  readonly clock: Clock
}

export class ReplicaView {
  readonly chain: Chain
  readonly store: ChainStore
  readonly state: ChainState
  /** Of the accepted blocks. Built when a peer first asks. */
  readonly fingerprints: FingerprintTree
  readonly throttle: Throttle
  readonly #parts: ViewParts
  readonly #storedBlocks: StoredBlocks

  constructor(parts: ViewParts) {
    const { blockStates, store, throttle, commitQueue } = parts
    this.#parts = parts
    this.state = blockStates.state
    this.chain = this.state.chain
    this.store = store
    this.throttle = throttle
    this.fingerprints = new FingerprintTree(this.state.graph)
    this.#storedBlocks = new StoredBlocks(store, commitQueue)
  }

  get graph(): Graph {
    return this.state.graph
  }

  /** Author of the first post that is stored, in a forum joined without pioneers. */
  get pioneer(): AuthorKey | undefined {
    return this.#parts.commitQueue.pioneer
  }

  /** When this node was in sync on the chain. */
  get watch(): Watch {
    return this.throttle.watch
  }

  /** In a forum joined without pioneers: the pioneer, or, while there is none, the founder that is wanted. */
  get founder(): AuthorKey | undefined {
    return this.pioneer ?? this.state.wanted
  }

  /** Whether this is such a forum, and follows nobody yet: the network side takes no block until it does (spec §2). */
  get needsFounder(): boolean {
    return hasFirstPostPioneer(this.chain) && this.founder === undefined
  }

  /** Local indexes of blocks whose payload is wanted and not stored. */
  get missing(): ReadonlySet<number> {
    return this.#parts.payloadIndex.missing
  }

  /** Accepted blocks that are stored: a crash of this process loses none of them. */
  get blocks(): number {
    return this.#parts.commitQueue.blocks
  }

  /** Bytes of headers, signatures and payloads stored, those kept aside among them. */
  get bytes(): number {
    return this.#parts.payloadIndex.bytes
  }

  /** How many blocks are set aside because their time is ahead of the clock. */
  get aheadCount(): number {
    return (
      this.#parts.blockStates.unaccepted.count('ahead', 'set-back') + this.#parts.blockStates.mempool.count('clock')
    )
  }

  /** How many blocks are delayed (spec §5, *Throttle*). */
  get delayedCount(): number {
    return this.#parts.blockStates.mempool.keptBack
  }

  /** Until about when they are, and why. */
  delays(): Delays | undefined {
    return delaysOf(this.#parts.blockStates.mempool, this.throttle, this.#parts.clock.nowMs())
  }

  /** At least as many as there are blocks for which {@link ReplicaView.isUnwanted} holds. */
  get knownCount(): number {
    const { size, leftOut } = this.#parts.blockStates.mempool
    return this.graph.size + size + leftOut
  }

  /** Whether a block is on this node, accepted or not. */
  has(id: BlockId): boolean {
    return this.#parts.blockStates.has(id)
  }

  /** Whether a pull need not fetch a block: it is here, or it is delayed and there was no room for it. */
  isUnwanted(id: BlockId): boolean {
    return this.has(id) || this.#parts.blockStates.mempool.isLeftOut(id)
  }

  /** Whether a block of the graph is settled and not dropped. */
  isKept(index: number): boolean {
    return index < this.#parts.blockStates.staging.settled && (index === 0 || this.#parts.blockStates.isLive(index))
  }

  /** Whether a block was made on this node. */
  isOurs(index: number): boolean {
    return this.#parts.blockStates.isOurs(index)
  }

  /** @param index - of a kept block */
  stateOf(index: number): BlockState {
    return this.#parts.blockStates.stateOf(index)
  }

  /** Held posts: those made here, then the guests; each in the order they arrived. */
  held(): number[] {
    const { unaccepted } = this.#parts.blockStates
    return [...unaccepted.in('held'), ...unaccepted.in('guest')]
  }

  /** Held posts, and blocks made here that are ahead of the clock. */
  blocked(): number[] {
    return [
      ...this.held(),
      ...this.#parts.blockStates.unaccepted
        .in('ahead', 'set-back')
        .filter((index) => this.#parts.blockStates.isOurs(index)),
    ]
  }

  /** Held posts of other nodes that are in the graph: fetched by command, or about to be welcomed. */
  guestsHere(): number[] {
    return this.#parts.blockStates.unaccepted.in('guest')
  }

  /** Held posts made here: those that other peers may ask for. */
  heldHere(): number[] {
    return this.#parts.blockStates.unaccepted.in('held')
  }

  /** Whether a post made here now would not link this head (spec §5, *Posting*). */
  isAvoided(head: number): boolean {
    return this.#parts.blockStates.avoided.has(head, this.#parts.clock.nowMs())
  }

  /** A small block that was made here and stored last, with its payload; `undefined` if it is not this one. */
  justMade(index: number): NewestBlock | undefined {
    const { newest } = this.#parts.commitQueue
    return newest?.index === index ? newest : undefined
  }

  /** Waits for a block that is being committed. @throws {Bug} if the store lacks a block that the graph has */
  block(index: number): Promise<Block> {
    return this.#storedBlocks.block(index)
  }

  /** Many blocks as stored, in the order asked, each as {@link block} gives it. */
  storedBlocks(indexes: readonly number[]): Promise<StoredBlock[]> {
    return this.#storedBlocks.blocks(indexes)
  }
}

/**
 * One joined chain on this node: its state in memory, its store, and the one door through which blocks come in, so that
 * memory and store always agree. The rooms that announce and pull listen to it ({@link Replica.listen}).
 */
import type { Block } from '../../dag/block.ts'
import type { Chain } from '../../dag/chain.ts'
import type { Result } from '../../dag/result.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import { FingerprintTree } from '../../dag/fingerprint-tree.ts'
import type { Graph } from '../../dag/graph.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import type { LoadedChain, StoredBlock } from '../../dag/store.ts'
import type { BlockState, ChainStore } from '../../reputation/block-state.ts'
import type { StoreOutcome } from '../../protocol/pull-types.ts'
import type { ChainState } from '../../reputation/chain-state.ts'
import { Throttle } from '../../reputation/throttle.ts'
import { Watch } from '../../reputation/watch.ts'
import type { Incoming } from './intake/validate-block.ts'
import type { ChainListener, Origin } from './intake/chain-events.ts'
import { CommitQueue } from './intake/commit-queue.ts'
import { Ingest } from './intake/ingest.ts'
import { deleteKeptAside, KEEP_HIDDEN_MS, advanceClock } from './intake/advance-clock.ts'
import type { Clock } from '../base/clock.ts'
import { BlockStates } from './intake/block-states.ts'
import { BlockImporter } from './intake/block-importer.ts'
import type { MempoolBudget } from './intake/mempool-budget.ts'
import type { Logger } from '../base/log.ts'
import { NO_VERIFIER } from './intake/signatures-ahead.ts'
import { UNLIMITED, type MayRecheck } from './intake/signatures.ts'
import { PayloadIndex } from './intake/payload-index.ts'
import { delaysOf, type Delays } from './intake/delays.ts'
import { StoredBlocks } from './intake/stored-blocks.ts'
import { Quota } from './quota.ts'
import { StorageGate } from './storage-gate.ts'
import { isDiskFull } from '../storage/faults.ts'
import type { FreeSpace } from '../storage/free-space.ts'
import type { BlockVerifier } from './intake/verify-workers.ts'

export interface ReplicaModules {
  readonly store: ChainStore
  readonly clock: Clock
  readonly log: Logger
  /** Checks signatures on other threads; without it they are checked on this one. */
  readonly verifier?: BlockVerifier
  /** How long the payloads of hidden posts are kept aside (spec §4): 30 days by default; 0: they are deleted at once. */
  readonly keepHiddenMs?: number | undefined
  /** As earlier runs of this node left it. */
  readonly throttle?: Throttle
  /** Shared by the mempools of all chains of a node; without it this chain has one of its own. */
  readonly mempoolBudget?: MempoolBudget
  /** Shared by all chains of a node; without it there is no limit. */
  readonly quota?: Quota
  /** The disk of the data directory; without it it is not looked at. */
  readonly disk?: FreeSpace
  /** Called once, when the store failed: nothing more is accepted until the node restarts. */
  readonly onFailure?: (error: Error) => void
}

export class Replica {
  readonly chain: Chain
  readonly store: ChainStore
  readonly state: ChainState
  /** Of the accepted blocks. Built when a peer first asks. */
  readonly fingerprints: FingerprintTree
  readonly throttle: Throttle
  /** What may be stored now. */
  readonly storage: StorageGate
  readonly #quota: Quota
  readonly #blockStates: BlockStates
  readonly #importer: BlockImporter
  readonly #payloadIndex: PayloadIndex
  readonly #clock: Clock
  readonly #log: Logger
  readonly #commitQueue: CommitQueue
  readonly #ingest: Ingest
  readonly #storedBlocks: StoredBlocks
  readonly #verifier: BlockVerifier
  readonly #keepHiddenMs: number
  /** Listeners, each with its `onClose`. */
  readonly #listeners = new Map<ChainListener, () => void>()
  /** Pulls that are running. */
  #pulls = 0

  private constructor(blockStates: BlockStates, loaded: LoadedChain, modules: ReplicaModules) {
    const { state } = blockStates
    this.chain = state.chain
    this.state = state
    this.fingerprints = new FingerprintTree(state.graph)
    this.store = modules.store
    this.#blockStates = blockStates
    this.throttle = modules.throttle ?? new Throttle(new Watch())
    const quota = modules.quota ?? new Quota()
    this.#quota = quota
    this.#payloadIndex = new PayloadIndex(
      loaded,
      (index) => blockStates.isLive(index) && !state.isHidden(index),
      (change) => {
        quota.add(change)
      },
    )
    this.storage = new StorageGate({ chain: this.chain, bytes: () => this.bytes, quota, disk: modules.disk })
    this.#importer = new BlockImporter(blockStates, this.throttle, (header) => this.storage.takesPayload(header))
    this.#clock = modules.clock
    this.#log = modules.log
    this.#verifier = modules.verifier ?? NO_VERIFIER
    this.#keepHiddenMs = modules.keepHiddenMs ?? KEEP_HIDDEN_MS
    this.#commitQueue = new CommitQueue({
      blockStates,
      store: this.store,
      payloadIndex: this.#payloadIndex,
      clock: this.#clock,
      keepHiddenMs: this.#keepHiddenMs,
      log: this.#log,
      onStored: (events, origin) => {
        for (const listener of this.#listeners.keys()) listener(events, origin)
      },
      onFailure: modules.onFailure ?? (() => undefined),
    })
    this.#ingest = new Ingest({
      chain: this.chain,
      importer: this.#importer,
      commitQueue: this.#commitQueue,
      clock: this.#clock,
      verifier: this.#verifier,
    })
    this.#storedBlocks = new StoredBlocks(this.store, this.#commitQueue)
  }

  /** @param options `seed`: any 32-bit number, best a random one; it keeps strangers from aiming at one hash bucket. */
  static async open(
    options: { readonly chain: Chain; readonly seed: number },
    modules: ReplicaModules,
  ): Promise<Replica> {
    const { blockStates, loaded } = await BlockStates.load(options, modules.store, modules.mempoolBudget)
    const replica = new Replica(blockStates, loaded, modules)
    await replica.advanceClock()
    return replica
  }

  get graph(): Graph {
    return this.state.graph
  }

  /** Author of the first post that is stored, in a forum joined without pioneers. */
  get pioneer(): AuthorKey | undefined {
    return this.#commitQueue.pioneer
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

  /** Takes blocks of this founder alone from now on. False if another one is the pioneer. */
  follow(founder: AuthorKey): boolean {
    const pioneer = this.state.pioneer
    if (pioneer === undefined) this.state.wanted = founder
    return pioneer === undefined || pioneer === founder
  }

  /** Local indexes of blocks whose payload is wanted and not stored. */
  get missing(): ReadonlySet<number> {
    return this.#payloadIndex.missing
  }

  /** Accepted blocks that are stored: a crash of this process loses none of them. */
  get blocks(): number {
    return this.#commitQueue.blocks
  }

  /** Bytes of headers, signatures and payloads stored, those kept aside among them. */
  get bytes(): number {
    return this.#payloadIndex.bytes
  }

  /** How many blocks are set aside because their time is ahead of the clock. */
  get aheadCount(): number {
    return this.#blockStates.unaccepted.count('ahead', 'set-back') + this.#blockStates.mempool.count('clock')
  }

  /** How many blocks are delayed (spec §5, *Throttle*). */
  get delayedCount(): number {
    return this.#blockStates.mempool.keptBack
  }

  /** Until about when they are, and why. */
  delays(): Delays | undefined {
    return delaysOf(this.#blockStates.mempool, this.throttle, this.#clock.nowMs())
  }

  /** At least as many as there are blocks for which {@link Replica.isUnwanted} holds. */
  get knownCount(): number {
    const { size, leftOut } = this.#blockStates.mempool
    return this.graph.size + size + leftOut
  }

  /** Whether a block is on this node, accepted or not. */
  has(id: BlockId): boolean {
    return this.#blockStates.has(id)
  }

  /** Whether a pull need not fetch a block: it is here, or it is delayed and there was no room for it. */
  isUnwanted(id: BlockId): boolean {
    return this.has(id) || this.#blockStates.mempool.isLeftOut(id)
  }

  /** Whether a block of the graph is settled and not dropped. */
  isKept(index: number): boolean {
    return index < this.#blockStates.staging.settled && (index === 0 || this.#blockStates.isLive(index))
  }

  /** @param index - of a kept block */
  stateOf(index: number): BlockState {
    return this.#blockStates.stateOf(index)
  }

  /** Held posts: those made here, then the guests; each in the order they arrived. */
  held(): number[] {
    const { unaccepted } = this.#blockStates
    return [...unaccepted.in('held'), ...unaccepted.in('guest')]
  }

  /** Held posts, and blocks made here that are ahead of the clock. */
  blocked(): number[] {
    return [
      ...this.held(),
      ...this.#blockStates.unaccepted.in('ahead', 'set-back').filter((index) => this.#blockStates.isOurs(index)),
    ]
  }

  /** Held posts made here: those that other peers may ask for. */
  heldHere(): number[] {
    return this.#blockStates.unaccepted.in('held')
  }

  /** Whether a post made here now would not link this head (spec §5, *Posting*). */
  isAvoided(head: number): boolean {
    return this.#blockStates.avoided.has(head, this.#clock.nowMs())
  }

  /** Calls `listener` with the events of each change, pasts first; `onClose` when the chain is left. Returns how to stop. */
  listen(listener: ChainListener, onClose: () => void = () => undefined): () => void {
    this.#listeners.set(listener, onClose)
    return () => this.#listeners.delete(listener)
  }

  /** Looks at the chain between two changes: everything before is stored, and all listeners have heard of it. */
  atRest<T>(look: () => T): Promise<T> {
    return this.#commitQueue.run(() => look())
  }

  /**
   * Takes in a list of blocks, pasts first, after those of earlier calls. A refused block does not stop the others, unless
   * its signature is forged: the blocks behind that one are postponed.
   * While nothing can be stored all are postponed: they are fetched again.
   * @param mayRecheck - the recheck budget of the peer that sent them; without limit by default
   */
  async ingest(list: readonly Incoming[], origin: Origin, mayRecheck: MayRecheck = UNLIMITED): Promise<StoreOutcome[]> {
    if (this.storage.noRoom === undefined) {
      try {
        return await this.#ingest.list(list, origin, mayRecheck)
      } catch (error) {
        if (!isDiskFull(error)) throw error
      }
    }
    return list.map(({ block: { id } }) => ({ id, state: 'postponed' }))
  }

  /** Calls `make` with the chain at rest, and takes in the block it makes before anything else changes. */
  ingestMade<F>(make: () => Result<Incoming, F>): Promise<Result<StoreOutcome, F>> {
    return this.#ingest.made(make)
  }

  /** Blocks are expected soon. */
  expectBlocks(): void {
    void this.#verifier.prepare()
  }

  /** Unpaid blocks are kept until the last pull ends: it may bring their payer. */
  beginPull(): void {
    this.#pulls += 1
  }

  endPull(): Promise<void> {
    this.#pulls = Math.max(0, this.#pulls - 1)
    return this.#commitQueue.run(async (change) => {
      if (this.#commitQueue.failure !== undefined || this.#pulls > 0) return
      await change('pull', () => {
        this.#blockStates.tidy()
      })
    })
  }

  /** Keeps those of another peer's held posts that were just ingested and are not accepted. */
  keepGuests(ids: readonly BlockId[]): Promise<void> {
    return this.#commitQueue.run((change) =>
      change('held', () => {
        this.#importer.keepGuests(ids, this.#clock.nowMs())
        if (this.#pulls === 0) this.#blockStates.tidy()
      }),
    )
  }

  /** Drops a kept block that is not accepted, and everything above it. False if it is accepted, or not kept. */
  drop(index: number): Promise<boolean> {
    return this.#commitQueue.run(async (change) => {
      if (this.graph.isAccepted(index) || !this.isKept(index)) return false
      await change('here', () => {
        this.#blockStates.drop(index)
      })
      return true
    })
  }

  /** Applies what time alone changes (spec §3, §4, §5). */
  advanceClock(): Promise<void> {
    return this.#commitQueue.run((change) =>
      change('clock', () => {
        const { setBack } = advanceClock(this.#blockStates, this.#importer, this.#clock.nowMs())
        if (setBack > 0) this.#log.warn('chain.ahead-of-clock', { chain: this.chain.id, blocks: setBack })
        deleteKeptAside(this.#blockStates, this.#payloadIndex, this.#clock.nowMs() - this.#keepHiddenMs)
      }),
    )
  }

  /** All frames of a missing payload are stored and checked. */
  payloadArrived(index: number, bytes: number): Promise<void> {
    return this.#commitQueue.run(async () => {
      if (!this.#payloadIndex.missing.has(index)) {
        // Hidden or dropped meanwhile: the payload is no longer wanted.
        if (!this.#payloadIndex.has(index)) await this.store.dropFrames(this.graph.id(index))
        return
      }
      await this.store.payloadArrived(index, bytes)
      this.#payloadIndex.addPayload(index, bytes)
    })
  }

  /** Waits for a block that is being committed. @throws {Bug} if the store lacks a block that the graph has */
  block(index: number): Promise<Block> {
    return this.#storedBlocks.block(index)
  }

  /** Many blocks as stored, in the order asked, each as {@link block} gives it. */
  storedBlocks(indexes: readonly number[]): Promise<StoredBlock[]> {
    return this.#storedBlocks.blocks(indexes)
  }

  /** Waits for the running change, so that the store may be closed. */
  async close(): Promise<void> {
    await this.#commitQueue.end()
    this.#blockStates.mempool.close()
    this.#quota.add(-this.bytes)
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    for (const onClose of listeners) onClose()
  }
}

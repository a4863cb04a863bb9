/**
 * One joined chain on this node: what is known of it in memory, its store, and the one queue through which blocks come in,
 * so that the two always agree. Spreads nothing by itself: others listen to {@link Replica.listen}.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Block } from '../../dag/block.ts'
import type { Chain } from '../../dag/chain.ts'
import { Bug, ok, type Result } from '../../dag/result.ts'
import { FingerprintTree } from '../../dag/fingerprint-tree.ts'
import type { Graph } from '../../dag/graph.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import type { LoadedChain, StoredBlock } from '../../dag/store.ts'
import type { BlockState, ChainStore } from '../../reputation/block-state.ts'
import type { StoreOutcome } from '../../protocol/pull-types.ts'
import type { ChainState } from '../../reputation/chain-state.ts'
import { Throttle, Watch } from '../../reputation/throttle.ts'
import type { Incoming } from './intake/validate-block.ts'
import type { ChainListener, Origin } from './intake/chain-events.ts'
import { CommitQueue } from './intake/commit-queue.ts'
import { settleClock } from './intake/settle-clock.ts'
import type { Clock } from '../base/clock.ts'
import { BlockStates } from './intake/block-states.ts'
import { BlockImporter } from './intake/block-importer.ts'
import type { Logger } from '../base/log.ts'
import { CHUNK, SignaturesAhead, NO_VERIFIER } from './intake/signatures-ahead.ts'
import { signatureState, UNLIMITED, type MayRecheck, type SignatureState } from './intake/signatures.ts'
import { PayloadIndex } from './intake/payload-index.ts'
import { blockOfStored, storedHere } from './intake/stored-block.ts'
import type { BlockVerifier } from './intake/verify-workers.ts'

/** Blocks judged before other work gets a turn: about 5 ms at worst, when each signature has to be checked again. */
const BLOCKS_PER_TURN = CHUNK

export interface ReplicaModules {
  readonly store: ChainStore
  readonly clock: Clock
  readonly log: Logger
  /** Checks signatures on other threads; there are none unless told. */
  readonly verifier?: BlockVerifier
  /** When this node was in sync on the chain, from earlier runs; none by default. */
  readonly watch?: Watch
  /** Told once, when the store failed and nothing more can be taken in until the node starts anew. */
  readonly onFailure?: (error: Error) => void
}

/** Blocks to be taken in. */
interface Task {
  readonly list: readonly Incoming[]
  readonly origin: Origin
  readonly signatures: SignaturesAhead
  readonly mayRecheck: MayRecheck
}

export class Replica {
  readonly chain: Chain
  readonly store: ChainStore
  readonly state: ChainState
  /** Of what is accepted here; costs nothing until a peer asks. */
  readonly fingerprints: FingerprintTree
  readonly watch: Watch
  readonly #blockStates: BlockStates
  readonly #importer: BlockImporter
  readonly #payloadIndex: PayloadIndex
  readonly #clock: Clock
  readonly #log: Logger
  readonly #changes: CommitQueue
  /** Each with what to do when the chain is closed. */
  readonly #listeners = new Map<ChainListener, () => void>()
  readonly #verifier: BlockVerifier
  /** Pulls under way. */
  #pulls = 0

  private constructor(blockStates: BlockStates, loaded: LoadedChain, modules: ReplicaModules) {
    const { state: reputation } = blockStates
    this.chain = reputation.chain
    this.state = reputation
    this.fingerprints = new FingerprintTree(reputation.graph)
    this.watch = modules.watch ?? new Watch()
    this.store = modules.store
    this.#blockStates = blockStates
    this.#importer = new BlockImporter(blockStates, new Throttle(this.watch))
    this.#payloadIndex = new PayloadIndex(loaded, (index) => blockStates.isLive(index) && !reputation.isHidden(index))
    this.#clock = modules.clock
    this.#log = modules.log
    this.#verifier = modules.verifier ?? NO_VERIFIER
    this.#changes = new CommitQueue({
      blockStates,
      store: this.store,
      payloadIndex: this.#payloadIndex,
      log: this.#log,
      onStored: (events, origin) => {
        for (const listener of this.#listeners.keys()) listener(events, origin)
      },
      onFailure: modules.onFailure ?? (() => undefined),
    })
  }

  /** @param options `seed`: any 32-bit number, best a random one; it keeps strangers from aiming at one hash bucket. */
  static async open(
    options: { readonly chain: Chain; readonly seed: number },
    modules: ReplicaModules,
  ): Promise<Replica> {
    const { blockStates, loaded } = await BlockStates.load(options, modules.store)
    const replica = new Replica(blockStates, loaded, modules)
    await replica.settleClock()
    return replica
  }

  get graph(): Graph {
    return this.state.graph
  }

  /** Author of the first post, in a forum joined without pioneers. */
  get pioneer(): AuthorKey | undefined {
    return this.#changes.pioneer
  }

  /** Local indexes of blocks whose payload is wanted and not here. */
  get missing(): ReadonlySet<number> {
    return this.#payloadIndex.missing
  }

  /** Accepted blocks that are in the store: a crash of this process loses none of them. */
  get blocks(): number {
    return this.#changes.blocks
  }

  /** Bytes of headers, signatures and payloads kept. */
  get bytes(): number {
    return this.#payloadIndex.bytes
  }

  /** How many blocks are set aside because their time is ahead of the clock. */
  get aheadCount(): number {
    return this.#blockStates.unaccepted.count('ahead', 'set-back') + this.#blockStates.mempool.count('clock')
  }

  /** How many blocks are kept back for now (spec §5, *Throttle*). */
  get delayedCount(): number {
    return this.#blockStates.mempool.count('turn')
  }

  /** Blocks here that peers name: those in the graph, and those that wait for somebody to pay for them. */
  get knownCount(): number {
    return this.graph.size + this.#blockStates.mempool.size
  }

  /** Whether a block is here, accepted or not. */
  has(id: BlockId): boolean {
    return this.#blockStates.has(id)
  }

  /** Whether the block of a local index is here to stay: neither dropped, nor waiting for somebody to pay for it. */
  isKept(index: number): boolean {
    return index < this.#blockStates.staging.settled && (index === 0 || this.#blockStates.isLive(index))
  }

  /** How a kept block stands. */
  stateOf(index: number): BlockState {
    return this.#blockStates.stateOf(index)
  }

  /** Held posts: those made here, then those of other peers; in each, oldest arrivals first. */
  held(): number[] {
    const { unaccepted } = this.#blockStates
    return [...unaccepted.in('held'), ...unaccepted.in('guest')]
  }

  /** What waits here for somebody or for its time: held posts, and blocks made here that are ahead of the clock. */
  blocked(): number[] {
    return [
      ...this.held(),
      ...this.#blockStates.unaccepted.in('ahead', 'set-back').filter((index) => this.#blockStates.isOurs(index)),
    ]
  }

  /** Held posts that were made here: those that other peers may ask for. */
  heldHere(): number[] {
    return this.#blockStates.unaccepted.in('held')
  }

  /** Whether a head is left out by a post made here now (spec §5, *Posting*). */
  isAvoided(head: number): boolean {
    return this.#blockStates.avoided.has(head, this.#clock.nowMs())
  }

  /** Called with what one commit changed, pasts first; `onClose` when the chain is left. Returns how to stop. */
  listen(listener: ChainListener, onClose: () => void = () => undefined): () => void {
    this.#listeners.set(listener, onClose)
    return () => this.#listeners.delete(listener)
  }

  /** Looks at the chain between two changes: what is accepted then is stored, and all listeners have heard of it. */
  atRest<T>(look: () => T): Promise<T> {
    return this.#changes.rest(() => Promise.resolve(look()))
  }

  /**
   * Takes blocks in, in this order (pasts first) and after those of earlier calls. One bad block does not stop those that do
   * not stand on it, but for a forged signature: nothing that comes behind it is looked at. Signatures are checked from now
   * on, while others are still being taken in.
   * @param mayRecheck the budget of the peer that sent them; without limit unless told
   */
  ingest(list: readonly Incoming[], origin: Origin, mayRecheck: MayRecheck = UNLIMITED): Promise<StoreOutcome[]> {
    const signatures = new SignaturesAhead(this.chain, list, this.#verifier)
    const task = { list, origin, signatures, mayRecheck }
    return origin === 'pull' ? this.#ingestAhead(task) : this.#changes.rest(() => this.#ingest(task))
  }

  /** Blocks will come soon that are to be ingested. */
  expectBlocks(): void {
    void this.#verifier.prepare()
  }

  /** Runs `make` with the chain at rest, and takes in what it makes before anything else comes in. */
  ingestMade<F>(make: () => Promise<Result<Incoming, F>>): Promise<Result<StoreOutcome, F>> {
    return this.#changes.rest(async () => {
      const made = await make()
      if (!made.ok) return made
      const list = [made.value]
      const signatures = new SignaturesAhead(this.chain, list, this.#verifier)
      const [outcome] = await this.#ingest({ list, origin: 'here', signatures, mayRecheck: UNLIMITED })
      if (outcome === undefined) throw new Bug('one block gives one outcome')
      return ok(outcome)
    })
  }

  /** Until its end, what nobody pays for yet is kept: this pull, or another one, may bring who does. */
  beginPull(): void {
    this.#pulls += 1
  }

  /** A pull is over. After the last one, blocks that nobody paid for go where they cost little. */
  endPull(): Promise<void> {
    this.#pulls = Math.max(0, this.#pulls - 1)
    return this.#changes.rest(async () => {
      if (this.#changes.failure !== undefined || this.#pulls > 0) return
      await this.#changes.now('pull', () => {
        this.#blockStates.tidy()
      })
    })
  }

  /** Keeps held posts of another peer that were ingested just now, as far as they are not accepted. */
  keepGuests(ids: readonly BlockId[]): Promise<void> {
    return this.#changes.rest(() =>
      this.#changes.now('held', () => {
        this.#importer.keepGuests(ids, this.#clock.nowMs())
        if (this.#pulls === 0) this.#blockStates.tidy()
      }),
    )
  }

  /** Forgets a kept block that is not accepted, and what stands on it. False if it is accepted, or gone. */
  drop(index: number): Promise<boolean> {
    return this.#changes.rest(async () => {
      if (this.graph.isAccepted(index) || !this.isKept(index)) return false
      await this.#changes.now('here', () => {
        this.#blockStates.drop(index)
      })
      return true
    })
  }

  /** Accepts what the clock has reached, sets aside what it was set back from, and tries what was delayed (spec §3, §5). */
  settleClock(): Promise<void> {
    return this.#changes.rest(() =>
      this.#changes.now('clock', () => {
        const { setBack } = settleClock(this.#blockStates, this.#importer, this.#clock.nowMs())
        if (setBack > 0) this.#log.warn('chain.ahead-of-clock', { chain: this.chain.id, blocks: setBack })
      }),
    )
  }

  /** A payload that was missing has all its frames in the store, checked. */
  payloadArrived(index: number, bytes: number): Promise<void> {
    return this.#changes.rest(async () => {
      if (!this.#payloadIndex.missing.has(index)) {
        // Hidden or dropped meanwhile: what came is not wanted any more.
        if (!this.#payloadIndex.has(index)) await this.store.dropFrames(this.graph.id(index))
        return
      }
      await this.store.payloadArrived(index, bytes)
      this.#payloadIndex.addPayload(index, bytes)
    })
  }

  /** Waits for a block that is being committed. @throws {Bug} if the store lacks a block that the graph has */
  async block(index: number): Promise<Block> {
    const stored = await this.store.block(index)
    if (stored !== undefined) return blockOfStored(index, stored)
    await this.#changes.idle()
    const late = await this.store.block(index)
    if (late === undefined && this.#changes.failure !== undefined) throw this.#changes.failure
    return blockOfStored(index, late)
  }

  /** Many blocks as stored, in the order asked, each as {@link block} gives it. */
  async storedBlocks(indexes: readonly number[]): Promise<StoredBlock[]> {
    let stored = await this.store.blocks(indexes)
    if (stored.includes(undefined)) {
      await this.#changes.idle()
      stored = await this.store.blocks(indexes)
    }
    if (stored.includes(undefined) && this.#changes.failure !== undefined) throw this.#changes.failure
    return stored.map((block, n) => storedHere(indexes[n] ?? 0, block))
  }

  /** Waits for what is under way, so that the store may be closed. */
  async close(): Promise<void> {
    await this.#changes.end()
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    for (const onClose of listeners) onClose()
  }

  /** The next blocks are judged while these are being written. */
  async #ingestAhead(task: Task): Promise<StoreOutcome[]> {
    const outcomes: StoreOutcome[] = []
    await this.#changes.ahead(task.origin, () => this.#judge(task, outcomes))
    return withUnread(task, outcomes)
  }

  async #ingest(task: Task): Promise<StoreOutcome[]> {
    const outcomes: StoreOutcome[] = []
    await this.#changes.now(task.origin, () => this.#judge(task, outcomes))
    return withUnread(task, outcomes)
  }

  async #judge({ list, origin, signatures, mayRecheck }: Task, outcomes: StoreOutcome[]): Promise<void> {
    for (const [position, incoming] of list.entries()) {
      if (position % BLOCKS_PER_TURN === 0) {
        if (position > 0) await nextTurn()
        await signatures.reach(position)
      }
      const native = signatures.holds(position) ? true : undefined
      const signature = (): SignatureState => signatureState(incoming.block, mayRecheck, native)
      const outcome = this.#importer.take(incoming, origin, { nowMs: this.#clock.nowMs(), signature })
      outcomes.push(outcome)
      if (outcome.state === 'refused' && outcome.fault.code === 'DAG_BAD_SIGNATURE') return
    }
  }
}

/** What came behind a forged signature was not looked at. */
function withUnread({ list }: Task, outcomes: readonly StoreOutcome[]): StoreOutcome[] {
  const unread = list.slice(outcomes.length).map(({ block: { id } }) => ({ id, state: 'postponed' }) as const)
  return [...outcomes, ...unread]
}

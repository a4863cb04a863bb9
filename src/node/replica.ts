/**
 * One joined chain on this node: its graph in memory, its store, and the one queue through which blocks come in, so that
 * graph and store always agree. Spreads nothing by itself: others listen to {@link Replica.listen}.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Block, Header } from '../dag/block.ts'
import type { Chain } from '../dag/chain.ts'
import { Bug, ok, type Result } from '../dag/faults.ts'
import { Graph } from '../dag/graph.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import { hasFirstPostPioneer } from '../dag/sound.ts'
import type { ChainStore, Commit, NewBlock, ParkReason } from '../dag/store.ts'
import { admit, newBlockOf, type Incoming } from './admit.ts'
import { eventOf, eventsOf, type ChainEvent, type ChainListener, type Origin } from './chain-events.ts'
import type { StoreOutcome } from '../protocol/pull.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import { payloadHere } from './payload-size.ts'
import { Serial } from './serial.ts'
import { SetAside } from './set-aside.ts'
import { blockOfStored } from './stored-block.ts'

/** Signatures checked before other work gets a turn: about 5 ms at 9,000 verifications a second. */
const BLOCKS_PER_TURN = 48

export interface ReplicaModules {
  readonly store: ChainStore
  readonly clock: Clock
  readonly log: Logger
  /** Told once, when the store failed and nothing more can be taken in until the node starts anew. */
  readonly onFailure?: (error: Error) => void
}

export class Replica {
  readonly chain: Chain
  readonly store: ChainStore
  readonly graph: Graph
  /** Author of the first post, in a forum joined without pioneers. */
  pioneer: AuthorKey | undefined
  /** Local indexes of blocks whose payload is not here. */
  readonly missing: Set<number>
  readonly #aside: SetAside
  readonly #clock: Clock
  readonly #log: Logger
  readonly #queue = new Serial()
  /** Each with what to do when the chain is closed. */
  readonly #listeners = new Map<ChainListener, () => void>()
  readonly #onFailure: (error: Error) => void
  #bytes: number
  #blocks: number
  /** Of the first change that broke off: what is on the disk since then is not known, so nothing more is taken in. */
  #failure: Error | undefined

  private constructor(
    chain: Chain,
    graph: Graph,
    loaded: { bytes: number; missing: readonly number[]; parked: ReadonlyMap<number, ParkReason> },
    modules: ReplicaModules,
  ) {
    this.chain = chain
    this.graph = graph
    this.store = modules.store
    this.missing = new Set(loaded.missing)
    this.#aside = new SetAside(graph, loaded.parked)
    this.#bytes = loaded.bytes
    this.#blocks = graph.acceptedCount
    this.#clock = modules.clock
    this.#log = modules.log
    this.#onFailure = modules.onFailure ?? (() => undefined)
  }

  /** @param options `seed`: any 32-bit number, best a random one; it keeps strangers from aiming at one hash bucket. */
  static async open(
    options: { readonly chain: Chain; readonly seed: number },
    modules: ReplicaModules,
  ): Promise<Replica> {
    const loaded = await modules.store.load()
    const graph = new Graph(options.chain.id, options.seed)
    loaded.rows.forEach((row, position) => graph.add(row, !loaded.parked.has(position + 1)))
    graph.takeHeadChanges()
    const replica = new Replica(options.chain, graph, loaded, modules)
    await replica.#findPioneer(loaded.parked)
    await replica.settleClock()
    return replica
  }

  /** Accepted blocks that are in the store: a crash of this process loses none of them. */
  get blocks(): number {
    return this.#blocks
  }

  /** Bytes of headers, signatures and payloads kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many blocks are set aside because their time is ahead of the clock. */
  get aheadCount(): number {
    return this.#aside.size
  }

  /** Called with the blocks that one commit accepted, pasts first; `onClose` when the chain is left. Returns how to stop. */
  listen(listener: ChainListener, onClose: () => void = () => undefined): () => void {
    this.#listeners.set(listener, onClose)
    return () => this.#listeners.delete(listener)
  }

  /** Takes blocks in, in this order (pasts first). One bad block does not stop those that do not stand on it. */
  ingest(list: readonly Incoming[], origin: Origin): Promise<StoreOutcome[]> {
    return this.#queue.run(() => this.#ingest(list, origin))
  }

  /** Runs `make` with the chain at rest, and takes in what it makes before anything else comes in. */
  ingestMade<F>(make: () => Promise<Result<Incoming, F>>): Promise<Result<StoreOutcome, F>> {
    return this.#queue.run(async () => {
      const made = await make()
      if (!made.ok) return made
      const [outcome] = await this.#ingest([made.value], 'here')
      if (outcome === undefined) throw new Bug('one block gives one outcome')
      return ok(outcome)
    })
  }

  /** Accepts what the clock has reached, and sets aside what it was set back from (spec §3). */
  settleClock(): Promise<void> {
    return this.#queue.run(() => this.#settleClock())
  }

  /** A payload that was missing has all its frames in the store, checked. */
  payloadArrived(index: number, bytes: number): Promise<void> {
    return this.#queue.run(async () => {
      if (!this.missing.has(index)) return
      await this.store.payloadArrived(index, bytes)
      this.missing.delete(index)
      this.#bytes += bytes
    })
  }

  /** Waits for a block that is being committed. @throws {Bug} if the store lacks a block that the graph has */
  async block(index: number): Promise<Block> {
    const stored = await this.store.block(index)
    if (stored !== undefined) return blockOfStored(index, stored)
    await this.#queue.idle()
    return this.#storedBlock(index)
  }

  /** Waits for what is under way, so that the store may be closed. */
  async close(): Promise<void> {
    await this.#queue.idle()
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    for (const onClose of listeners) onClose()
  }

  /** From within the queue, where nobody may wait for it. */
  async #storedBlock(index: number): Promise<Block> {
    const stored = await this.store.block(index)
    if (stored !== undefined) return blockOfStored(index, stored)
    throw this.#failure ?? new Bug(`block ${String(index)} is in the graph and not in the store`)
  }

  async #ingest(list: readonly Incoming[], origin: Origin): Promise<StoreOutcome[]> {
    const first = this.graph.size
    const blocks: NewBlock[] = []
    const fresh = new Map<BlockId, Header>()
    const outcomes: StoreOutcome[] = []
    await this.#change(async () => {
      for (const [position, incoming] of list.entries()) {
        if (position > 0 && position % BLOCKS_PER_TURN === 0) await nextTurn()
        outcomes.push(await this.#take(incoming, origin, blocks, fresh))
      }
      await this.#commit(first, blocks, origin === 'here')
    })
    this.#emit(eventsOf(blocks, fresh), origin)
    return outcomes
  }

  /** Changes graph and store alike. If it breaks off, its blocks are withdrawn, and every later change fails as it did. */
  async #change(run: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const first = this.graph.size
    const { pioneer } = this
    try {
      await run()
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Bug(String(error))
      this.#log.error('chain.unusable', { chain: this.chain.id, error: this.#failure })
      for (let index = this.graph.size - 1; index >= first; index--) {
        if (this.graph.isAccepted(index)) this.graph.withdraw(index)
      }
      this.pioneer = pioneer
      this.#onFailure(this.#failure)
      throw this.#failure
    }
  }

  async #take(
    incoming: Incoming,
    origin: Origin,
    blocks: NewBlock[],
    fresh: Map<BlockId, Header>,
  ): Promise<StoreOutcome> {
    const { block } = incoming
    const { id, header } = block
    if (this.graph.has(id)) return { id, state: 'known' }
    const payload = await payloadHere(this.store, incoming)
    const target = header.like === undefined ? undefined : await this.#headerOf(header.like.target, fresh)
    const admitted = admit(
      { block, payload },
      {
        chain: this.chain,
        graph: this.graph,
        nowMs: this.#clock.nowMs(),
        ...(this.pioneer === undefined ? {} : { pioneer: this.pioneer }),
        ...(target === undefined ? {} : { target }),
      },
    )
    if (!admitted.ok) return { id, state: 'refused', fault: admitted.fault }
    const { row, parked } = admitted.value
    if (parked !== undefined && origin !== 'here' && this.#aside.isFull) return { id, state: 'ahead' }
    const index = this.graph.add(row, parked === undefined)
    if (parked !== undefined) this.#aside.add(index)
    else if (header.height === 1 && hasFirstPostPioneer(this.chain)) this.pioneer = header.author
    fresh.set(id, header)
    blocks.push(newBlockOf({ block, payload }, admitted.value))
    return { id, state: parked === undefined ? 'accepted' : 'ahead' }
  }

  async #headerOf(id: BlockId, fresh: ReadonlyMap<BlockId, Header>): Promise<Header | undefined> {
    const here = fresh.get(id)
    if (here !== undefined) return here
    const index = this.graph.indexOf(id)
    return index === undefined || index === 0 ? undefined : (await this.#storedBlock(index)).header
  }

  async #commit(first: number, blocks: readonly NewBlock[], sync: boolean, parked?: Commit['parked']): Promise<void> {
    const heads = this.graph.takeHeadChanges()
    if (blocks.length === 0 && parked === undefined) return
    const commit: Commit = {
      first,
      blocks,
      headsAdded: heads.added,
      headsRemoved: heads.removed,
      ...(parked === undefined ? {} : { parked }),
    }
    const accepted = this.graph.acceptedCount
    await this.store.commit(commit, { sync })
    this.#blocks = accepted
    for (const [position, { headerBytes, signature, payload, paySize }] of blocks.entries()) {
      if (payload === 'missing') this.missing.add(first + position)
      this.#bytes += headerBytes.byteLength + (signature?.byteLength ?? 0) + (payload === 'missing' ? 0 : paySize)
    }
  }

  #emit(events: readonly ChainEvent[], origin: Origin): void {
    if (events.length === 0) return
    this.#log.debug('chain.accepted', { chain: this.chain.id, blocks: events.length })
    for (const listener of this.#listeners.keys()) listener(events, origin)
  }

  async #settleClock(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    const changed = new Map<number, ParkReason | null>()
    const events: ChainEvent[] = []
    await this.#change(async () => {
      for (const index of this.#aside.takeFrom(nowMs)) changed.set(index, 'set-back')
      if (changed.size > 0) this.#log.warn('chain.ahead-of-clock', { chain: this.chain.id, blocks: changed.size })
      for (const index of this.#aside.due(nowMs)) {
        if (!(await this.#release(index))) continue
        changed.set(index, null)
        events.push(eventOf(this.graph.id(index), (await this.#storedBlock(index)).header))
      }
      if (changed.size > 0) await this.#commit(this.graph.size, [], false, changed)
    })
    this.#emit(events, 'clock')
  }

  async #release(index: number): Promise<boolean> {
    if (!this.graph.backs(index).every((back) => this.graph.isAccepted(back))) return false
    if (this.graph.height(index) === 1 && hasFirstPostPioneer(this.chain)) {
      const { author } = (await this.#storedBlock(index)).header
      if (this.pioneer !== undefined && this.pioneer !== author) return false
      this.pioneer = author
    }
    this.graph.accept(index)
    this.#aside.delete(index)
    return true
  }

  /** Whoever was the pioneer stays it: a clock that was set back takes nothing from anybody. */
  async #findPioneer(parked: ReadonlyMap<number, ParkReason>): Promise<void> {
    if (!hasFirstPostPioneer(this.chain)) return
    for (let index = 1; index < this.graph.size; index++) {
      if (!this.graph.isAccepted(index) && parked.get(index) !== 'set-back') continue
      this.pioneer = (await this.#storedBlock(index)).header.author
      return
    }
  }
}

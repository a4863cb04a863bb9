/**
 * One joined chain on this node: its state in memory, its store, and the one door through which blocks come in, so that
 * memory and store always agree. The rooms that announce and pull listen to it ({@link Replica.listen}).
 */
import type { Block } from '../../dag/block.ts'
import type { Chain } from '../../dag/chain.ts'
import type { Result } from '../../dag/result.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import type { LoadedChain } from '../../dag/store.ts'
import type { ChainStore } from '../../reputation/block-state.ts'
import type { StoreOutcome } from '../../protocol/pull-types.ts'
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
import { ReplicaView, type ViewParts } from './replica-view.ts'
import { Guests } from './guests.ts'
import { Lobby, type LobbyBudget } from './lobby.ts'
import { Quota } from './quota.ts'
import { StorageGate } from './storage-gate.ts'
import { isDiskFull } from '../storage/faults.ts'
import type { FreeSpace } from '../storage/free-space.ts'
import { VerifyTogether } from './intake/verify-together.ts'
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
  /** Shared by the lobbies of all chains of a node; without it this chain has one of its own. */
  readonly lobbyBudget?: LobbyBudget
  /** Shared by all chains of a node; without it there is no limit. */
  readonly quota?: Quota
  /** The disk of the data directory; without it it is not looked at. */
  readonly disk?: FreeSpace
  /** Called once, when the store failed: nothing more is accepted until the node restarts. */
  readonly onFailure?: (error: Error) => void
}

/** The parts of a replica, which know each other. */
interface Parts extends ViewParts {
  readonly ingest: Ingest
  readonly importer: BlockImporter
  readonly storage: StorageGate
  readonly quota: Quota
  readonly verifier: BlockVerifier
  readonly verifyTogether: VerifyTogether
  readonly log: Logger
  readonly keepHiddenMs: number
  /** Listeners, each with its `onClose`. */
  readonly listeners: Map<ChainListener, () => void>
  readonly lobby: Lobby
}

function partsOf(blockStates: BlockStates, loaded: LoadedChain, modules: ReplicaModules): Parts {
  const { store, clock, log, verifier = NO_VERIFIER, keepHiddenMs = KEEP_HIDDEN_MS, quota = new Quota() } = modules
  const { state } = blockStates
  const { chain } = state
  const throttle = modules.throttle ?? new Throttle(new Watch())
  const listeners = new Map<ChainListener, () => void>()
  const lobby = new Lobby(modules.lobbyBudget)
  const payloadIndex = new PayloadIndex(
    loaded,
    (index) => blockStates.isLive(index) && !state.isHidden(index),
    (change) => {
      quota.add(change)
    },
  )
  const storage = new StorageGate({ chain, bytes: () => payloadIndex.bytes, quota, disk: modules.disk })
  const importer = new BlockImporter(blockStates, throttle, (header) => storage.takesPayload(header))
  const commitQueue = new CommitQueue({
    blockStates,
    store,
    payloadIndex,
    clock,
    keepHiddenMs,
    log,
    onStored: (events, origin) => {
      for (const { id } of events) lobby.remove(id)
      for (const listener of listeners.keys()) listener(events, origin)
    },
    onFailure: modules.onFailure ?? (() => undefined),
  })
  const ingest = new Ingest({ chain, importer, commitQueue, clock, verifier })
  return {
    ...{ blockStates, store, payloadIndex, commitQueue, throttle, clock },
    ...{ ingest, importer, storage, quota, verifier, log, keepHiddenMs, listeners, lobby },
    verifyTogether: new VerifyTogether(verifier),
  }
}

export class Replica extends ReplicaView {
  /** Held posts of other nodes, and what peers heard of those made here. */
  readonly guests: Guests
  readonly #parts: Parts
  /** Pulls that are running. */
  #pulls = 0

  private constructor(parts: Parts) {
    super(parts)
    this.#parts = parts
    const { blockStates, commitQueue, clock, lobby, listeners } = parts
    this.guests = new Guests(this, {
      ...{ blockStates, commitQueue, clock, lobby },
      tell: (event) => {
        for (const listener of listeners.keys()) listener([event], 'held')
      },
    })
  }

  /** @param options `seed`: any 32-bit number, best a random one; it keeps strangers from aiming at one hash bucket. */
  static async open(
    options: { readonly chain: Chain; readonly seed: number },
    modules: ReplicaModules,
  ): Promise<Replica> {
    const { blockStates, loaded } = await BlockStates.load(options, modules.store, modules.mempoolBudget)
    const replica = new Replica(partsOf(blockStates, loaded, modules))
    await replica.advanceClock()
    return replica
  }

  /** What may be stored now. */
  get storage(): StorageGate {
    return this.#parts.storage
  }

  /** Takes blocks of this founder alone from now on. False if another one is the pioneer. */
  follow(founder: AuthorKey): boolean {
    const pioneer = this.state.pioneer
    if (pioneer === undefined) this.state.wanted = founder
    return pioneer === undefined || pioneer === founder
  }

  /** Calls `listener` with the events of each change, pasts first; `onClose` when the chain is left. Returns how to stop. */
  listen(listener: ChainListener, onClose: () => void = () => undefined): () => void {
    this.#parts.listeners.set(listener, onClose)
    return () => this.#parts.listeners.delete(listener)
  }

  /** Looks at the chain between two changes: everything before is stored, and all listeners have heard of it. */
  atRest<T>(look: () => T): Promise<T> {
    return this.#parts.commitQueue.run(() => look())
  }

  /** Looks at the chain between two posts made here, as the next of them would find it: not all of it may be stored. */
  betweenPosts<T>(look: () => T): Promise<T> {
    return this.#parts.ingest.look(look)
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
        return await this.#parts.ingest.list(list, origin, mayRecheck)
      } catch (error) {
        if (!isDiskFull(error)) throw error
      }
    }
    return list.map(({ block: { id } }) => ({ id, state: 'postponed' }))
  }

  /** Calls `make` with the chain at rest, and takes in the block it makes before anything else changes. */
  ingestMade<F>(make: () => Result<Incoming, F>): Promise<Result<StoreOutcome, F>> {
    return this.#parts.ingest.made(make)
  }

  /** Whether the signature of a block is known to hold before its turn comes: another thread may have checked it. */
  holdsAhead(block: Block): Promise<boolean> {
    return this.#parts.verifyTogether.holds(block)
  }

  /** Blocks are expected soon. */
  expectBlocks(): void {
    void this.#parts.verifier.prepare()
  }

  /** Unpaid blocks are kept until the last pull ends: it may bring their payer. */
  beginPull(): void {
    this.#pulls += 1
  }

  endPull(): Promise<void> {
    this.#pulls = Math.max(0, this.#pulls - 1)
    return this.#parts.commitQueue.run(async (change) => {
      if (this.#parts.commitQueue.failure !== undefined || this.#pulls > 0) return
      await change('pull', () => {
        this.#parts.blockStates.tidy()
      })
    })
  }

  /**
   * Keeps those of another peer's held posts that were just ingested and are not accepted.
   * @param options - `areTold`: whether listeners hear of them; they did of those in the lobby
   */
  keepGuests(ids: readonly BlockId[], { areTold = true }: { readonly areTold?: boolean } = {}): Promise<void> {
    return this.#parts.commitQueue.run((change) =>
      change('held', () => {
        this.#parts.importer.keepGuests(ids, this.#parts.clock.nowMs(), areTold)
        if (this.#pulls === 0) this.#parts.blockStates.tidy()
      }),
    )
  }

  /** Drops a kept block that is not accepted, and everything above it. False if it is accepted, or not kept. */
  drop(index: number): Promise<boolean> {
    return this.#parts.commitQueue.run(async (change) => {
      if (this.graph.isAccepted(index) || !this.isKept(index)) return false
      await change('here', () => {
        this.#parts.blockStates.drop(index)
      })
      return true
    })
  }

  /** Applies what time alone changes (spec §3, §4, §5). */
  advanceClock(): Promise<void> {
    return this.#parts.commitQueue.run((change) =>
      change('clock', () => {
        const { setBack } = advanceClock(this.#parts.blockStates, this.#parts.importer, this.#parts.clock.nowMs())
        if (setBack > 0) this.#parts.log.warn('chain.ahead-of-clock', { chain: this.chain.id, blocks: setBack })
        deleteKeptAside(
          this.#parts.blockStates,
          this.#parts.payloadIndex,
          this.#parts.clock.nowMs() - this.#parts.keepHiddenMs,
        )
      }),
    )
  }

  /** All frames of a missing payload are stored and checked. */
  payloadArrived(index: number, bytes: number): Promise<void> {
    return this.#parts.commitQueue.run(async () => {
      if (!this.#parts.payloadIndex.missing.has(index)) {
        // Hidden or dropped meanwhile: the payload is no longer wanted.
        if (!this.#parts.payloadIndex.has(index)) await this.store.dropFrames(this.graph.id(index))
        return
      }
      await this.store.payloadArrived(index, bytes)
      this.#parts.payloadIndex.addPayload(index, bytes)
    })
  }

  /** Waits for the running change, so that the store may be closed. */
  async close(): Promise<void> {
    await this.#parts.commitQueue.end()
    this.#parts.blockStates.mempool.close()
    this.#parts.lobby.close()
    this.#parts.quota.add(-this.bytes)
    const listeners = [...this.#parts.listeners.values()]
    this.#parts.listeners.clear()
    for (const onClose of listeners) onClose()
  }
}

/**
 * Sync of one chain (spec §7, §8): decides when to pull from which peer, and records the outcome. A long pull yields to
 * waiting peers and continues later where it stopped.
 */
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '@libp2p/interface'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import type { Offered } from '../../../protocol/messages.ts'
import type { PullResult } from '../../../protocol/pull-types.ts'
import type { Clock } from '../../base/clock.ts'
import type { NoRoom } from '../../chain/faults.ts'
import { collectHeld } from './collect-held.ts'
import { fetchHeldFrom, offerTo, openOn, type PullReason } from './commanded.ts'
import { ProvenPeers, type Rank, type Standing } from './pull-rank.ts'
import { PullScheduler, type ExtraSlots, type PullSlot } from './pull-scheduler.ts'
import type { Logger } from '../../base/log.ts'
import { handshakeOf } from './handshake.ts'
import type { ProgressView } from './pull-progress.ts'
import { outcomeOf, showsSync } from './pull-outcome.ts'
import { PeerStates, type PeerSyncState } from './peer-states.ts'
import { SeenFounders, type PeersFounder } from './seen-founders.ts'
import { PullCoordinator } from './pull-coordinator.ts'
import { pullFromEverybody, type EverybodyModules } from './pull-from-everybody.ts'
import { Retries } from './retries.ts'
import type { RpcFault, SyncFault } from './faults.ts'
import type { StrangerPlaces } from './stranger-places.ts'
import type { SyncClient, SyncStream } from './client.ts'
import { withEither } from '../../base/deadline.ts'

export interface SyncModules extends Omit<EverybodyModules, 'rankOf'> {
  readonly client: SyncClient
  readonly self: PeerId
  readonly clock: Clock
  readonly log: Logger
  readonly onFault: (peer: string, fault: ProtocolFault) => void
  /** Takes one of the peer's rechecks, or so many that were spent; see `protocol/recheck-budget.ts`. */
  readonly mayRecheck: (peer: string, spent?: number) => boolean
  /** Called at the end of each pull. */
  readonly onPulled: (peer: PeerId, result: PullResult) => void
  /** What is known of a peer apart from this chain: decides when its turn to be pulled from comes. */
  readonly standing: (peer: string) => Standing
  /** Shared by all chains of the node. */
  readonly extraSlots: ExtraSlots
  /** Shared by all chains of the node. */
  readonly strangerPlaces: StrangerPlaces
}

/**
 * Invariants:
 * 1. `#queued` has the peers whose suggested pull has not got a slot yet; `suggest` adds no second pull for them.
 * 2. `#pullCounts` has an entry exactly for the peers with a pull under way, and no entry is 0.
 * 3. A peer is put into `#pullAgain` only while it is in `#pullCounts`; the end of a pull takes it out and suggests it.
 * 4. Every slot that was acquired is released when its pull ends, however it ends.
 * 5. `#jobs` holds every pull from `suggest` and `pullNow`. `stop` aborts `#stopped` and waits for them.
 */
export class ChainSync {
  readonly #modules: SyncModules
  readonly #scheduler: PullScheduler
  readonly #coordinator: PullCoordinator
  readonly #proven = new ProvenPeers()
  readonly #queued = new Set<string>()
  readonly #peerStates: PeerStates
  readonly #founders = new SeenFounders()
  readonly #retries = new Retries({
    retry: (peer) => {
      this.suggest(peer)
    },
    giveUp: (peer) => {
      this.forget(peer)
    },
  })
  readonly #stopped = new AbortController()
  readonly #jobs = new Set<Promise<unknown>>()
  /** Pulls under way by peer; a command may start one beside another. */
  readonly #pullCounts = new Map<string, number>()
  /** Peers that were suggested again during their pull. */
  readonly #pullAgain = new Set<string>()

  constructor(modules: SyncModules) {
    this.#modules = modules
    this.#scheduler = new PullScheduler(modules)
    this.#peerStates = new PeerStates(modules.clock)
    this.#coordinator = new PullCoordinator(modules.replica, modules.clock)
  }

  /** Peers with a pull under way. */
  get active(): readonly string[] {
    return [...this.#pullCounts.keys()]
  }

  /** Progress of the pulls under way; `undefined` if they have nothing to fetch. */
  progress(): ProgressView | undefined {
    return this.#coordinator.progress()
  }

  /** Time since something was last received in a pull. */
  get idleMs(): number {
    return this.#coordinator.idleMs
  }

  peers(): readonly PeerSyncState[] {
    return this.#peerStates.list()
  }

  /** What peers say of their founders, in a forum joined without pioneers. */
  founders(): readonly PeersFounder[] {
    return this.#founders.list()
  }

  /** A founder was chosen: peers that had been asked before are asked again. */
  onFounder(): void {
    for (const peer of this.#founders.peers()) this.suggest(peer)
  }

  /** Schedules a pull from this peer. Has no effect while one is waiting. */
  suggest(peer: string): void {
    if (this.#stopped.signal.aborted || this.#queued.has(peer)) return
    if (this.#pullCounts.has(peer)) {
      this.#pullAgain.add(peer)
      return
    }
    this.#retries.cancel(peer)
    this.#queued.add(peer)
    const job = this.#pullFrom(peerIdFromString(peer), this.#stopped.signal, false).catch((error: unknown) => {
      const { log, replica } = this.#modules
      // A full disk is told once, by who watches it.
      if (replica.storage.noRoom === undefined)
        log.error('sync.broken', { chain: replica.chain.id, why: String(error) })
    })
    this.#track(job)
  }

  /** The peer has disconnected. */
  forget(peer: string): void {
    this.#scheduler.forget(peer)
    this.#retries.forget(peer)
    this.#peerStates.forget(peer)
    this.#founders.forget(peer)
  }

  /** Pulls from this peer when the scheduler grants a slot, and returns the result. */
  pullNow(
    peer: PeerId,
    signal: AbortSignal,
    { isAsked }: PullReason = { isAsked: true },
  ): Promise<Result<PullResult, SyncFault>> {
    const job = withEither(signal, this.#stopped.signal, (both) => this.#pullToEnd(peer, both, isAsked))
    this.#track(job)
    return job
  }

  /** As {@link ChainSync.pullNow}, in numbers: what is delayed is missing, too. */
  async receive(peer: PeerId, signal: AbortSignal, reason: PullReason): Promise<Result<Offered, SyncFault>> {
    const pulled = await this.pullNow(peer, signal, reason)
    if (!pulled.ok) return pulled
    const { fresh, missing } = pulled.value
    const delayed = this.#modules.replica.delayedCount
    return ok(delayed === 0 ? { fresh, missing } : { fresh, missing: missing + delayed, delayed })
  }

  /** Asks the peer to pull from this node. */
  offer(peer: PeerId, signal: AbortSignal): Promise<Result<Offered, SyncFault>> {
    return offerTo(peer, this.#modules, signal)
  }

  /** Pulls, then fetches the peer's held posts. Returns those that are here now. */
  async fetchHeld(peer: PeerId, signal: AbortSignal): Promise<Result<readonly BlockId[], SyncFault>> {
    const pulled = await this.pullNow(peer, signal)
    return pulled.ok ? fetchHeldFrom(peer, this.#modules, signal) : pulled
  }

  /** Asks the peer for its held posts, for the lobby. Whether it answered. */
  collectHeld(peer: PeerId): Promise<boolean> {
    const modules = {
      ...this.#modules,
      share: (id: string) => this.#modules.standing(id).shares[0] ?? id,
      onBehind: (id: string) => {
        this.suggest(id)
      },
    }
    const job = collectHeld(peer, modules, this.#stopped.signal)
    this.#track(job)
    return job
  }

  /** Whether the peer has this chain and both sides proved their membership. */
  async isShared(peer: PeerId, signal: AbortSignal): Promise<boolean> {
    return (await openOn(peer, this.#modules, signal)).ok
  }

  /** See {@link pullFromEverybody}. */
  askEverybody(signal: AbortSignal): Promise<void> {
    const modules = { ...this.#modules, rankOf: (peer: string) => this.#rankOf(peer) }
    return pullFromEverybody(modules, (peer, deadline) => this.pullNow(peer, deadline), signal)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#retries.stop()
    await Promise.allSettled(this.#jobs)
  }

  #track(job: Promise<unknown>): void {
    this.#jobs.add(job)
    const done = (): void => {
      this.#jobs.delete(job)
    }
    job.then(done, done)
  }

  /** Pulls again after each time it yielded, until the pull ends otherwise. */
  async #pullToEnd(peer: PeerId, signal: AbortSignal, isAsked: boolean): Promise<Result<PullResult, SyncFault>> {
    for (let before = 0; ;) {
      const pulled = await this.#pullFrom(peer, signal, isAsked)
      if (pulled.ok) return ok({ ...pulled.value, fresh: before + pulled.value.fresh })
      if (pulled.fault.code !== 'SYNC_CUT') return pulled
      before += pulled.fault.fresh
    }
  }

  /** Opens the stream first, which may be slow and needs no slot; then waits for a slot and pulls. */
  async #pullFrom(peer: PeerId, signal: AbortSignal, isAsked: boolean): Promise<Result<PullResult, SyncFault>> {
    const id = peer.toString()
    const { noRoom } = this.#modules.replica.storage
    if (noRoom !== undefined) return this.#notAsked(id, noRoom)
    const stream = await this.#modules.client.stream(peer, { signal })
    const slot = stream.ok ? await this.#acquire(id, signal, isAsked) : undefined
    this.#queued.delete(id)
    if (!stream.ok) return this.#failed(id, stream.fault)
    if (slot === undefined) return fail({ code: 'RPC_ABORTED', peer: id })
    this.#pullCounts.set(id, (this.#pullCounts.get(id) ?? 0) + 1)
    try {
      return await this.#pullInSlot(stream.value, slot, signal)
    } finally {
      const others = (this.#pullCounts.get(id) ?? 1) - 1
      if (others > 0) this.#pullCounts.set(id, others)
      else this.#pullCounts.delete(id)
      slot.release()
      if (this.#pullAgain.delete(id)) this.suggest(id)
    }
  }

  #acquire(peer: string, signal: AbortSignal, isAsked: boolean): Promise<PullSlot | undefined> {
    const { shares } = this.#modules.standing(peer)
    const rank = (): Rank => (isAsked ? 'asked' : this.#rankOf(peer))
    return this.#scheduler.acquire({ peer, rank, shares, failedBefore: this.#retries.failedBefore(peer) }, signal)
  }

  #rankOf(peer: string): Rank {
    if (this.#modules.standing(peer).isStatic) return 'static'
    return this.#proven.has(peer) ? 'proven' : 'stranger'
  }

  async #pullInSlot(stream: SyncStream, slot: PullSlot, signal: AbortSignal): Promise<Result<PullResult, SyncFault>> {
    const { replica, log, mayRecheck } = this.#modules
    const id = stream.peer.toString()
    this.#peerStates.note(id, 'syncing', false)
    const onProgress = (isLarge: boolean): void => {
      slot.progress(isLarge)
    }
    const shouldYield = (): boolean => slot.shouldYield()
    const handshake = handshakeOf(stream, this.#modules.self)
    const result = await this.#coordinator.run({
      stream,
      handshake,
      signal,
      mayRecheck: (spent) => mayRecheck(id, spent),
      isStranger: () => this.#rankOf(id) === 'stranger',
      shouldYield,
      onProgress,
      onGave: () => {
        this.#proven.note(id)
        slot.gave()
      },
    })
    const { fresh, missing, end } = result
    // Most are comparisons that find nothing.
    const level = end.why === 'done' && fresh === 0 && missing === 0 ? 'debug' : 'info'
    log[level]('sync.pulled', { chain: replica.chain.id, peer: id, fresh, missing, end: end.why })
    const failed = this.#afterPull(stream.peer, result)
    if (failed !== undefined) return fail(failed)
    const fault = await this.#coordinator.askMissing({ stream, signal, shouldYield, onProgress })
    if (fault !== undefined) this.#modules.onFault(id, fault)
    return ok({ ...result, missing: missing + replica.missing.size })
  }

  /** Applies the outcome of a pull to this peer. Returns the fault to report to the command that asked for the pull. */
  #afterPull(peer: PeerId, result: PullResult): SyncFault | undefined {
    const id = peer.toString()
    const { replica, clock, log, onFault, onPulled } = this.#modules
    const { state, retry: again, isCompared, breach, fault } = outcomeOf(id, result)
    onPulled(peer, result)
    this.#founders.note(id, result.seen)
    this.#peerStates.note(id, state, isCompared === true)
    if (isCompared === true) {
      this.#retries.forget(id)
      if (showsSync(result, replica.graph)) replica.watch.note(clock.nowMs())
    }
    if (fault?.code === 'SYNC_INCOMPATIBLE') {
      log.warn('sync.incompatible', { chain: replica.chain.id, peer: id, ours: fault.ours, theirs: fault.theirs })
    }
    if (breach !== undefined) onFault(id, breach)
    // The recheck budget was spent on blocks that were accepted, so the backoff starts anew.
    if (result.end.why === 'postponed' && result.fresh > 0) this.#retries.forget(id)
    if (again === 'now') this.suggest(id)
    if (again === 'later') this.#retries.later(id)
    return fault
  }

  /** Nothing could be stored. The comparison by the timer asks again when there is room. */
  #notAsked(peer: string, fault: NoRoom): Result<PullResult, SyncFault> {
    this.#queued.delete(peer)
    this.#retries.forget(peer)
    this.#peerStates.note(peer, 'not asked: this node is read-only', false)
    return fail(fault)
  }

  #failed(peer: string, fault: RpcFault): Result<PullResult, SyncFault> {
    if (fault.code === 'RPC_ABORTED') return fail(fault)
    this.#peerStates.note(peer, `does not answer: ${'why' in fault ? fault.why : fault.code}`, false)
    this.#retries.later(peer)
    return fail(fault)
  }
}

/**
 * Sync of one chain (spec §7, §8): decides when to pull from whom, and remembers how it went. A pull that takes long gives
 * way to peers that wait, and goes on later from where it was.
 */
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '@libp2p/interface'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { OFFER_TIMEOUT_MS, PEERS_SHOWN } from '../../../protocol/limits.ts'
import type { PullResult } from '../../../protocol/pull-types.ts'
import type { Clock } from '../../base/clock.ts'
import { fetchHeld } from './fetch-held.ts'
import { PullScheduler, type ExtraPlaces, type Turn } from './pull-scheduler.ts'
import type { Logger } from '../../base/log.ts'
import { handshakeOf, openChain } from './handshake.ts'
import type { ProgressView } from './pull-progress.ts'
import { meaningOf, showsSync } from './pull-outcome.ts'
import { PullCoordinator } from './pull-coordinator.ts'
import type { Replica } from '../../chain/replica.ts'
import { Retries } from './retries.ts'
import { isRpcFault } from './stream-faults.ts'
import type { RpcFault, SyncClient, SyncStream } from './client.ts'
import type { SyncFault } from './faults.ts'
import { withDeadline, withEither } from '../../base/deadline.ts'

/** How long a pull may go on while other peers wait. */
const TURN_MS = 15_000

/** How long it takes at the most to ask those that are there, before a first post. */
const ASK_MS = 3_000

/** The same for looking for others: founding a second forum of one name is for ever, and a search seldom takes long. */
const FIND_MS = 10_000

/** Peers asked for a first post: more would not be done in time. */
const MAX_ASKED = 32

/** How it stands with one peer on this chain; `state` in words. */
export interface PeerStanding {
  readonly id: string
  readonly lastSyncMs: number | null
  readonly state: string
}

export interface SyncModules {
  readonly replica: Replica
  readonly client: SyncClient
  readonly self: PeerId
  readonly clock: Clock
  readonly log: Logger
  readonly onFault: (peer: string, fault: ProtocolFault) => void
  /** See `protocol/rechecks.ts`. */
  readonly mayRecheck: (peer: string) => boolean
  /** The peer has this chain. */
  readonly onShared: (peer: PeerId) => void
  /** Peers that are connected; those known to be on this chain first. */
  readonly connected: () => readonly PeerId[]
  /** Looks for more of them, and connects. */
  readonly findPeers: (signal: AbortSignal) => Promise<void>
  /** Shared by all chains of the node. */
  readonly extra: ExtraPlaces
}

export class ChainSync {
  readonly #modules: SyncModules
  readonly #lane: PullScheduler
  readonly #pulls: PullCoordinator
  readonly #queued = new Set<string>()
  readonly #standing = new Map<string, PeerStanding>()
  readonly #retries = new Retries({
    again: (peer) => {
      this.suggest(peer)
    },
    giveUp: (peer) => {
      this.forget(peer)
    },
  })
  readonly #stopped = new AbortController()
  readonly #jobs = new Set<Promise<unknown>>()
  /** How many pulls from each are under way: a command may ask for one of its own. */
  readonly #active = new Map<string, number>()
  /** Peers that had news while they were being pulled from. */
  readonly #again = new Set<string>()

  constructor(modules: SyncModules) {
    this.#modules = modules
    this.#lane = new PullScheduler(modules.extra)
    this.#pulls = new PullCoordinator(modules.replica, modules.clock)
  }

  /** The peers being pulled from. */
  get active(): readonly string[] {
    return [...this.#active.keys()]
  }

  /** How far the pulls under way have come; `undefined` when they have nothing to fetch. */
  progress(): ProgressView | undefined {
    return this.#pulls.progress()
  }

  /** For how long nothing has come from the peers being pulled from. */
  get idleMs(): number {
    return this.#pulls.idleMs
  }

  peers(): readonly PeerStanding[] {
    return [...this.#standing.values()]
  }

  /** Pull from this peer soon; asking again while it waits changes nothing. */
  suggest(peer: string): void {
    if (this.#stopped.signal.aborted || this.#queued.has(peer)) return
    if (this.#active.has(peer)) {
      this.#again.add(peer)
      return
    }
    this.#retries.cancel(peer)
    this.#queued.add(peer)
    const job = this.#pullFrom(peerIdFromString(peer), this.#stopped.signal).catch((error: unknown) => {
      this.#modules.log.error('sync.broken', { chain: this.#modules.replica.chain.id, why: String(error) })
    })
    this.#track(job)
  }

  /** The peer went away. */
  forget(peer: string): void {
    this.#retries.forget(peer)
    this.#standing.delete(peer)
  }

  /** Pulls now, in turn, and says how it went. */
  pullNow(peer: PeerId, signal: AbortSignal): Promise<Result<PullResult, SyncFault>> {
    const job = withEither(signal, this.#stopped.signal, (both) => this.#pullToEnd(peer, both))
    this.#track(job)
    return job
  }

  /** Asks the peer to pull from here. */
  async offer(peer: PeerId, signal: AbortSignal): Promise<Result<{ fresh: number; missing: number }, SyncFault>> {
    const session = await this.#openWith(peer, signal)
    if (!session.ok) return session
    const { rendezvous: chain } = this.#modules.replica.chain
    const reply = await session.value.request({ t: 'offer', chain }, { signal, timeoutMs: OFFER_TIMEOUT_MS })
    if (!reply.ok) return reply
    if (reply.value.t === 'offered') return ok({ fresh: reply.value.fresh, missing: reply.value.missing })
    return fail({
      code: 'SYNC_REFUSED',
      peer: peer.toString(),
      why: reply.value.t === 'refuse' ? reply.value.code : reply.value.t,
    })
  }

  /** Pulls, then fetches the peer's held posts too; gives those that are here now. */
  async fetchHeld(peer: PeerId, signal: AbortSignal): Promise<Result<readonly BlockId[], SyncFault>> {
    const pulled = await this.pullNow(peer, signal)
    if (!pulled.ok) return pulled
    const session = await this.#openWith(peer, signal)
    if (!session.ok) return session
    const fetched = await fetchHeld(session.value, this.#modules.replica, {
      signal,
      mayRecheck: () => this.#modules.mayRecheck(peer.toString()),
    })
    if (fetched.ok) return fetched
    const { fault } = fetched
    if (isRpcFault(fault)) return fail(fault)
    this.#modules.onFault(peer.toString(), fault)
    return fail({ code: 'SYNC_FAILED', peer: peer.toString(), why: fault.code })
  }

  /** Whether the peer has this chain, and both prove that they may. */
  async isShared(peer: PeerId, signal: AbortSignal): Promise<boolean> {
    return (await this.#openWith(peer, signal)).ok
  }

  /**
   * Pulls once from everybody who is connected, and from those who can be found; for an empty forum, before a first post.
   * Who has just been met may not have said yet what he follows, so those who say nothing are asked too.
   */
  async askEverybody(signal: AbortSignal): Promise<void> {
    const { connected, findPeers } = this.#modules
    const pullAll = async (peers: readonly PeerId[]): Promise<void> => {
      await withDeadline({ ms: ASK_MS, signal }, (deadline) =>
        Promise.all(peers.map((peer) => this.pullNow(peer, deadline))),
      )
    }
    await pullAll(connected().slice(0, MAX_ASKED))
    if (this.#modules.replica.blocks > 0) return
    await withDeadline({ ms: FIND_MS, signal }, findPeers)
    await pullAll(connected().slice(0, MAX_ASKED))
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#retries.stop()
    await Promise.allSettled(this.#jobs)
  }

  async #openWith(peer: PeerId, signal: AbortSignal): Promise<Result<SyncStream, SyncFault>> {
    const { client, replica } = this.#modules
    const session = await client.session(peer, { signal })
    if (!session.ok) return session
    const opened = await openChain(session.value, replica, handshakeOf(session.value, this.#modules.self), signal)
    return opened.ok ? session : opened
  }

  #track(job: Promise<unknown>): void {
    this.#jobs.add(job)
    const done = (): void => {
      this.#jobs.delete(job)
    }
    job.then(done, done)
  }

  /** As often as it has to give way to others. */
  async #pullToEnd(peer: PeerId, signal: AbortSignal): Promise<Result<PullResult, SyncFault>> {
    for (let before = 0; ;) {
      const pulled = await this.#pullFrom(peer, signal)
      if (pulled.ok) return ok({ ...pulled.value, fresh: before + pulled.value.fresh })
      if (pulled.fault.code !== 'SYNC_CUT') return pulled
      before += pulled.fault.fresh
    }
  }

  /** Reaches the peer, which may take long and takes nobody's turn; then waits for its turn, and pulls. */
  async #pullFrom(peer: PeerId, signal: AbortSignal): Promise<Result<PullResult, SyncFault>> {
    const id = peer.toString()
    const session = await this.#modules.client.session(peer, { signal })
    const turn = session.ok ? await this.#lane.enter(signal, this.#retries.failedBefore(id)) : undefined
    this.#queued.delete(id)
    if (!session.ok) return this.#failed(id, session.fault)
    if (turn === undefined) return fail({ code: 'RPC_ABORTED', peer: id })
    this.#active.set(id, (this.#active.get(id) ?? 0) + 1)
    try {
      return await this.#pullInTurn(session.value, turn, signal)
    } finally {
      const others = (this.#active.get(id) ?? 1) - 1
      if (others > 0) this.#active.set(id, others)
      else this.#active.delete(id)
      turn.end()
      if (this.#again.delete(id)) this.suggest(id)
    }
  }

  async #pullInTurn(session: SyncStream, turn: Turn, signal: AbortSignal): Promise<Result<PullResult, SyncFault>> {
    const { replica, log, mayRecheck } = this.#modules
    const id = session.peer.toString()
    this.#note(id, 'syncing', false)
    const startedMs = performance.now()
    const onProgress = (isLarge: boolean): void => {
      turn.progress(isLarge)
    }
    const shouldYield = (): boolean => this.#lane.waiting > 0 && performance.now() - startedMs > TURN_MS
    const handshake = handshakeOf(session, this.#modules.self)
    const result = await this.#pulls.run({
      stream: session,
      handshake,
      signal,
      mayRecheck: () => mayRecheck(id),
      shouldYield,
      onProgress,
    })
    const { fresh, missing, end } = result
    log.info('sync.pulled', { chain: replica.chain.id, peer: id, fresh, missing, end: end.why })
    const failed = this.#afterPull(session.peer, result)
    if (failed !== undefined) return fail(failed)
    const fault = await this.#pulls.askMissing({ stream: session, signal, shouldYield, onProgress })
    if (fault !== undefined) this.#modules.onFault(id, fault)
    return ok({ ...result, missing: missing + replica.missing.size })
  }

  /** What a pull's end means for this peer; the fault, if the command that asked for it is to hear of one. */
  #afterPull(peer: PeerId, result: PullResult): SyncFault | undefined {
    const id = peer.toString()
    const { replica, clock, log, onFault, onShared } = this.#modules
    const { state, again, isCompared, breach, fault } = meaningOf(id, result)
    this.#note(id, state, isCompared === true)
    if (isCompared === true) {
      this.#retries.forget(id)
      if (showsSync(result, replica.graph)) replica.watch.note(clock.nowMs())
      onShared(peer)
    }
    if (fault?.code === 'SYNC_INCOMPATIBLE') {
      log.warn('sync.incompatible', { chain: replica.chain.id, peer: id, ours: fault.ours, theirs: fault.theirs })
    }
    if (breach !== undefined) onFault(id, breach)
    // What came first is what the budget was for: there is more of it later, and more gets in.
    if (result.end.why === 'postponed' && result.fresh > 0) this.#retries.forget(id)
    if (again === 'now') this.suggest(id)
    if (again === 'later') this.#retries.later(id)
    return fault
  }

  #failed(peer: string, fault: RpcFault): Result<PullResult, SyncFault> {
    if (fault.code === 'RPC_ABORTED') return fail(fault)
    this.#note(peer, `does not answer: ${'why' in fault ? fault.why : fault.code}`, false)
    this.#retries.later(peer)
    return fail(fault)
  }

  #note(id: string, state: string, isSynced: boolean): void {
    const lastSyncMs = isSynced ? this.#modules.clock.nowMs() : (this.#standing.get(id)?.lastSyncMs ?? null)
    this.#standing.delete(id)
    this.#standing.set(id, { id, lastSyncMs, state })
    const [oldest] = this.#standing.keys()
    if (oldest !== undefined && this.#standing.size > PEERS_SHOWN) this.#standing.delete(oldest)
  }
}

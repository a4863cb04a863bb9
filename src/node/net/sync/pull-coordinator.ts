/**
 * Coordinates the pulls of one chain that are under way (spec §8): the claims by which no block is requested twice, the
 * overtaking of stragglers, and the progress. `chain-sync.ts` decides when to pull from which peer.
 */
import { Claims, findDeadlocked } from '../../../protocol/claims.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { GET_IDS } from '../../../protocol/sync-limits.ts'
import type { Handshake } from '../../../protocol/membership-proof.ts'
import { overtaken } from '../../../protocol/stragglers.ts'
import type { PullResult } from '../../../protocol/pull-types.ts'
import { BatchSize } from '../../../protocol/batch-size.ts'
import type { Clock } from '../../base/clock.ts'
import { NegativeCache, type Moment } from './negative-cache.ts'
import { askForMissing } from './missing-payloads.ts'
import { PullProgress, type PullStatus, type ProgressView } from './pull-progress.ts'
import { OVERTAKEN, Pull } from './pull.ts'
import type { Replica } from '../../chain/replica.ts'
import type { SyncStream } from './client.ts'
import type { MayRecheck } from '../../chain/intake/signatures.ts'

const OVERTAKE_EVERY_MS = 500

export interface PullTask {
  readonly stream: SyncStream
  readonly handshake: Handshake
  readonly signal: AbortSignal
  /** Takes one of this peer's rechecks. */
  readonly mayRecheck: MayRecheck
  /** Whether the peer is a stranger now; see `pull-rank.ts`. */
  readonly isStranger: () => boolean
  readonly shouldYield: () => boolean
  /** Called when blocks or frames were stored. `isLarge`: enough is left for further pulls to help. */
  readonly onProgress: (isLarge: boolean) => void
  /** Called when blocks of the peer were accepted. */
  readonly onGave: () => void
}

/**
 * Invariants:
 * 1. `#pulls` has the pulls under way. Each holds its own share of `#claims` and is counted once in `#progress` and in
 *   the replica (`beginPull`, `endPull`).
 * 2. The overtake timer runs exactly while there are two pulls or more.
 * 3. `#version` only grows.
 */
export class PullCoordinator {
  readonly #replica: Replica
  readonly #clock: Clock
  readonly #claims = new Claims()
  readonly #negativeCache = new NegativeCache()
  /** Batch sizes adapt to the line; they are kept between pulls, as long as the stream lives. */
  readonly #batchSizes = new WeakMap<SyncStream, BatchSize>()
  readonly #progress = new PullProgress(() => performance.now())
  readonly #pulls = new Set<Pull>()
  /** Peers that are being asked for payloads of blocks that are here. */
  readonly #payloadRequests = new Set<PullStatus>()
  #overtakeTimer: NodeJS.Timeout | undefined
  /** Grows with every acceptance or withdrawal. */
  #version = 0

  constructor(replica: Replica, clock: Clock) {
    this.#replica = replica
    this.#clock = clock
    replica.listen((events) => (this.#version += events.length))
  }

  /** `undefined` if there is nothing to fetch. */
  progress(): ProgressView | undefined {
    const statuses = [...this.#pulls].map((pull) => pull.status)
    return this.#progress.view([...statuses, ...this.#payloadRequests], this.#replica.blocks)
  }

  /** Time since something was last received in a pull. */
  get idleMs(): number {
    return this.#progress.idleMs
  }

  /** Runs one pull to its end. */
  async run(task: PullTask): Promise<PullResult> {
    const { stream, handshake, signal, mayRecheck, isStranger, shouldYield, onProgress, onGave } = task
    const peer = stream.peer.toString()
    const pull = new Pull({
      replica: this.#replica,
      stream,
      handshake,
      signal,
      mayRecheck,
      isStranger,
      claims: this.#claims,
      batchSize: this.#batchSizeOf(stream),
      unsound: (id) => this.#negativeCache.unsound(id),
      fruitless: (heads) => this.#negativeCache.expectedEnd(peer, heads, this.#moment()),
      shouldYield,
      onReceived: (blocks, bytes) => {
        this.#progress.received(blocks, bytes)
      },
      onProgress: () => {
        onProgress(pull.status.wanted > GET_IDS)
      },
      onStored: (outcomes) => {
        this.#negativeCache.noteStored(outcomes)
        if (outcomes.some(({ state }) => state === 'accepted')) onGave()
      },
    })
    this.#begin(pull)
    try {
      const result = await pull.run()
      this.#negativeCache.noteEnd(peer, result, this.#moment())
      return result
    } finally {
      this.#end(pull)
      await this.#replica.endPull()
    }
  }

  /** Fetches missing payloads from a peer. Returns the peer's fault, if it broke the protocol. */
  async askMissing(
    task: Pick<PullTask, 'stream' | 'signal' | 'shouldYield' | 'onProgress'>,
  ): Promise<ProtocolFault | undefined> {
    const { stream, signal, shouldYield, onProgress } = task
    const status = { peer: stream.peer.toString(), wanted: 0, theirs: 0, payloadLeft: 0 }
    const onFrame = (bytes: number, left: number): void => {
      status.payloadLeft = left
      this.#progress.received(0, bytes)
      onProgress(false)
    }
    this.#payloadRequests.add(status)
    this.#progress.begin()
    try {
      return await askForMissing(this.#replica, stream, { signal, nowMs: this.#clock.nowMs(), onFrame, shouldYield })
    } finally {
      this.#progress.end()
      this.#payloadRequests.delete(status)
    }
  }

  #batchSizeOf(stream: SyncStream): BatchSize {
    const batchSize = this.#batchSizes.get(stream) ?? new BatchSize()
    this.#batchSizes.set(stream, batchSize)
    return batchSize
  }

  #begin(pull: Pull): void {
    this.#pulls.add(pull)
    this.#replica.beginPull()
    this.#progress.begin()
    if (this.#pulls.size > 1)
      this.#overtakeTimer ??= setInterval(() => this.#overtake(performance.now()), OVERTAKE_EVERY_MS).unref()
  }

  #end(pull: Pull): void {
    this.#pulls.delete(pull)
    this.#progress.end()
    if (this.#pulls.size > 1) return
    clearInterval(this.#overtakeTimer)
    this.#overtakeTimer = undefined
  }

  /**
   * Cuts stragglers, which are much slower than the pulls that wait for them, and one pull of a cycle of pulls that
   * wait for each other.
   */
  #overtake(nowMs: number): void {
    findDeadlocked(this.#pulls, (one) => [...this.#pulls].find((other) => one.waitsFor(other)))?.cut(OVERTAKEN)
    for (const slow of overtaken([...this.#pulls], nowMs)) slow.cut(OVERTAKEN)
  }

  #moment(): Moment {
    return { version: this.#version, nowMs: this.#clock.nowMs() }
  }
}

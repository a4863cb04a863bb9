/**
 * The pulls of one chain that are under way (spec §8): what they share, so that no block is asked for twice; who holds up
 * whom; how far they have come. When to pull from whom is decided in `chain-sync.ts`.
 */
import { Claims, lastOfCircle } from '../../../protocol/claims.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { GET_IDS } from '../../../protocol/limits.ts'
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
  /** The budget of this peer. */
  readonly mayRecheck: MayRecheck
  readonly shouldYield: () => boolean
  /** Something useful is stored; `isLarge`: so much is still to be fetched that others may help. */
  readonly onProgress: (isLarge: boolean) => void
}

export class PullCoordinator {
  readonly #replica: Replica
  readonly #clock: Clock
  readonly #claims = new Claims()
  readonly #negativeCache = new NegativeCache()
  /** What is known of the lines: from one pull to the next, as long as the stream lives. */
  readonly #batchSizes = new WeakMap<SyncStream, BatchSize>()
  readonly #progress = new PullProgress(() => performance.now())
  readonly #pulls = new Set<Pull>()
  /** Those who are asked for payloads of blocks that are here. */
  readonly #payloadRequests = new Set<PullStatus>()
  #overtakeTimer: NodeJS.Timeout | undefined
  /** Grows with all that is accepted here, or withdrawn. */
  #version = 0

  constructor(replica: Replica, clock: Clock) {
    this.#replica = replica
    this.#clock = clock
    replica.listen((events) => (this.#version += events.length))
  }

  /** `undefined` when there is nothing to tell of. */
  progress(): ProgressView | undefined {
    const statuses = [...this.#pulls].map((pull) => pull.status)
    return this.#progress.view([...statuses, ...this.#payloadRequests], this.#replica.blocks)
  }

  /** For how long nothing has come in from any of them. */
  get idleMs(): number {
    return this.#progress.idleMs
  }

  /** One pull, from its beginning to its end. */
  async run({ stream, handshake, signal, mayRecheck, shouldYield, onProgress }: PullTask): Promise<PullResult> {
    const peer = stream.peer.toString()
    const pull = new Pull({
      replica: this.#replica,
      stream,
      handshake,
      signal,
      mayRecheck,
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

  /** Asks a peer for payloads that are missing here; what it did wrong, if it did. */
  async askMissing(task: Omit<PullTask, 'handshake' | 'mayRecheck'>): Promise<ProtocolFault | undefined> {
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

  /** Ends pulls that others wait for and whose peers are much slower, and one of those that wait for each other. */
  #overtake(nowMs: number): void {
    lastOfCircle(this.#pulls, (one) => [...this.#pulls].find((other) => one.waitsFor(other)))?.cut(OVERTAKEN)
    for (const slow of overtaken([...this.#pulls], nowMs)) slow.cut(OVERTAKEN)
  }

  #moment(): Moment {
    return { version: this.#version, nowMs: this.#clock.nowMs() }
  }
}

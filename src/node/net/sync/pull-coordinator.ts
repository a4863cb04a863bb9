/**
 * The pulls of one chain that are under way (spec §8): what they share, so that no block is asked for twice; who holds up
 * whom; how far they have come. When to pull from whom is decided in `chain-sync.ts`.
 */
import { Claims, findDeadlocked } from '../../../protocol/claims.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { GET_IDS } from '../../../protocol/limits.ts'
import type { Handshake } from '../../../protocol/membership-proof.ts'
import { overtaken } from '../../../protocol/stragglers.ts'
import type { PullResult } from '../../../protocol/pull-types.ts'
import { BatchSize } from '../../../protocol/batch-size.ts'
import type { Clock } from '../../base/clock.ts'
import { NegativeCache, type Moment } from './negative-cache.ts'
import { askForMissing } from './missing-payloads.ts'
import { PullProgress, type Going, type ProgressView } from './pull-progress.ts'
import { OVERTAKEN, Pull } from './pull.ts'
import type { Replica } from '../../chain/replica.ts'
import type { SyncStream } from './client.ts'
import type { MayRecheck } from '../../chain/intake/signatures.ts'

const LOOK_MS = 500

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
  readonly #fruitless = new NegativeCache()
  /** What is known of the lines: from one pull to the next, as long as the stream lives. */
  readonly #widths = new WeakMap<SyncStream, BatchSize>()
  readonly #progress = new PullProgress(() => performance.now())
  readonly #going = new Set<Pull>()
  /** Those who are asked for payloads of blocks that are here. */
  readonly #catchingUp = new Set<Going>()
  #looking: NodeJS.Timeout | undefined
  /** Grows with all that is accepted here, or withdrawn. */
  #version = 0

  constructor(replica: Replica, clock: Clock) {
    this.#replica = replica
    this.#clock = clock
    replica.listen((events) => (this.#version += events.length))
  }

  /** `undefined` when there is nothing to tell of. */
  progress(): ProgressView | undefined {
    const going = [...this.#going].map((pull) => pull.going)
    return this.#progress.view([...going, ...this.#catchingUp], this.#replica.blocks)
  }

  /** For how long nothing has come in from any of them. */
  get idleMs(): number {
    return this.#progress.idleMs
  }

  /** One pull, from its beginning to its end. */
  async run({
    stream: session,
    handshake,
    signal,
    mayRecheck,
    shouldYield,
    onProgress,
  }: PullTask): Promise<PullResult> {
    const peer = session.peer.toString()
    const pull = new Pull({
      replica: this.#replica,
      stream: session,
      handshake,
      signal,
      mayRecheck,
      claims: this.#claims,
      batchSize: this.#widthOf(session),
      unsound: (id) => this.#fruitless.unsound(id),
      fruitless: (heads) => this.#fruitless.before(peer, heads, this.#moment()),
      shouldYield,
      onCame: (blocks, bytes) => {
        this.#progress.came(blocks, bytes)
      },
      onProgress: () => {
        onProgress(pull.going.wanted > GET_IDS)
      },
      onStored: (outcomes) => {
        this.#fruitless.noteStored(outcomes)
      },
    })
    this.#begin(pull)
    try {
      const result = await pull.run()
      this.#fruitless.noteEnd(peer, result, this.#moment())
      return result
    } finally {
      this.#end(pull)
      await this.#replica.endPull()
    }
  }

  /** Asks a peer for payloads that are missing here; what it did wrong, if it did. */
  async askMissing(task: Omit<PullTask, 'handshake' | 'mayRecheck'>): Promise<ProtocolFault | undefined> {
    const { stream: session, signal, shouldYield, onProgress } = task
    const asked = { peer: session.peer.toString(), wanted: 0, theirs: 0, payloadLeft: 0 }
    const onFrame = (bytes: number, left: number): void => {
      asked.payloadLeft = left
      this.#progress.came(0, bytes)
      onProgress(false)
    }
    this.#catchingUp.add(asked)
    this.#progress.begin()
    try {
      return await askForMissing(this.#replica, session, { signal, nowMs: this.#clock.nowMs(), onFrame, shouldYield })
    } finally {
      this.#progress.end()
      this.#catchingUp.delete(asked)
    }
  }

  #widthOf(session: SyncStream): BatchSize {
    const width = this.#widths.get(session) ?? new BatchSize()
    this.#widths.set(session, width)
    return width
  }

  #begin(pull: Pull): void {
    this.#going.add(pull)
    this.#replica.beginPull()
    this.#progress.begin()
    if (this.#going.size > 1) this.#looking ??= setInterval(() => this.#overtake(performance.now()), LOOK_MS).unref()
  }

  #end(pull: Pull): void {
    this.#going.delete(pull)
    this.#progress.end()
    if (this.#going.size > 1) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  /** Ends pulls that others wait for and whose peers are much slower, and one of those that wait for each other. */
  #overtake(nowMs: number): void {
    findDeadlocked(this.#going, (one) => [...this.#going].find((other) => one.waitsFor(other)))?.cut(OVERTAKEN)
    for (const slow of overtaken([...this.#going], nowMs)) slow.cut(OVERTAKEN)
  }

  #moment(): Moment {
    return { version: this.#version, nowMs: this.#clock.nowMs() }
  }
}

/**
 * Takes lists of blocks into one chain: signatures are checked ahead on other threads, the blocks are imported in slices,
 * and what a list changed is committed as one change. Blocks made here that wait for each other are one change too.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Bug, ok, type Result } from '../../../dag/result.ts'
import type { Chain } from '../../../dag/chain.ts'
import { ORDINARY_STEPS, STEPS_PER_RECHECK } from '../../../protocol/limits.ts'
import type { StoreOutcome } from '../../../protocol/pull-types.ts'
import type { Clock } from '../../base/clock.ts'
import { Slices } from '../../base/slices.ts'
import type { BlockImporter } from './block-importer.ts'
import type { Origin } from './chain-events.ts'
import type { Change, CommitQueue } from './commit-queue.ts'
import { CHUNK, SignaturesAhead } from './signatures-ahead.ts'
import { signatureState, UNLIMITED, type MayRecheck, type SignatureState } from './signatures.ts'
import type { Incoming } from './validate-block.ts'
import type { BlockVerifier } from './verify-workers.ts'

/** Blocks imported before other work gets a turn: about 5 ms at worst, when every signature has to be checked again. */
const BLOCKS_PER_TURN = CHUNK

/** Blocks made here that one commit stores: more than connections of the port have calls under way. */
const MADE_AT_ONCE = 256

export interface IngestModules {
  readonly chain: Chain
  readonly importer: BlockImporter
  readonly commitQueue: CommitQueue
  readonly clock: Clock
  readonly verifier: BlockVerifier
}

/** A list of blocks on its way in. */
interface Task {
  readonly list: readonly Incoming[]
  readonly origin: Origin
  readonly signatures: SignaturesAhead
  readonly mayRecheck: MayRecheck
}

/** A block that is to be made, and what became of it. Invariant: after its batch it has an answer or a failure. */
class Making<F> {
  readonly #make: () => Result<Incoming, F>
  #answer: Result<StoreOutcome, F> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(make: () => Result<Incoming, F>) {
    this.#make = make
  }

  /** An error in making it leaves the chain as it is; one in importing it is the batch's. */
  run(take: (incoming: Incoming) => StoreOutcome): void {
    let made: Result<Incoming, F>
    try {
      made = this.#make()
    } catch (error) {
      this.fail(error)
      return
    }
    this.#answer = made.ok ? ok(take(made.value)) : made
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  answer(): Result<StoreOutcome, F> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#answer === undefined) throw new Bug('a block that was to be made was forgotten')
    return this.#answer
  }
}

export class Ingest {
  readonly #modules: IngestModules
  readonly #waiting: Making<unknown>[] = []

  constructor(modules: IngestModules) {
    this.#modules = modules
  }

  /** The checks of signatures begin at once, while earlier lists are still being imported. */
  list(list: readonly Incoming[], origin: Origin, mayRecheck: MayRecheck): Promise<StoreOutcome[]> {
    const task = this.#taskOf(list, origin, mayRecheck)
    // A pull brings many lists: the next is judged while the one before is being written.
    return this.#modules.commitQueue.run((change) => this.#import(task, change), { duringWrite: origin === 'pull' })
  }

  /**
   * Makes a block with the chain at rest, and imports it before anything else changes. Those that come while a commit is being
   * written are made one after another, and stored by one synced write (group commit). Each is answered when that is done.
   */
  async made<F>(make: () => Result<Incoming, F>): Promise<Result<StoreOutcome, F>> {
    const making = new Making(make)
    this.#waiting.push(making)
    // Whoever comes first makes all that wait by then; to the others nothing is left to do.
    await this.#modules.commitQueue.run((change) => this.#makeWaiting(change))
    return making.answer()
  }

  async #makeWaiting(change: Change): Promise<void> {
    const batch = this.#waiting.splice(0, MADE_AT_ONCE)
    if (batch.length === 0) return
    try {
      await change('here', () => this.#makeAll(batch))
    } catch (error) {
      for (const making of batch) making.fail(error)
    }
  }

  async #makeAll(batch: readonly Making<unknown>[]): Promise<void> {
    const { importer, clock } = this.#modules
    const slices = new Slices()
    for (const making of batch) {
      if (slices.isOver) await slices.next()
      making.run((incoming) => {
        // It may have been made elsewhere, for a draft.
        const signature = (): SignatureState => signatureState(incoming.block, UNLIMITED)
        return importer.import(incoming, { origin: 'here', nowMs: clock.nowMs(), signature })
      })
    }
  }

  #taskOf(list: readonly Incoming[], origin: Origin, mayRecheck: MayRecheck): Task {
    const { chain, verifier } = this.#modules
    return { list, origin, signatures: new SignaturesAhead(chain, list, verifier), mayRecheck }
  }

  async #import(task: Task, change: Change): Promise<StoreOutcome[]> {
    const outcomes: StoreOutcome[] = []
    await change(task.origin, () => this.#importSlices(task, outcomes))
    const unread = task.list.slice(outcomes.length).map(({ block: { id } }) => ({ id, state: 'postponed' }) as const)
    return [...outcomes, ...unread]
  }

  /**
   * Ends at a forged signature: the sender is not trusted with the blocks behind it. And at a block that did not get in, if the
   * sender has no more of the budget that it took; whoever takes part honestly serves what is accepted.
   */
  async #importSlices({ list, origin, signatures, mayRecheck }: Task, outcomes: StoreOutcome[]): Promise<void> {
    const { importer, clock } = this.#modules
    // Gossip brings one block at a time. A pull fetches it again.
    if (origin === 'gossip' && !mayRecheck(0)) return
    // What came of time alone is nobody's.
    importer.takeWork()
    for (const [position, incoming] of list.entries()) {
      if (position % BLOCKS_PER_TURN === 0) {
        if (position > 0) await nextTurn()
        await signatures.reach(position)
      }
      const native = signatures.holds(position) ? true : undefined
      const signature = (): SignatureState => signatureState(incoming.block, mayRecheck, native)
      const outcome = importer.import(incoming, { origin, nowMs: clock.nowMs(), signature })
      outcomes.push(outcome)
      if (outcome.state === 'refused' && outcome.fault.code === 'DAG_BAD_SIGNATURE') return
      const steps = importer.takeWork()
      const isCharged = outcome.state !== 'accepted' && steps > ORDINARY_STEPS
      if (isCharged && !mayRecheck(steps / STEPS_PER_RECHECK)) return
    }
  }
}

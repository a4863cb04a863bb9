/**
 * Takes lists of blocks into one chain: signatures are checked ahead on other threads, the blocks are imported in slices,
 * and what a list changed is committed as one change. `open-change.ts` does so with blocks made here.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Result } from '../../../dag/result.ts'
import type { Chain } from '../../../dag/chain.ts'
import { ORDINARY_STEPS, STEPS_PER_RECHECK } from '../../../protocol/intake-limits.ts'
import type { StoreOutcome } from '../../../protocol/pull-types.ts'
import type { Clock } from '../../base/clock.ts'
import type { BlockImporter } from './block-importer.ts'
import type { Origin } from './chain-events.ts'
import type { Change, CommitQueue } from './commit-queue.ts'
import { OpenChange } from './open-change.ts'
import { CHUNK, SignaturesAhead } from './signatures-ahead.ts'
import { signatureState, type MayRecheck, type SignatureState } from './signatures.ts'
import type { Incoming } from './validate-block.ts'
import type { BlockVerifier } from './verify-workers.ts'

/** Blocks imported before other work gets a turn: about 5 ms at worst, when every signature has to be checked again. */
const BLOCKS_PER_TURN = CHUNK

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

export class Ingest {
  readonly #modules: IngestModules
  readonly #posts: OpenChange

  constructor(modules: IngestModules) {
    this.#modules = modules
    this.#posts = new OpenChange(modules)
  }

  /** The checks of signatures begin at once, while earlier lists are still being imported. */
  list(list: readonly Incoming[], origin: Origin, mayRecheck: MayRecheck): Promise<StoreOutcome[]> {
    const task = this.#taskOf(list, origin, mayRecheck)
    // A pull brings many lists: the next is judged while the one before is being written.
    return this.#modules.commitQueue.run((change) => this.#import(task, change), { duringWrite: origin === 'pull' })
  }

  /**
   * Makes a block between two changes, and imports it before anything else changes. Those that come while a commit is being
   * written are made at once, and stored together by one synced write (group commit). Each is answered when that is done.
   */
  made<F>(make: () => Result<Incoming, F>): Promise<Result<StoreOutcome, F>> {
    return this.#posts.add(make)
  }

  /** Looks at the chain as the next block made here would find it. */
  look<T>(look: () => T): Promise<T> {
    return this.#posts.look(look)
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

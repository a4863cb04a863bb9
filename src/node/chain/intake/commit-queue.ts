/**
 * The one queue of changes to a chain, first in memory and then in its store (spec §5), so that the two always agree. What
 * a job changes is up to the caller.
 *
 * Invariants:
 * 1. One job runs at a time, and only the running job changes the chain in memory.
 * 2. Commits are written one at a time, in the order of their changes. Memory is at most one change ahead of the commit
 *    being written.
 * 3. `#stored`, `#blocks` and `#pioneer` describe the store: they move only when a commit is written.
 * 4. Listeners hear of a change after it is stored, and in the order of the changes.
 * 5. Once `#failure` is set, every change fails with it, and no block that is not stored is accepted.
 */
import type { Block } from '../../../dag/block.ts'
import { Bug } from '../../../dag/result.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import { ridesAlong } from '../../../protocol/announce.ts'
import type { ChainStore } from '../../../reputation/block-state.ts'
import type { ChainEvent, Origin } from './chain-events.ts'
import { buildCommit, type ReadyCommit } from './build-commit.ts'
import type { BlockStates } from './block-states.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { ChangeSet } from './change-set.ts'
import { JobQueue } from '../../base/job-queue.ts'
import type { PayloadIndex } from './payload-index.ts'

export interface CommitQueueModules {
  readonly blockStates: BlockStates
  readonly store: ChainStore
  readonly payloadIndex: PayloadIndex
  readonly clock: Clock
  /** How long the payload of a hidden post is kept aside. */
  readonly keepHiddenMs: number
  readonly log: Logger
  /** Called after a change that has events is stored. */
  readonly onStored: (events: readonly ChainEvent[], origin: Origin) => void
  /** Called once, when a change failed: nothing more is accepted until the node restarts. */
  readonly onFailure: (error: Error) => void
}

/** Changes the chain in memory by `alter`, then commits what it changed. */
export type Change = (origin: Origin, alter: () => Promise<void> | void) => Promise<void>

export interface RunOptions {
  /** The job may begin while the commit before it is still being written. By default it begins once that is stored and told. */
  readonly duringWrite?: boolean
}

/** A change in memory that is ready to be stored, and what holds once it is. */
interface Prepared {
  readonly commit: ReadyCommit
  readonly changeSet: ChangeSet
  readonly acceptedCount: number
  readonly pioneer: AuthorKey | undefined
  readonly newest: NewestBlock | undefined
}

/** A block with its whole payload, small enough to ride in an announcement. */
export interface NewestBlock {
  readonly index: number
  readonly block: Block
  readonly payload: Uint8Array
}

function newestOf({ newest, end }: ReadyCommit): NewestBlock | undefined {
  if (newest === undefined) return undefined
  const { block, payload } = newest
  if (!(payload instanceof Uint8Array) || !ridesAlong(block.headerBytes.byteLength, payload.byteLength))
    return undefined
  return { index: end - 1, block, payload }
}

export class CommitQueue {
  readonly #modules: CommitQueueModules
  readonly #queue = new JobQueue()
  /** The write of the newest commit. */
  #writing: Promise<void> = Promise.resolve()
  /** Blocks with this index or a higher one are not stored. */
  #stored: number
  #blocks: number
  #pioneer: AuthorKey | undefined
  #newest: NewestBlock | undefined
  #failure: Error | undefined

  constructor(modules: CommitQueueModules) {
    const { state, staging } = modules.blockStates
    this.#modules = modules
    this.#stored = staging.stored
    this.#blocks = state.graph.acceptedCount
    this.#pioneer = state.pioneer
  }

  /** Accepted blocks that are stored. */
  get blocks(): number {
    return this.#blocks
  }

  /** As far as its post is stored. */
  get pioneer(): AuthorKey | undefined {
    return this.#pioneer
  }

  /**
   * The last block of the last commit, if it was made here and is small: it is announced at once, and need not be read back.
   * Any later commit ends it, one that hides it too.
   */
  get newest(): NewestBlock | undefined {
    return this.#newest
  }

  /** Why the first failed change failed: what the disk holds since then is unknown. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /**
   * Runs a job after those of earlier calls. A job that does not call `change` only looks at the chain. Resolves when what
   * the job changed is stored and told. A job that throws outside of `change` leaves the queue usable.
   */
  async run<T>(job: (change: Change) => Promise<T> | T, { duringWrite = false }: RunOptions = {}): Promise<T> {
    const untold: Promise<void>[] = []
    const change: Change = async (origin, alter) => {
      const { told } = await this.#change(origin, alter)
      // With `duringWrite` the job's turn ends before its commit is written, so that the next job can begin.
      if (duringWrite) untold.push(told)
      else await told
    }
    const result = await this.#queue.run(async () => {
      if (!duringWrite) await this.written()
      return job(change)
    })
    await Promise.all(untold)
    return result
  }

  /** Resolves when no job is running; whatever was passed to the store before is visible to reads then. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Resolves when no job is running and no commit is being written. */
  async end(): Promise<void> {
    await this.#queue.idle()
    await this.written()
  }

  /** Resolves when the commit that is being written now is on disk, or has failed: a failed write makes the next change fail. */
  written(): Promise<void> {
    return this.#writing.catch(() => undefined)
  }

  async #change(origin: Origin, alter: () => Promise<void> | void): Promise<{ readonly told: Promise<void> }> {
    if (this.#failure !== undefined) throw this.#failure
    try {
      await alter()
      await this.#writing
      const prepared = await this.#prepare(origin)
      this.#writing = this.#store(prepared)
      // Not part of `#writing`: an error in a listener is not the store's failure.
      return { told: this.#writing.then(() => this.#tell(prepared.changeSet, origin)) }
    } catch (error) {
      return this.#fail(error)
    }
  }

  async #prepare(origin: Origin): Promise<Prepared> {
    const { blockStates } = this.#modules
    const changeSet = blockStates.takeChangeSet()
    const { graph, pioneer } = blockStates.state
    const { acceptedCount } = graph
    const commit = await buildCommit(this.#modules, changeSet, { sync: origin === 'here' })
    const newest = origin === 'here' ? newestOf(commit) : undefined
    return { commit, changeSet, acceptedCount, pioneer, newest }
  }

  async #store({ commit, acceptedCount, pioneer, newest }: Prepared): Promise<void> {
    // Until this is written it is not known what became of the payload of the block before.
    this.#newest = undefined
    try {
      await commit.write()
    } catch (error) {
      this.#fail(error)
    }
    this.#stored = commit.end
    this.#blocks = acceptedCount
    this.#pioneer = pioneer
    this.#newest = newest
  }

  #tell({ events, delayed }: ChangeSet, origin: Origin): void {
    const { log, blockStates, onStored } = this.#modules
    const chain = blockStates.state.chain.id
    if (delayed > 0) log.warn('chain.delayed', { chain, blocks: delayed })
    if (events.length === 0) return
    log.debug('chain.changed', { chain, events: events.length })
    onStored(events, origin)
  }

  /** Withdraws the blocks that are not stored, highest first, so that no peer is served what a restart would not have. */
  #fail(cause: unknown): never {
    const { blockStates, log, onFailure } = this.#modules
    const { chain, graph } = blockStates.state
    const error = this.#failure ?? (cause instanceof Error ? cause : new Bug(String(cause)))
    for (let index = graph.size - 1; index >= this.#stored; index -= 1) {
      if (graph.isAccepted(index)) graph.withdraw(index)
    }
    if (this.#failure === undefined) {
      this.#failure = error
      log.error('chain.unusable', { chain: chain.id, error })
      onFailure(error)
    }
    throw error
  }
}

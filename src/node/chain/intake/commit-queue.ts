/**
 * The one queue of changes to a chain, in memory and then in its store (spec §5), so that the two always agree. A change
 * begins when the one before it is stored; blocks of a pull are judged already while the one before is being written. What
 * changes is the replica's business.
 */
import { Bug } from '../../../dag/result.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import type { ChainStore } from '../../../reputation/block-state.ts'
import type { ChainEvent, Origin } from './chain-events.ts'
import { buildCommit, type ReadyCommit } from './build-commit.ts'
import type { BlockStates } from './block-states.ts'
import type { Logger } from '../../base/log.ts'
import type { ChangeSet } from './change-set.ts'
import { JobQueue } from '../../base/job-queue.ts'
import type { PayloadIndex } from './payload-index.ts'

export interface CommitQueueModules {
  readonly blockStates: BlockStates
  readonly store: ChainStore
  readonly payloadIndex: PayloadIndex
  readonly log: Logger
  /** Told of each change once it is stored, if there is anything to tell. */
  readonly onStored: (events: readonly ChainEvent[], origin: Origin) => void
  /** Told once, when the store failed and nothing more can be taken in until the node starts anew. */
  readonly onFailure: (error: Error) => void
}

/** A change in memory that is to be stored, and what is true once it is. */
interface Prepared {
  readonly commit: ReadyCommit
  readonly pending: ChangeSet
  readonly acceptedCount: number
  readonly pioneer: AuthorKey | undefined
}

export class CommitQueue {
  readonly #modules: CommitQueueModules
  readonly #queue = new JobQueue()
  /** The commit under way. */
  #writing: Promise<void> = Promise.resolve()
  /** Indexes from this one on are not in the store yet. */
  #stored: number
  #blocks: number
  #pioneer: AuthorKey | undefined
  /** Of the first change that broke off: what is on the disk since then is not known, so nothing more is taken in. */
  #failure: Error | undefined

  constructor(modules: CommitQueueModules) {
    const { state: reputation, staging } = modules.blockStates
    this.#modules = modules
    this.#stored = staging.stored
    this.#blocks = reputation.graph.acceptedCount
    this.#pioneer = reputation.pioneer
  }

  /** Accepted blocks that are in the store. */
  get blocks(): number {
    return this.#blocks
  }

  /** As far as it is in the store. */
  get pioneer(): AuthorKey | undefined {
    return this.#pioneer
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  /** Runs a job between two changes: all before it is stored and told. It may make changes with {@link now}. */
  rest<T>(job: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      await this.#written()
      return job()
    })
  }

  /** Changes memory and store alike, then tells; within a {@link rest}. If it breaks off, every later change fails as it did. */
  async now(origin: Origin, run: () => Promise<void> | void): Promise<void> {
    const { written } = await this.#begin(origin, run)
    await written
  }

  /** The same in its turn, though the next one is begun while this one is being written. */
  async ahead(origin: Origin, run: () => Promise<void>): Promise<void> {
    const { written } = await this.#queue.run(() => this.#begin(origin, run))
    await written
  }

  /** Waits until no change is under way in memory; all that was asked of the store before is written when it answers. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Waits for everything that is under way. */
  async end(): Promise<void> {
    await this.#queue.idle()
    await this.#written()
  }

  /** Waits for the commit under way. If it failed, whatever comes next fails as it did. */
  #written(): Promise<void> {
    return this.#writing.catch(() => undefined)
  }

  async #begin(origin: Origin, run: () => Promise<void> | void): Promise<{ readonly written: Promise<void> }> {
    if (this.#failure !== undefined) throw this.#failure
    try {
      await run()
      await this.#writing
      const prepared = await this.#prepare(origin)
      this.#writing = this.#store(prepared)
      // Whoever waits for it is told first: what a listener does wrong is not the store's failure.
      return { written: this.#writing.then(() => this.#tell(prepared.pending, origin)) }
    } catch (error) {
      return this.#fail(error)
    }
  }

  async #prepare(origin: Origin): Promise<Prepared> {
    const { blockStates } = this.#modules
    const pending = blockStates.takePending()
    const { graph, pioneer } = blockStates.state
    const { acceptedCount } = graph
    const commit = await buildCommit(this.#modules, pending, { sync: origin === 'here' })
    return { commit, pending, acceptedCount, pioneer }
  }

  async #store({ commit, acceptedCount, pioneer }: Prepared): Promise<void> {
    try {
      await commit.write()
    } catch (error) {
      this.#fail(error)
    }
    this.#stored = commit.end
    this.#blocks = acceptedCount
    this.#pioneer = pioneer
  }

  #tell({ events, delayed }: ChangeSet, origin: Origin): void {
    const { log, blockStates, onStored } = this.#modules
    const chain = blockStates.state.chain.id
    if (delayed > 0) log.warn('chain.delayed', { chain, blocks: delayed })
    if (events.length === 0) return
    log.debug('chain.changed', { chain, events: events.length })
    onStored(events, origin)
  }

  /** What is not in the store is not served: its blocks are withdrawn, highest first, also those judged meanwhile. */
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

/**
 * All writes of all chains go through one queue, in the order they come, each whole within one LevelDB batch. Jobs that
 * come while a batch is being written are merged into the next one, so any number of synced commits share one flush.
 */
import type { LevelDatastore } from 'datastore-level'
import { messageOf, StorageFailed } from './faults.ts'

export type Level = LevelDatastore['db']

export type WriteOp =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

interface Job {
  readonly ops: readonly WriteOp[]
  readonly sync: boolean
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (failure: StorageFailed) => void
}

/** No more jobs are merged beyond this size: LevelDB copies a batch in memory. A larger job is a batch of its own. */
const MERGED_BYTES = 4 * 1024 * 1024

/** Estimated bytes of an operation besides its value. */
const OP_BYTES = 128

/**
 * Batches whose rows are larger than this on average are passed to LevelDB as a list. That takes twice the time per row on
 * this thread, for each is copied and checked once more. A chained batch, however, keeps its copy of the rows until it is
 * garbage-collected, and the collector does not know its size: tens of MiB would pile up.
 */
const LARGE_ROW_BYTES = 4 * 1024

function bytesOf(ops: readonly WriteOp[]): number {
  return ops.reduce((sum, op) => sum + OP_BYTES + (op.type === 'put' ? op.value.byteLength : 0), 0)
}

/**
 * Invariants: `#running` is set while the queue is being written; once `#failure` is set every job rejects with it; once
 * `#isClosed` is set no job is queued.
 */
export class BatchWriter {
  readonly #db: Level
  readonly #whyLost: () => string | undefined
  #queue: Job[] = []
  #running: Promise<void> | undefined
  readonly #onFailure: (failure: StorageFailed) => void
  #failure: StorageFailed | undefined
  #isClosed = false

  /**
   * @param whyLost - why what is written now would not be found after a restart; asked while each synced write is under way
   * @param onFailure - called once, when a write has failed and all later ones will
   */
  constructor(
    db: Level,
    whyLost: () => string | undefined = () => undefined,
    onFailure: (failure: StorageFailed) => void = () => undefined,
  ) {
    this.#db = db
    this.#whyLost = whyLost
    this.#onFailure = onFailure
  }

  /** Resolves when the job is with the operating system or, if `sync`, on the disk. */
  write(ops: readonly WriteOp[], sync: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new StorageFailed('the disk is closed'))
        return
      }
      this.#queue.push({ ops, sync, bytes: bytesOf(ops), resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Finishes the jobs so far; later ones reject. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // All jobs of this tick go into the first batch.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#writeNext()
    this.#running = undefined
  }

  async #writeNext(): Promise<void> {
    const jobs = this.#takeJobs()
    try {
      if (this.#failure !== undefined) throw this.#failure
      const ops = jobs.flatMap((job) => job.ops)
      const bytes = jobs.reduce((sum, job) => sum + job.bytes, 0)
      const options = { sync: jobs.some((job) => job.sync) }
      const written =
        bytes > ops.length * LARGE_ROW_BYTES ? this.#db.batch(ops, options) : this.#chained(ops).write(options)
      // While the disk works: what goes away from now on goes away after it was written.
      const lost = options.sync ? this.#whyLost() : undefined
      await written
      if (lost !== undefined) throw new StorageFailed(lost)
      for (const job of jobs) job.resolve()
    } catch (cause) {
      if (this.#failure === undefined) {
        const why = `a write failed: ${messageOf(cause)}`
        this.#failure = cause instanceof StorageFailed ? cause : new StorageFailed(why, { cause })
        this.#onFailure(this.#failure)
      }
      for (const job of jobs) job.reject(this.#failure)
    }
  }

  #chained(ops: readonly WriteOp[]): ReturnType<Level['batch']> {
    const batch = this.#db.batch()
    for (const op of ops) {
      if (op.type === 'put') batch.put(op.key, op.value)
      else batch.del(op.key)
    }
    return batch
  }

  #takeJobs(): Job[] {
    let bytes = 0
    const end = this.#queue.findIndex((job, n) => {
      bytes += job.bytes
      return n > 0 && bytes > MERGED_BYTES
    })
    return this.#queue.splice(0, end === -1 ? this.#queue.length : end)
  }
}

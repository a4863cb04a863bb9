/**
 * The one door for writes of chains: jobs are written in the order they come, each whole within one LevelDB batch. What
 * comes while a batch is being written is merged into the next, so that any number of synced commits, of any chains,
 * share one flush.
 */
import type { LevelDatastore } from 'datastore-level'
import { StorageFailed } from './faults.ts'

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

/** Merged jobs stop at this size: LevelDB copies a batch in memory. A single larger job is still one batch. */
const MERGED_BYTES = 4 * 1024 * 1024

/** What a row costs besides its value, roughly. */
const OP_BYTES = 128

/**
 * Rows of more than this on average are written as a list. That is twice the time on this thread for each, for it is copied
 * and checked once more; but a batch that is filled op by op keeps its copy of the rows until the garbage is collected, and
 * a collector that does not know how large it is waits until there are tens of MiB of them.
 */
const LARGE_ROW_BYTES = 4 * 1024

function bytesOf(ops: readonly WriteOp[]): number {
  return ops.reduce((sum, op) => sum + OP_BYTES + (op.type === 'put' ? op.value.byteLength : 0), 0)
}

export class BatchWriter {
  readonly #db: Level
  #queue: Job[] = []
  #running: Promise<void> | undefined
  #failure: StorageFailed | undefined
  #isClosed = false

  constructor(db: Level) {
    this.#db = db
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

  /** Writes what was asked for before, and refuses the rest. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // Lets all jobs of this tick into the first batch.
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
      await (bytes > ops.length * LARGE_ROW_BYTES ? this.#db.batch(ops, options) : this.#opByOp(ops).write(options))
      for (const job of jobs) job.resolve()
    } catch (cause) {
      this.#failure ??= new StorageFailed('a write failed', { cause })
      for (const job of jobs) job.reject(this.#failure)
    }
  }

  #opByOp(ops: readonly WriteOp[]): ReturnType<Level['batch']> {
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

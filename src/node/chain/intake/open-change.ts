/**
 * Takes in blocks that this node makes (spec §5, *Posting*). While a commit is being written a change stays open behind it:
 * blocks are made and imported into it as they are asked for, and stored by one synced write when the commit before is on disk.
 * No block is answered before its own write is.
 *
 * Invariants:
 * 1. `#waiting` has what was asked for and not made yet. While it is not empty a change is open, or queued.
 * 2. `#isQueued` from when a change is asked for until it takes no more blocks.
 * 3. What an open change took is answered, or fails, when that change is stored and told, or has failed.
 */
import { Bug, ok, type Result } from '../../../dag/result.ts'
import type { StoreOutcome } from '../../../protocol/pull-types.ts'
import type { Clock } from '../../base/clock.ts'
import { Slices } from '../../base/slices.ts'
import type { BlockImporter } from './block-importer.ts'
import type { CommitQueue } from './commit-queue.ts'
import { signatureState, UNLIMITED, type SignatureState } from './signatures.ts'
import type { Incoming } from './validate-block.ts'

/** Blocks that one commit stores: more than connections of the port have calls under way. */
const MADE_AT_ONCE = 256

export interface OpenChangeModules {
  readonly importer: BlockImporter
  readonly commitQueue: CommitQueue
  readonly clock: Clock
}

/** A block that is to be made, and who waits for it. */
interface Making {
  /** Makes and imports it. What it throws in making leaves the chain as it is; in importing, it is the change's failure. */
  readonly run: () => void
  /** Answers with what {@link run} found. */
  readonly stored: () => void
  readonly failed: (error: unknown) => void
}

export class OpenChange {
  readonly #modules: OpenChangeModules
  readonly #waiting: Making[] = []
  #isQueued = false
  #wake: () => void = () => undefined

  constructor(modules: OpenChangeModules) {
    this.#modules = modules
  }

  add<F>(make: () => Result<Incoming, F>): Promise<Result<StoreOutcome, F>> {
    return new Promise((resolve, reject) => {
      let answer: (() => void) | undefined
      const run = (): void => {
        let made: Result<Incoming, F>
        try {
          made = make()
        } catch (error) {
          answer = () => reject(error instanceof Error ? error : new Bug(String(error)))
          return
        }
        const outcome = made.ok ? ok(this.#import(made.value)) : made
        answer = () => resolve(outcome)
      }
      this.#queue({ run, stored: () => answer?.(), failed: reject })
    })
  }

  /** Calls `look` between two blocks; its answer waits for no write. */
  look<T>(look: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(look())
        } catch (error) {
          reject(error instanceof Error ? error : new Bug(String(error)))
        }
      }
      this.#queue({ run, stored: () => undefined, failed: reject })
    })
  }

  #queue(making: Making): void {
    this.#waiting.push(making)
    this.#wake()
    if (!this.#isQueued) void this.#change()
  }

  async #change(): Promise<void> {
    this.#isQueued = true
    const taken: Making[] = []
    try {
      await this.#modules.commitQueue.run((change) => change('here', () => this.#fill(taken)), { duringWrite: true })
      for (const making of taken) making.stored()
    } catch (error) {
      // The chain takes nothing more: a change that was not opened any more took nothing.
      if (taken.length === 0) {
        this.#isQueued = false
        taken.push(...this.#waiting.splice(0))
      }
      for (const making of taken) making.failed(error)
    }
  }

  /** Takes what waits, and what comes until the commit before is on disk. */
  async #fill(taken: Making[]): Promise<void> {
    try {
      const written = this.#modules.commitQueue.written()
      const slices = new Slices()
      do await this.#take(taken, slices)
      while (taken.length < MADE_AT_ONCE && (await this.#isMore(written)))
    } finally {
      this.#isQueued = false
      if (this.#waiting.length > 0) void this.#change()
    }
  }

  async #take(taken: Making[], slices: Slices): Promise<void> {
    while (taken.length < MADE_AT_ONCE) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      taken.push(next)
      next.run()
      if (slices.isOver) await slices.next()
    }
  }

  /** Resolves when something waits, or when the commit before is on disk: then with whether something does. */
  async #isMore(written: Promise<void>): Promise<boolean> {
    if (this.#waiting.length > 0) return true
    const added = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    await Promise.race([written, added])
    return this.#waiting.length > 0
  }

  #import(incoming: Incoming): StoreOutcome {
    const { importer, clock } = this.#modules
    // It may have been signed elsewhere, for a draft.
    const signature = (): SignatureState => signatureState(incoming.block, UNLIMITED)
    return importer.import(incoming, { origin: 'here', nowMs: clock.nowMs(), signature })
  }
}

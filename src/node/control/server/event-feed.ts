/**
 * A bounded queue of events for one subscription (spec §10). Pushing never waits. When the feeds of one client have more
 * bytes queued than the limit, it is too slow: the feed drops everything, and reading throws {@link SlowReader}.
 */
import { Bug } from '../../../dag/result.ts'
import { FEED_BYTES } from '../port-limits.ts'

/** The subscriber did not read its events in time. */
export class SlowReader extends Error {
  override readonly name = 'SlowReader'
}

export interface FeedOptions {
  /** Aborted when the client is gone; ends the feed. The feeds of one client have the same one. */
  readonly signal: AbortSignal
  /** Limit of the bytes queued for that client, as JSON. */
  readonly limitBytes?: number
  /** Called once, when the feed ends for any reason: unregister from the source here. */
  readonly onEnd?: () => void
}

/**
 * A queue with one writer and one reader. Register it at the source before a backlog is computed, so that no event is
 * lost between the two.
 *
 * Invariants:
 * - While `#state` is `open`, `#bytes` is the sum of `bytes` over `#waiting`, and counted in `#queued`; that is at most the
 *   limit.
 * - `#reader` is set only while `#waiting` is empty and `#state` is `open`.
 * - `#state` leaves `open` once and never returns; `#onEnd` is called at that moment. Events queued before `ended`
 *   can still be read; `slow` drops them.
 */
export class EventFeed<T> implements AsyncIterableIterator<T> {
  readonly #limitBytes: number
  readonly #signal: AbortSignal
  readonly #onEnd: (() => void) | undefined
  readonly #abort = (): void => this.end()
  #waiting: { readonly event: T; readonly bytes: number }[] = []
  #bytes = 0
  readonly #queued: { bytes: number }
  #reader: { resolve: (step: IteratorResult<T>) => void; reject: (error: SlowReader) => void } | undefined
  #state: 'open' | 'ended' | 'slow' = 'open'

  constructor(options: FeedOptions) {
    this.#limitBytes = options.limitBytes ?? FEED_BYTES
    this.#signal = options.signal
    this.#onEnd = options.onEnd
    this.#queued = queuedFor(options.signal)
    if (options.signal.aborted) this.end()
    else options.signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** Whether the feed takes no more events. */
  get isEnded(): boolean {
    return this.#state !== 'open'
  }

  /**
   * Queues an event, or passes it to a waiting reader. Returns false once the feed has ended, so that the source can
   * drop it.
   */
  push(event: T): boolean {
    if (this.#state !== 'open') return false
    if (this.#reader !== undefined) {
      const reader = this.#reader
      this.#reader = undefined
      reader.resolve({ done: false, value: event })
      return true
    }
    const bytes = JSON.stringify(event).length
    this.#waiting.push({ event, bytes })
    this.#count(bytes)
    if (this.#queued.bytes > this.#limitBytes) this.#close('slow')
    return !this.isEnded
  }

  /** Ends the feed. Queued events can still be read, unless the client is gone. */
  end(): void {
    if (this.#signal.aborted) this.#clear()
    this.#close('ended')
  }

  next(): Promise<IteratorResult<T>> {
    const first = this.#waiting.shift()
    if (first !== undefined) {
      this.#count(-first.bytes)
      return Promise.resolve({ done: false, value: first.event })
    }
    if (this.#state === 'slow') return Promise.reject(new SlowReader('events came faster than they were read'))
    if (this.#state === 'ended') return Promise.resolve({ done: true, value: undefined })
    if (this.#reader !== undefined) throw new Bug('an event feed has one reader')
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  return(): Promise<IteratorResult<T>> {
    this.#clear()
    this.#close('ended')
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#queued.bytes += bytes
  }

  #clear(): void {
    this.#count(-this.#bytes)
    this.#waiting = []
  }

  #close(state: 'ended' | 'slow'): void {
    if (this.#state !== 'open') return
    this.#state = state
    if (state === 'slow') this.#clear()
    this.#signal.removeEventListener('abort', this.#abort)
    this.#reader?.resolve({ done: true, value: undefined })
    this.#reader = undefined
    this.#onEnd?.()
  }
}

/** What is queued in all feeds of a client. */
const QUEUED = new WeakMap<AbortSignal, { bytes: number }>()

function queuedFor(client: AbortSignal): { bytes: number } {
  const queued = QUEUED.get(client) ?? { bytes: 0 }
  QUEUED.set(client, queued)
  return queued
}

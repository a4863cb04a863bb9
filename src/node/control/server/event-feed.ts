/**
 * A bounded queue of events for one subscriber (spec §10). Pushing never waits. When more bytes are queued than the
 * limit, the subscriber is too slow: the feed drops everything, and reading throws {@link SlowReader}.
 */
import { Bug } from '../../../dag/result.ts'
import { FEED_BYTES } from '../port-limits.ts'

/** The subscriber did not read its events in time. */
export class SlowReader extends Error {
  override readonly name = 'SlowReader'
}

export interface FeedOptions {
  /** Aborted when the client is gone; ends the feed. */
  readonly signal: AbortSignal
  /** Limit of queued bytes, as JSON. */
  readonly limitBytes?: number
  /** Called once, when the feed ends for any reason: unregister from the source here. */
  readonly onEnd?: () => void
}

/**
 * A queue with one writer and one reader. Register it at the source before a backlog is computed, so that no event is
 * lost between the two.
 *
 * Invariants:
 * - While `#state` is `open`, `#bytes` is the sum of `bytes` over `#waiting`, and at most the limit.
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
  #reader: { resolve: (step: IteratorResult<T>) => void; reject: (error: SlowReader) => void } | undefined
  #state: 'open' | 'ended' | 'slow' = 'open'

  constructor(options: FeedOptions) {
    this.#limitBytes = options.limitBytes ?? FEED_BYTES
    this.#signal = options.signal
    this.#onEnd = options.onEnd
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
    this.#bytes += bytes
    if (this.#bytes > this.#limitBytes) this.#close('slow')
    return this.#bytes <= this.#limitBytes
  }

  /** Ends the feed. Queued events can still be read, unless the client is gone. */
  end(): void {
    if (this.#signal.aborted) this.#waiting = []
    this.#close('ended')
  }

  next(): Promise<IteratorResult<T>> {
    const first = this.#waiting.shift()
    if (first !== undefined) {
      this.#bytes -= first.bytes
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
    this.#waiting = []
    this.#close('ended')
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #close(state: 'ended' | 'slow'): void {
    if (this.#state !== 'open') return
    this.#state = state
    if (state === 'slow') this.#waiting = []
    this.#signal.removeEventListener('abort', this.#abort)
    this.#reader?.resolve({ done: true, value: undefined })
    this.#reader = undefined
    this.#onEnd?.()
  }
}

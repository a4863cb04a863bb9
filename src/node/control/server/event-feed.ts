/**
 * Events on their way to one subscriber (spec §10). Live events are pushed without waiting; when more bytes wait than
 * the bound, the subscriber is too slow: the feed drops everything and reading it throws {@link SlowReader}.
 */
import { Bug } from '../../../dag/result.ts'
import { FEED_BYTES } from '../port-limits.ts'

/** A subscriber did not read its events in time. */
export class SlowReader extends Error {
  override readonly name = 'SlowReader'
}

export interface FeedOptions {
  /** Ends the feed: the client is gone. */
  readonly signal: AbortSignal
  /** Bytes of JSON that may wait. */
  readonly limitBytes?: number
  /** Called once, when the feed ends for whatever reason: the place to unregister from the source. */
  readonly onEnd?: () => void
}

/** A bounded queue of events for one reader. Register it before computing a backlog, so that no event falls between. */
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

  /** Whether nothing more will be taken. */
  get isEnded(): boolean {
    return this.#state !== 'open'
  }

  /** Hands an event on; `false` once the feed has ended, so that the source can forget it. */
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

  /** No more events come; those that wait can still be read, unless the client is gone. */
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

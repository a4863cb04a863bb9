/** A queue of one subscription's events within this process, with backpressure towards the socket. */
import type { ClientError } from './client-error.ts'
import type { ControlEvent } from '../shapes.ts'

/** Limit of queued events. Beyond it the socket is not read, until the daemon cuts the slow reader off. */
const WAITING_EVENTS = 1_000

/**
 * Invariants:
 * - `#isEnded` is set once; `lost` is set with it or never. Events queued before `end` can still be taken, those before
 *   `drop` cannot.
 * - `#wake` is set only while the writer or the reader waits.
 */
export class EventInbox {
  lost: ClientError | undefined
  #events: ControlEvent[] = []
  #isEnded = false
  #wake: (() => void) | undefined

  async put(event: ControlEvent): Promise<void> {
    if (this.#isEnded) return
    this.#events.push(event)
    this.#signal()
    while (this.#events.length > WAITING_EVENTS) await this.#change()
  }

  async take(): Promise<ControlEvent | undefined> {
    while (this.#events.length === 0 && !this.#isEnded) await this.#change()
    const event = this.#events.shift()
    this.#signal()
    return event
  }

  end(lost?: ClientError): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.lost = lost
    this.#signal()
  }

  drop(): void {
    this.#isEnded = true
    this.#events = []
    this.#signal()
  }

  /**
   * Waits for the next change. Either the writer waits (full) or the reader (empty), never both: one callback is
   * enough.
   */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #signal(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

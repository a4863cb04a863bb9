/** Events of one subscription on their way to the reader in this process, with backpressure towards the socket. */
import type { ClientError } from './client-error.ts'
import type { ControlEvent } from '../shapes.ts'

/** Events that may wait here; beyond this the socket is not read, and in the end the daemon cuts us off. */
const WAITING_EVENTS = 1_000

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

  /** Either the writer waits (full) or the reader (empty), never both. */
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

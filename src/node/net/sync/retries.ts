/** Schedules retries with peers that did not answer or broke off. */

/**
 * The backoff doubles and covers about a minute. Later retries are not needed: the node's timer pulls from connected
 * peers anyway, and a peer that went away is suggested again when it reconnects.
 */
const RETRY_MS = 1_000
const MAX_RETRIES = 6

export interface RetryOptions {
  readonly retry: (peer: string) => void
  /** Called when a peer has failed too often; its state can be dropped. */
  readonly giveUp: (peer: string) => void
}

/** Invariants: `#failures` counts failures in a row, at most `MAX_RETRIES`; a peer has at most one timer. */
export class Retries {
  readonly #options: RetryOptions
  readonly #failures = new Map<string, number>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #isStopped = false

  constructor(options: RetryOptions) {
    this.#options = options
  }

  failedBefore(peer: string): boolean {
    return this.#failures.has(peer)
  }

  /** Records a failure and schedules a retry. */
  later(peer: string): void {
    if (this.#isStopped) return
    const failures = (this.#failures.get(peer) ?? 0) + 1
    if (failures > MAX_RETRIES) {
      this.#options.giveUp(peer)
      return
    }
    this.#failures.set(peer, failures)
    this.cancel(peer)
    const timer = setTimeout(
      () => {
        this.#options.retry(peer)
      },
      RETRY_MS * 2 ** (failures - 1),
    )
    this.#timers.set(peer, timer)
  }

  /** The peer is being tried now. */
  cancel(peer: string): void {
    clearTimeout(this.#timers.get(peer))
    this.#timers.delete(peer)
  }

  /** The peer works, or has disconnected. */
  forget(peer: string): void {
    this.cancel(peer)
    this.#failures.delete(peer)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }
}

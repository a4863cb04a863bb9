/** When to try again with a peer that did not answer or broke off. */

/**
 * The first wait, doubling, for about a minute in all: to a peer that is still there the timer of the node comes by
 * anyway, and one that went away in the middle tells of itself when it comes back.
 */
const RETRY_MS = 1_000
const MAX_RETRIES = 6

export interface RetryOptions {
  readonly retry: (peer: string) => void
  /** It failed too often: nothing about it needs to be kept. */
  readonly giveUp: (peer: string) => void
}

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

  /** Something failed: try again later. */
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

  /** It is tried now. */
  cancel(peer: string): void {
    clearTimeout(this.#timers.get(peer))
    this.#timers.delete(peer)
  }

  /** It works, or it went away. */
  forget(peer: string): void {
    this.cancel(peer)
    this.#failures.delete(peer)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }
}

/** Work that is done again and again, in rounds that never overlap: each waits for its time only when the one before has ended. */
export interface RoundsModules {
  /** Milliseconds until the next round, asked before each. */
  readonly delayMs: () => number
  readonly run: () => Promise<void>
  /** A round failed; the next one comes all the same. */
  readonly onError: (error: unknown) => void
}

export class Rounds {
  readonly #modules: RoundsModules
  #timer: NodeJS.Timeout
  #round = Promise.resolve()
  #isStopped = false

  /** The first round comes after the first delay. None keeps the process alive. */
  constructor(modules: RoundsModules) {
    this.#modules = modules
    this.#timer = this.#next()
  }

  /** Long rounds look here whether to go on. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Resolves when the round under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#round
  }

  #next(): NodeJS.Timeout {
    const { delayMs, run, onError } = this.#modules
    const timer = setTimeout(() => {
      this.#round = run()
        .catch(onError)
        .finally(() => {
          if (!this.#isStopped) this.#timer = this.#next()
        })
    }, delayMs())
    return timer.unref()
  }
}

/**
 * Periodic work (spec §3): takes in blocks whose time or turn has come, and saves what the throttle has to remember.
 */
import type { ChainRegistry } from '../chain/registry.ts'
import type { Logger } from '../base/log.ts'
import type { ChainServices } from '../net/chain-network.ts'

const ROUND_MS = 60_000
/** Spreads nodes that were started together. */
const JITTER = 0.3

export interface HousekeepingModules {
  readonly chains: ChainRegistry<ChainServices>
  readonly log: Logger
}

/** Invariant: one round at a time; with 10,000 chains on a busy machine it may take longer than the interval. */
export class Housekeeping {
  readonly #modules: HousekeepingModules
  #timer: NodeJS.Timeout
  #round = Promise.resolve()
  #isStopped = false

  constructor(modules: HousekeepingModules) {
    this.#modules = modules
    this.#timer = this.#next()
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#round
  }

  #next(): NodeJS.Timeout {
    const delayMs = ROUND_MS * (1 + JITTER * (2 * Math.random() - 1))
    return setTimeout(() => {
      this.#round = this.#keep()
        .catch((error: unknown) => {
          this.#modules.log.error('keeper.failed', { why: String(error) })
        })
        .finally(() => {
          if (!this.#isStopped) this.#timer = this.#next()
        })
    }, delayMs)
  }

  async #keep(): Promise<void> {
    for (const joined of this.#modules.chains.all()) {
      if (this.#isStopped) return
      await this.#modules.chains.saveThrottle(joined)
      // A failed chain reports its own fault; the other chains go on.
      await joined.replica.advanceClock().catch(() => undefined)
    }
  }
}

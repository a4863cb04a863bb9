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

export class Housekeeping {
  readonly #modules: HousekeepingModules
  #timer: NodeJS.Timeout

  constructor(modules: HousekeepingModules) {
    this.#modules = modules
    this.#timer = this.#next()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #next(): NodeJS.Timeout {
    const delayMs = ROUND_MS * (1 + JITTER * (2 * Math.random() - 1))
    return setTimeout(() => {
      this.#round().catch((error: unknown) => {
        this.#modules.log.error('keeper.failed', { why: String(error) })
      })
      this.#timer = this.#next()
    }, delayMs)
  }

  async #round(): Promise<void> {
    const { chains } = this.#modules
    await chains.saveThrottles()
    // A failed chain reports its own fault; the other chains go on.
    for (const { replica } of chains.all()) await replica.advanceClock().catch(() => undefined)
  }
}

/**
 * Periodic work (spec §3): takes in blocks whose time or turn has come, and saves what the throttle has to remember.
 */
import type { ChainRegistry } from '../chain/registry.ts'
import type { Logger } from '../base/log.ts'
import { Rounds } from '../base/rounds.ts'
import type { ChainServices } from '../net/chain-network.ts'

/** With 10,000 chains on a busy machine a round may take longer. */
const ROUND_MS = 60_000
/** Spreads nodes that were started together. */
const JITTER = 0.3

export interface HousekeepingModules {
  readonly chains: ChainRegistry<ChainServices>
  readonly log: Logger
}

export class Housekeeping {
  readonly #modules: HousekeepingModules
  readonly #rounds: Rounds

  constructor(modules: HousekeepingModules) {
    this.#modules = modules
    this.#rounds = new Rounds({
      delayMs: () => ROUND_MS * (1 + JITTER * (2 * Math.random() - 1)),
      run: () => this.#keep(),
      onError: (error) => {
        modules.log.error('keeper.failed', { why: String(error) })
      },
    })
  }

  /** Resolves when nothing is written any more. */
  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  async #keep(): Promise<void> {
    for (const joined of this.#modules.chains.all()) {
      if (this.#rounds.isStopped) return
      await this.#modules.chains.saveThrottle(joined)
      // A failed chain reports its own fault; the other chains go on.
      await joined.replica.advanceClock().catch(() => undefined)
    }
  }
}

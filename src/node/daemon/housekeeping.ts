/**
 * Periodic work (spec §3, §7): compares heads with a peer of each chain, takes in blocks whose time or turn has come,
 * and saves what the throttle has to remember.
 */
import type { ChainRegistry } from '../chain/registry.ts'
import type { Logger } from '../base/log.ts'
import type { ChainServices } from '../net/chain-network.ts'
import type { Pubsub } from '../net/gossip/pubsub.ts'

/** The interval, and so the longest that a lost announcement delays a chain. A comparison costs one round trip. */
const COMPARE_MS = 60_000
/** Spreads nodes that were started together. */
const JITTER = 0.3

export interface HousekeepingModules {
  readonly chains: ChainRegistry<ChainServices>
  readonly pubsub: Pubsub
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
    const delayMs = COMPARE_MS * (1 + JITTER * (2 * Math.random() - 1))
    return setTimeout(() => {
      this.#round().catch((error: unknown) => {
        this.#modules.log.error('keeper.failed', { why: String(error) })
      })
      this.#timer = this.#next()
    }, delayMs)
  }

  async #round(): Promise<void> {
    const { chains, pubsub } = this.#modules
    await chains.saveThrottles()
    for (const { replica, attached } of chains.all()) {
      // A failed chain reports its own fault; the other chains go on.
      await replica.advanceClock().catch(() => undefined)
      const peers = pubsub.subscribers(attached.gossip.topic)
      const one = peers[Math.floor(Math.random() * peers.length)]
      if (one !== undefined) attached.sync.suggest(one)
    }
  }
}

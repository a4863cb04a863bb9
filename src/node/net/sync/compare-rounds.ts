/**
 * Compares every chain with peers that have it, and asks connected peers about chains of which that is not known (spec §7).
 * It makes up for whatever announcements and subscriptions miss, so it takes the peers from libp2p's connections, at each
 * look anew, and hangs on no event and on no topic.
 */
import { STATIC_PEERS_ASKED, STRANGERS_ASKED } from '../../../protocol/sync-limits.ts'
import { Bucket } from '../../../protocol/token-bucket.ts'
import { CompareTimer, compareIntervalMs, peersPerComparison } from './compare-timer.ts'
import type { ComparedChain } from './compared-chain.ts'
import { Tour, type TourModules } from './tour.ts'

const LOOK_MS = 1_000

export interface CompareRoundsModules {
  /** In the order in which they were joined. Called often, so it should not copy. */
  readonly chains: () => readonly ComparedChain[]
  /** Connected peers; a peer that connected anew has another value. */
  readonly connections: () => ReadonlyMap<string, string>
  readonly isStatic: (peer: string) => boolean
  /** In 0 … 1. */
  readonly random: () => number
  /** See {@link Tour}. */
  readonly pause?: TourModules['pause']
}

interface PeerTour {
  readonly connection: string
  readonly tour: Tour
}

/**
 * Invariants:
 * 1. After each look `#tours` has one tour for each connected peer, begun with its newest connection.
 * 2. `#ending` has the tours that were stopped and have not ended.
 */
export class CompareRounds {
  readonly #modules: CompareRoundsModules
  readonly #timer: CompareTimer<ComparedChain>
  readonly #budgets: { readonly strangers: Bucket; readonly staticPeers: Bucket }
  readonly #tours = new Map<string, PeerTour>()
  readonly #ending = new Set<Promise<void>>()
  readonly #interval: NodeJS.Timeout

  /** Starts at once. */
  constructor(modules: CompareRoundsModules) {
    this.#modules = modules
    const nowMs = performance.now()
    this.#timer = new CompareTimer(nowMs, modules.random)
    this.#budgets = {
      strangers: new Bucket(STRANGERS_ASKED, nowMs),
      staticPeers: new Bucket(STATIC_PEERS_ASKED, nowMs),
    }
    this.#interval = setInterval(() => {
      this.look()
    }, LOOK_MS)
  }

  /** The interval at which a chain is compared. */
  get intervalMs(): number {
    return compareIntervalMs(this.#modules.chains().length)
  }

  /** Runs every second. */
  look(): void {
    this.#keepTours()
    const { chains, random } = this.#modules
    const all = chains()
    for (const chain of this.#timer.due(all, performance.now(), random)) {
      chain.compareWithSome(peersPerComparison(all.length))
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#interval)
    for (const peer of [...this.#tours.keys()]) this.#end(peer)
    await Promise.all(this.#ending)
  }

  #keepTours(): void {
    const { connections, isStatic, chains, pause } = this.#modules
    const connected = connections()
    for (const [peer, { connection }] of [...this.#tours]) {
      if (connected.get(peer) !== connection) this.#end(peer)
    }
    for (const [peer, connection] of connected) {
      if (this.#tours.has(peer)) continue
      const budget = (): Bucket => (isStatic(peer) ? this.#budgets.staticPeers : this.#budgets.strangers)
      const chainsAfter: TourModules['chainsAfter'] = (sequence) => after(chains(), sequence)
      const tour = new Tour(peer, { chainsAfter, budget, ...(pause === undefined ? {} : { pause }) })
      this.#tours.set(peer, { connection, tour })
    }
  }

  #end(peer: string): void {
    const ended = this.#tours.get(peer)?.tour.stop()
    this.#tours.delete(peer)
    if (ended === undefined) return
    this.#ending.add(ended)
    void ended.finally(() => this.#ending.delete(ended))
  }
}

/** The chains from the end with a higher sequence: most looks find none. */
function after(chains: readonly ComparedChain[], sequence: number): readonly ComparedChain[] {
  let from = chains.length
  while (from > 0 && (chains[from - 1]?.sequence ?? 0) > sequence) from -= 1
  return chains.slice(from)
}

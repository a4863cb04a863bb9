/**
 * Takes the only founder that is seen for forums that follow nobody (spec §2), also where the first peer appears only after the
 * join: a server has no person who could be asked then.
 */
import type { AuthorKey } from '../../dag/ids.ts'
import { onlyFounder } from '../api/founder.ts'
import type { Logger } from '../base/log.ts'
import { Rounds } from '../base/rounds.ts'
import type { ChainRegistry, Joined } from '../chain/registry.ts'
import type { ChainServices } from '../net/chain-network.ts'

/** Peers that connect together are all heard before one is taken: a handshake takes a second or two on a bad line. */
export const LOOK_MS = 5_000

export interface LoneFounderModules {
  readonly chains: Pick<ChainRegistry<ChainServices>, 'all' | 'followIfNone'>
  readonly log: Logger
}

/** Invariant: one look at a time, so that two in a row are at least `LOOK_MS` apart. A look costs 10,000 chains a millisecond. */
export class LoneFounder {
  readonly #modules: LoneFounderModules
  /** By forum, the only founder at the last look. A forum that was left and joined again is another one. */
  #before: ReadonlyMap<Joined<ChainServices>, AuthorKey> = new Map()
  readonly #looks: Rounds

  constructor(modules: LoneFounderModules) {
    this.#modules = modules
    this.#looks = new Rounds({
      delayMs: () => LOOK_MS,
      run: () => this.#look(),
      onError: (error) => {
        modules.log.error('chain.founder-not-taken', { why: String(error) })
      },
    })
  }

  /** Resolves when nothing is taken any more. */
  stop(): Promise<void> {
    return this.#looks.stop()
  }

  async #look(): Promise<void> {
    const before = this.#before
    const now = new Map<Joined<ChainServices>, AuthorKey>()
    for (const joined of this.#modules.chains.all()) {
      const only = joined.replica.needsFounder ? onlyFounder(joined.attached.sync.founders()) : undefined
      if (only !== undefined) now.set(joined, only)
    }
    this.#before = now
    for (const [joined, founder] of now) {
      if (this.#looks.isStopped) return
      if (before.get(joined) === founder) await this.#take(joined, founder)
    }
  }

  async #take(joined: Joined<ChainServices>, founder: AuthorKey): Promise<void> {
    const { chains, log } = this.#modules
    const isTaken = await chains.followIfNone(joined, founder)
    if (isTaken) log.warn('chain.founder-taken', { chain: joined.replica.chain.id, founder })
  }
}

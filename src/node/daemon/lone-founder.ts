/**
 * Takes the only founder that is seen for forums that follow nobody (spec §2), also where the first peer appears only after the
 * join: a server has no person who could be asked then.
 */
import type { AuthorKey } from '../../dag/ids.ts'
import { onlyFounder } from '../api/founder.ts'
import type { Logger } from '../base/log.ts'
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
  #timer: NodeJS.Timeout
  #look = Promise.resolve()
  #isStopped = false

  constructor(modules: LoneFounderModules) {
    this.#modules = modules
    this.#timer = this.#next()
  }

  /** Resolves when nothing is taken any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#look
  }

  #next(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#look = this.#lookOnce()
        .catch((error: unknown) => {
          this.#modules.log.error('chain.founder-not-taken', { why: String(error) })
        })
        .finally(() => {
          if (!this.#isStopped) this.#timer = this.#next()
        })
    }, LOOK_MS)
    return timer.unref()
  }

  async #lookOnce(): Promise<void> {
    const before = this.#before
    const now = new Map<Joined<ChainServices>, AuthorKey>()
    for (const joined of this.#modules.chains.all()) {
      const only = joined.replica.needsFounder ? onlyFounder(joined.attached.sync.founders()) : undefined
      if (only !== undefined) now.set(joined, only)
    }
    this.#before = now
    for (const [joined, founder] of now) {
      if (this.#isStopped) return
      if (before.get(joined) === founder) await this.#take(joined, founder)
    }
  }

  async #take(joined: Joined<ChainServices>, founder: AuthorKey): Promise<void> {
    const { chains, log } = this.#modules
    const isTaken = await chains.followIfNone(joined, founder)
    if (isTaken) log.warn('chain.founder-taken', { chain: joined.replica.chain.id, founder })
  }
}

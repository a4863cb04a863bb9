/**
 * What peers say of the founders that they follow (spec §2, §8), in one forum joined without pioneers: their word, for
 * people who choose. It decides nothing.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import { PEERS_SHOWN } from '../../../protocol/sync-limits.ts'
import type { SeenFounder } from '../../../protocol/pull-types.ts'

/** One founder, and the peers that follow them. */
export interface PeersFounder {
  readonly founder: AuthorKey
  /** The most blocks that one of these peers says it accepts. */
  readonly blocks: number
  readonly peers: readonly string[]
}

/** At most `PEERS_SHOWN` peers, in order of what they said last; the oldest is evicted. */
export class SeenFounders {
  readonly #seen = new Map<string, SeenFounder>()

  /** `undefined`: the peer named nobody. */
  note(peer: string, seen: SeenFounder | undefined): void {
    this.#seen.delete(peer)
    if (seen === undefined) return
    this.#seen.set(peer, seen)
    evictOldest(this.#seen, PEERS_SHOWN)
  }

  forget(peer: string): void {
    this.#seen.delete(peer)
  }

  peers(): readonly string[] {
    return [...this.#seen.keys()]
  }

  /** Each founder once: those that more peers follow first. */
  list(): readonly PeersFounder[] {
    const found = new Map<AuthorKey, { blocks: number; peers: string[] }>()
    for (const [peer, { founder, blocks }] of this.#seen) {
      const one = found.get(founder) ?? { blocks: 0, peers: [] }
      found.set(founder, { blocks: Math.max(one.blocks, blocks), peers: [...one.peers, peer] })
    }
    const all = [...found].map(([founder, rest]) => ({ founder, ...rest }))
    return all.sort((a, b) => b.peers.length - a.peers.length || (a.founder < b.founder ? -1 : 1))
  }
}

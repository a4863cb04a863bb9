/**
 * What a peer's connection is worth when all slots are taken (spec §9): whether the peer is static, has given blocks, or
 * shares a chain. Kept in memory; a peer shows it anew after a restart.
 */
import { noteLatest } from '../../../dag/evict-oldest.ts'
import { USEFUL_PEERS } from '../../../protocol/stream-limits.ts'

/** Invariant: `#gave` and `#shares` have at most `USEFUL_PEERS` entries, in order of their last use. */
export class UsefulPeers {
  readonly #gave = new Set<string>()
  readonly #shares = new Set<string>()
  #isStatic: (peer: string) => boolean = () => false

  /** Whoever keeps the static peers says which they are; until then none is. */
  askWhoIsStatic(isStatic: (peer: string) => boolean): void {
    this.#isStatic = isStatic
  }

  /** The peer gave blocks that were not here and are accepted. */
  noteGave(peer: string): void {
    noteLatest(this.#gave, peer, USEFUL_PEERS)
  }

  /** The peer has shown that it has a chain of this node. */
  noteShares(peer: string): void {
    noteLatest(this.#shares, peer, USEFUL_PEERS)
  }

  /** The connections of such a peer are never closed for others. */
  isStatic(peer: string): boolean {
    return this.#isStatic(peer)
  }

  hasGiven(peer: string): boolean {
    return this.#gave.has(peer)
  }

  sharesChain(peer: string): boolean {
    return this.#shares.has(peer)
  }
}

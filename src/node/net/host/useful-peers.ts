/**
 * What a peer's connection is worth when all slots are taken (spec §9): whether the peer is static, has given blocks, or
 * shares a chain. Kept in memory; a peer shows it anew after a restart.
 */
import { noteLatest } from '../../../dag/evict-oldest.ts'
import { USEFUL_PEERS } from '../../../protocol/limits.ts'

/**
 * Invariants: `#static` holds what the user named, and is not bounded here. The other two have at most `USEFUL_PEERS`
 * entries, in order of their last use.
 */
export class UsefulPeers {
  readonly #static = new Set<string>()
  readonly #gave = new Set<string>()
  readonly #shares = new Set<string>()

  /** The peer is static from now on: its connections are never closed for others. */
  keep(peer: string): void {
    this.#static.add(peer)
  }

  /** The peer is not static any more. */
  letGo(peer: string): void {
    this.#static.delete(peer)
  }

  /** The peer gave blocks that were not here and are accepted. */
  noteGave(peer: string): void {
    noteLatest(this.#gave, peer, USEFUL_PEERS)
  }

  /** The peer has shown that it has a chain of this node. */
  noteShares(peer: string): void {
    noteLatest(this.#shares, peer, USEFUL_PEERS)
  }

  isStatic(peer: string): boolean {
    return this.#static.has(peer)
  }

  hasGiven(peer: string): boolean {
    return this.#gave.has(peer)
  }

  sharesChain(peer: string): boolean {
    return this.#shares.has(peer)
  }
}

/**
 * Whose heads a post made here does not link (spec §5 *Posting*, a local rule): authors below zero, and those who had a
 * block withdrawn here by another of their own lately.
 */
import type { AuthorKey } from '../../../dag/ids.ts'
import { AVOIDED_AUTHORS } from '../../../protocol/limits.ts'
import { OLD_AGE_MS } from '../../../reputation/rules.ts'
import type { ChainState } from '../../../reputation/chain-state.ts'

export class AvoidedHeads {
  readonly #reputation: ChainState
  /** When the author last had a block withdrawn; the one longest ago first. */
  readonly #withdrawnMs = new Map<AuthorKey, number>()

  constructor(reputation: ChainState) {
    this.#reputation = reputation
  }

  /** A block was withdrawn for another one of its author. */
  noteWithdrawn(index: number, nowMs: number): void {
    const author = this.#reputation.authorOf(index)
    if (author === undefined) return
    this.#withdrawnMs.delete(author)
    this.#withdrawnMs.set(author, nowMs)
    for (const oldest of this.#withdrawnMs.keys())
      if (this.#withdrawnMs.size > AVOIDED_AUTHORS) this.#withdrawnMs.delete(oldest)
  }

  /** Whether a head is to be left out at `nowMs`. */
  has(head: number, nowMs: number): boolean {
    const author = this.#reputation.authorOf(head)
    if (author === undefined || this.#reputation.isUnlimited(head)) return false
    const withdrawnMs = this.#withdrawnMs.get(author)
    if (withdrawnMs !== undefined && nowMs - withdrawnMs < OLD_AGE_MS) return true
    return this.#reputation.repsOf(author, nowMs) < 0
  }
}

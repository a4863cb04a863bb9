/**
 * Heads that a post made here does not link (spec §5 *Posting*, a local rule): those of authors with negative reps, and of
 * authors one of whose blocks was lately withdrawn here because of another of their own.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import { AVOIDED_AUTHORS } from '../../../protocol/intake-limits.ts'
import { OLD_AGE_MS } from '../../../reputation/rules.ts'
import type { ChainState } from '../../../reputation/chain-state.ts'

export class AvoidedHeads {
  readonly #state: ChainState
  /** When an author last had a block withdrawn; the longest ago first. */
  readonly #withdrawnMs = new Map<AuthorKey, number>()

  constructor(state: ChainState) {
    this.#state = state
  }

  /** A block was withdrawn because of another one by its author. */
  noteWithdrawn(index: number, nowMs: number): void {
    const author = this.#state.authorOf(index)
    if (author === undefined) return
    this.#withdrawnMs.delete(author)
    this.#withdrawnMs.set(author, nowMs)
    evictOldest(this.#withdrawnMs, AVOIDED_AUTHORS)
  }

  has(head: number, nowMs: number): boolean {
    const author = this.#state.authorOf(head)
    if (author === undefined || this.#state.isUnlimited(head)) return false
    const withdrawnMs = this.#withdrawnMs.get(author)
    if (withdrawnMs !== undefined && nowMs - withdrawnMs < OLD_AGE_MS) return true
    return this.#state.repsOf(author, nowMs) < 0
  }
}

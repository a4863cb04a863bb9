/**
 * What the pulls of one chain do not retry for a while (spec §8, step 2): ids of unsound blocks, and peers that still
 * show the heads of a fruitless pull. A lost or wrong entry costs one more pull or a minute; it never makes a block
 * count as present.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { createHash } from 'node:crypto'
import type { BlockId } from '../../../dag/ids.ts'
import { isUnsound, type BlockFault } from '../../../protocol/faults.ts'
import { NEGATIVE_CACHE_PEERS, UNSOUND_IDS } from '../../../protocol/sync-limits.ts'
import type { FruitlessEnd, PullResult, StoreOutcome } from '../../../protocol/pull-types.ts'

/** Backoff after a fruitless pull; it doubles up to the maximum. */
const FIRST_WAIT_MS = 60_000
const LONGEST_WAIT_MS = 3_600_000

interface FruitlessPull {
  readonly heads: string
  /** State version at the end of the pull: with another one, a pull may bring something. */
  readonly version: number
  readonly end: FruitlessEnd
  readonly waitMs: number
  readonly untilMs: number
}

/** The time, and a version that grows with every acceptance or withdrawal. */
export interface Moment {
  readonly version: number
  readonly nowMs: number
}

/**
 * Invariants: `#unsound` has at most `UNSOUND_IDS` entries and `#peers` at most `NEGATIVE_CACHE_PEERS`; the oldest entry is
 * evicted. A peer is in `#peers` only if its last completed pull brought nothing.
 */
export class NegativeCache {
  readonly #unsound = new Map<BlockId, BlockFault>()
  readonly #peers = new Map<string, FruitlessPull>()

  /** Why a block of this id is invalid, whichever peer sends it; `undefined` if it may be valid. */
  unsound(id: BlockId): BlockFault | undefined {
    return this.#unsound.get(id)
  }

  noteStored(outcomes: readonly StoreOutcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.state === 'refused' && isUnsound(outcome.fault)) this.#unsound.set(outcome.id, outcome.fault)
    }
    evictOldest(this.#unsound, UNSOUND_IDS)
  }

  /** Records the end of a pull. Entries expire as `nowMs` grows. */
  noteEnd(peer: string, { fresh, heads, end }: PullResult, { version, nowMs }: Moment): void {
    const before = this.#peers.get(peer)
    if (end.why !== 'done' && end.why !== 'stalled') return
    this.#peers.delete(peer)
    if (fresh > 0 || heads.length === 0) return
    const isSame = before?.heads === keyOf(heads) && before.version === version
    // Skipped by backoff: this was no new failed attempt.
    if (isSame && nowMs < before.untilMs) {
      this.#peers.set(peer, before)
      return
    }
    const waitMs = isSame ? Math.min(LONGEST_WAIT_MS, 2 * before.waitMs) : FIRST_WAIT_MS
    this.#peers.set(peer, { heads: keyOf(heads), version, end: end.why, waitMs, untilMs: nowMs + waitMs })
    evictOldest(this.#peers, NEGATIVE_CACHE_PEERS)
  }

  /** How the last pull ended, if another one now would end the same way. */
  expectedEnd(peer: string, heads: readonly BlockId[], { version, nowMs }: Moment): FruitlessEnd | undefined {
    const known = this.#peers.get(peer)
    const isSame = known?.heads === keyOf(heads) && known.version === version && nowMs < known.untilMs
    return isSame ? known.end : undefined
  }
}

/** Hashed, since a peer may have hundreds of heads and they are only compared. */
function keyOf(heads: readonly BlockId[]): string {
  return createHash('sha256').update(heads.join(' ')).digest('base64')
}

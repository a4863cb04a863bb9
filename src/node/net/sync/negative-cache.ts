/**
 * What the pulls of one chain need not try again (spec §8, step 2): ids of blocks that turned out to be unsound, and peers
 * that show the same heads as when nothing came of a pull. A memory that is lost, or wrong, costs a pull more or a
 * minute: nothing is taken to be here because of it.
 */
import { createHash } from 'node:crypto'
import type { BlockId } from '../../../dag/ids.ts'
import { isUnsound, type BlockFault } from '../../../protocol/faults.ts'
import { FRUITLESS_PEERS, UNSOUND_IDS } from '../../../protocol/limits.ts'
import type { FruitlessEnd, PullResult, StoreOutcome } from '../../../protocol/pull-types.ts'

/** For so long a peer is believed to have nothing new, at first; then twice as long each time. */
const FIRST_WAIT_MS = 60_000
const LONGEST_WAIT_MS = 3_600_000

interface FruitlessPull {
  readonly heads: string
  /** Of what was accepted here at its end: with another one, a pull may bring something. */
  readonly version: number
  readonly end: FruitlessEnd
  readonly waitMs: number
  readonly untilMs: number
}

/** When, and a number that grows with all that is accepted here, or withdrawn. */
export interface Moment {
  readonly version: number
  readonly nowMs: number
}

export class NegativeCache {
  readonly #unsound = new Map<BlockId, BlockFault>()
  readonly #peers = new Map<string, FruitlessPull>()

  /** Why a block of this id cannot be taken, whoever sends it; `undefined` if it may be a good one. */
  unsound(id: BlockId): BlockFault | undefined {
    return this.#unsound.get(id)
  }

  noteStored(outcomes: readonly StoreOutcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.state === 'refused' && isUnsound(outcome.fault)) this.#unsound.set(outcome.id, outcome.fault)
    }
    for (const oldest of this.#unsound.keys()) {
      if (this.#unsound.size <= UNSOUND_IDS) break
      this.#unsound.delete(oldest)
    }
  }

  /** A pull from this peer is over. As time goes by, what was in vain may be tried again. */
  noteEnd(peer: string, { fresh, heads, end }: PullResult, { version, nowMs }: Moment): void {
    const before = this.#peers.get(peer)
    if (end.why !== 'done' && end.why !== 'stalled') return
    this.#peers.delete(peer)
    if (fresh > 0 || heads.length === 0) return
    const isSame = before?.heads === keyOf(heads) && before.version === version
    // It was told to wait, and did not ask in vain once more.
    if (isSame && nowMs < before.untilMs) {
      this.#peers.set(peer, before)
      return
    }
    const waitMs = isSame ? Math.min(LONGEST_WAIT_MS, 2 * before.waitMs) : FIRST_WAIT_MS
    this.#peers.set(peer, { heads: keyOf(heads), version, end: end.why, waitMs, untilMs: nowMs + waitMs })
    for (const oldest of this.#peers.keys()) if (this.#peers.size > FRUITLESS_PEERS) this.#peers.delete(oldest)
  }

  /** How the last pull ended, if the next one would end like it. */
  expectedEnd(peer: string, heads: readonly BlockId[], { version, nowMs }: Moment): FruitlessEnd | undefined {
    const known = this.#peers.get(peer)
    const isSame = known?.heads === keyOf(heads) && known.version === version && nowMs < known.untilMs
    return isSame ? known.end : undefined
  }
}

/** There may be hundreds of heads, and they are only to be compared. */
function keyOf(heads: readonly BlockId[]): string {
  return createHash('sha256').update(heads.join(' ')).digest('base64')
}

/** State of sync with each peer of one chain, for `chain status` (spec §10). It decides nothing. */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { PEERS_SHOWN } from '../../../protocol/sync-limits.ts'
import type { Clock } from '../../base/clock.ts'

/** `state` is a text for users. */
export interface PeerSyncState {
  readonly id: string
  readonly lastSyncMs: number | null
  readonly state: string
}

/** At most `PEERS_SHOWN` peers, in order of their last update; the oldest is evicted. */
export class PeerStates {
  readonly #clock: Clock
  readonly #states = new Map<string, PeerSyncState>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  list(): readonly PeerSyncState[] {
    return [...this.#states.values()]
  }

  note(id: string, state: string, isSynced: boolean): void {
    const lastSyncMs = isSynced ? this.#clock.nowMs() : (this.#states.get(id)?.lastSyncMs ?? null)
    this.#states.delete(id)
    this.#states.set(id, { id, lastSyncMs, state })
    evictOldest(this.#states, PEERS_SHOWN)
  }

  forget(id: string): void {
    this.#states.delete(id)
  }
}

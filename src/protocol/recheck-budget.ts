/**
 * The budget for signatures that the native verifier does not take (spec §3, decisions 0004 and 0012), pure. Its "no" means nothing
 * until ZIP-215 is asked, which costs ten times as much and is the dearest thing that a stranger can make us do. A share
 * for each peer, and one for all together, since peer ids cost nothing. Who gets none is not refused: the block is put off.
 */
import { Bucket, Buckets } from './token-bucket.ts'
import { PACED_PEERS, RECHECKS, RECHECKS_PER_PEER } from './limits.ts'

export class RecheckBudget {
  readonly #all: Bucket
  readonly #perPeer = new Buckets(RECHECKS_PER_PEER, PACED_PEERS)

  constructor(nowMs: number) {
    this.#all = new Bucket(RECHECKS, nowMs)
  }

  /** Whether one more signature of a block that this peer sent may be looked at again; it counts then, for both shares. */
  take(peer: string, nowMs: number): boolean {
    const own = this.#perPeer.of(peer, nowMs)
    return own.has(nowMs) && this.#all.take(nowMs) && own.take(nowMs)
  }
}

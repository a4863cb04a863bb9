/**
 * Who told the addresses of peers that this node has not met itself (spec §9), and how many such addresses it dials. A
 * dial costs the informant: a told address may be anybody's, and whoever tells many could make this node knock at a
 * third party. Dials that the user asked for, and those of remembered peers, are not counted.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { DIALS_PER_INFORMANT, DIALS_PER_TARGET, DIALS_TOLD, TOLD_PEERS } from '../../../protocol/peer-limits.ts'
import { Bucket, Buckets } from '../../../protocol/token-bucket.ts'
import { narrowest, type Scope } from './address-scope.ts'

/** Informants remembered of one peer, the first ones: a later one cannot put its own spent budget in their place. */
const INFORMANTS_OF_PEER = 4

interface Told {
  readonly informants: Set<string>
  /** The narrowest scope within which one of them was met. */
  scope: Scope
}

export class ToldPeers {
  /** The one told longest ago is first. */
  readonly #told = new Map<string, Told>()
  readonly #ofInformants = new Buckets(DIALS_PER_INFORMANT, TOLD_PEERS)
  readonly #ofTargets = new Buckets(DIALS_PER_TARGET, TOLD_PEERS)
  readonly #ofAll: Bucket

  constructor(nowMs: number) {
    this.#ofAll = new Bucket(DIALS_TOLD, nowMs)
  }

  /** `informant`, met within `scope`, told addresses of `peer`. */
  note(peer: string, informant: string, scope: Scope): void {
    const told = this.#told.get(peer) ?? { informants: new Set(), scope }
    if (told.informants.size < INFORMANTS_OF_PEER) told.informants.add(informant)
    told.scope = narrowest([told.scope, scope]) ?? scope
    this.#told.delete(peer)
    this.#told.set(peer, told)
    evictOldest(this.#told, TOLD_PEERS)
  }

  /** The scope of the addresses that are believed of this peer; `undefined` if nobody told any. */
  scopeOf(peer: string): Scope | undefined {
    return this.#told.get(peer)?.scope
  }

  /**
   * Whether one more address of this peer may be dialled now; counts it. A peer of which nobody else told is its own
   * informant: it told the address when it was connected.
   *
   * @param target - host and port
   */
  takeDial(peer: string, target: string, nowMs: number): boolean {
    const informants = this.#told.get(peer)?.informants ?? [peer]
    const ofTarget = this.#ofTargets.of(target, nowMs)
    if (!this.#ofAll.has(nowMs) || !ofTarget.has(nowMs)) return false
    for (const informant of informants) {
      if (!this.#ofInformants.of(informant, nowMs).take(nowMs)) continue
      return this.#ofAll.take(nowMs) && ofTarget.take(nowMs)
    }
    return false
  }
}

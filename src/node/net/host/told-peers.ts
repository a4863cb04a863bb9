/**
 * Who told the addresses of peers that this node has not met itself (spec §9), and how many such addresses it dials. A
 * dial costs the informant: a told address may be anybody's, and whoever tells many could make this node knock at a
 * third party. Dials that the user asked for, and those of remembered peers, are not counted.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { DIALS_ASKED, DIALS_PER_TARGET, DIALS_TOLD, DIALS_WANTED, TOLD_PEERS } from '../../../protocol/peer-limits.ts'
import { Bucket, Buckets } from '../../../protocol/token-bucket.ts'
import { narrowest, type Scope } from './address-scope.ts'

/** Informants remembered of one peer, the first ones: a later one cannot put its own spent budget in their place. */
const INFORMANTS_OF_PEER = 4

interface Told {
  readonly informants: Set<string>
  /** The narrowest scope within which one of those others was met. */
  scope: Scope | undefined
}

export interface ToldDial {
  readonly peer: string
  /** Host and port. */
  readonly target: string
  /** It has a chain of ours, or is in the LAN; else the DHT only asks it. */
  readonly isWanted: boolean
}

export class ToldPeers {
  /** The one told longest ago is first. */
  readonly #told = new Map<string, Told>()
  readonly #asked = new Buckets(DIALS_ASKED, TOLD_PEERS)
  readonly #wanted = new Buckets(DIALS_WANTED, TOLD_PEERS)
  readonly #ofTargets = new Buckets(DIALS_PER_TARGET, TOLD_PEERS)
  readonly #ofAll: Bucket

  constructor(nowMs: number) {
    this.#ofAll = new Bucket(DIALS_TOLD, nowMs)
  }

  /** `informant`, met within `scope`, told addresses of `peer`. */
  note(peer: string, informant: string, scope: Scope): void {
    const told = this.#told.get(peer) ?? { informants: new Set(), scope }
    if (told.informants.size < INFORMANTS_OF_PEER) told.informants.add(informant)
    told.scope = narrowest([told.scope, scope])
    this.#put(peer, told)
  }

  /** This peer is connected: from now on it speaks for itself, and what others told of it is over. */
  noteMet(peer: string): void {
    this.#put(peer, { informants: new Set([peer]), scope: undefined })
  }

  /** The scope of the addresses that are believed of this peer; `undefined` if nobody told any. */
  scopeOf(peer: string): Scope | undefined {
    return this.#told.get(peer)?.scope
  }

  /**
   * Whether one more address of this peer may be dialled now; counts it. A peer that was met, or of which nobody else told,
   * is its own informant.
   */
  takeDial({ peer, target, isWanted }: ToldDial, nowMs: number): boolean {
    const informants = this.#told.get(peer)?.informants ?? [peer]
    const ofInformants = isWanted ? this.#wanted : this.#asked
    const ofTarget = this.#ofTargets.of(target, nowMs)
    if (!this.#ofAll.has(nowMs) || !ofTarget.has(nowMs)) return false
    for (const informant of informants) {
      if (!ofInformants.of(informant, nowMs).take(nowMs)) continue
      return this.#ofAll.take(nowMs) && ofTarget.take(nowMs)
    }
    return false
  }

  #put(peer: string, told: Told): void {
    this.#told.delete(peer)
    this.#told.set(peer, told)
    evictOldest(this.#told, TOLD_PEERS)
  }
}

/**
 * Bounds caches of gossipsub that strangers fill (spec §7). The library lets them grow with what comes, for two minutes or
 * longer; here the oldest entries go first. What goes early is at worst looked at again.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import { evictOldest } from '../../../dag/evict-oldest.ts'
import { Bug } from '../../../dag/result.ts'
import { PRUNE_BACKOFFS, RATE_LIMITED_PEERS, SEEN_MESSAGES } from '../../../protocol/gossip-limits.ts'

/** Private members of gossipsub. */
interface GossipSubInternals {
  readonly peers?: ReadonlyMap<string, unknown>
  readonly seenCache?: { readonly entries?: Map<string, unknown> }
  readonly backoff?: ReadonlyMap<string, Map<string, number>>
  readonly score?: {
    readonly peerStats?: ReadonlyMap<string, unknown>
    readonly scoreCache?: Map<string, unknown>
    readonly deliveryRecords?: {
      readonly records?: Map<string, unknown>
      readonly queue?: { readonly length: number; shift(): { readonly msgId: string } | undefined }
    }
  }
}

export class BoundedCaches {
  readonly #peers: ReadonlyMap<string, unknown>
  readonly #seen: Map<string, unknown>
  readonly #backoffs: ReadonlyMap<string, Map<string, number>>
  readonly #peerStats: ReadonlyMap<string, unknown>
  readonly #scores: Map<string, unknown>
  readonly #deliveries: Map<string, unknown>
  readonly #deliveryQueue: { readonly length: number; shift(): { readonly msgId: string } | undefined }

  /** @throws {Bug} if gossipsub has renamed these members */
  constructor(pubsub: GossipSub) {
    const { peers, seenCache, backoff, score } = pubsub as unknown as GossipSubInternals
    const { peerStats, scoreCache, deliveryRecords } = score ?? {}
    const seen = seenCache?.entries
    const { records, queue } = deliveryRecords ?? {}
    if (peers === undefined || seen === undefined || backoff === undefined || peerStats === undefined) {
      throw new Bug('gossipsub keeps its caches elsewhere')
    }
    if (scoreCache === undefined || records === undefined || queue === undefined) {
      throw new Bug('gossipsub keeps its scores elsewhere')
    }
    this.#peers = peers
    this.#seen = seen
    this.#backoffs = backoff
    this.#peerStats = peerStats
    this.#scores = scoreCache
    this.#deliveries = records
    this.#deliveryQueue = queue
  }

  /** After each RPC: what its messages left. */
  trimMessages(): void {
    evictOldest(this.#seen, SEEN_MESSAGES)
    while (this.#deliveryQueue.length > SEEN_MESSAGES) {
      const oldest = this.#deliveryQueue.shift()
      if (oldest !== undefined) this.#deliveries.delete(oldest.msgId)
    }
  }

  /** At each heartbeat: what is left of peers that are gone. */
  trimPeers(): void {
    let backoffs = 0
    for (const { size } of this.#backoffs.values()) backoffs += size
    if (backoffs > PRUNE_BACKOFFS) this.#dropGone(this.#backoffs.values(), this.#peers)
    // The library leaves the score of a peer that went with a good one.
    if (this.#scores.size > this.#peerStats.size + RATE_LIMITED_PEERS) this.#dropGone([this.#scores], this.#peerStats)
  }

  #dropGone(maps: Iterable<Map<string, unknown>>, there: ReadonlyMap<string, unknown>): void {
    for (const map of maps) for (const peer of map.keys()) if (!there.has(peer)) map.delete(peer)
  }
}

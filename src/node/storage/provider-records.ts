/**
 * The DHT's provider records in memory (spec §9): which peer has which rendezvous. Bounded for each peer and in all;
 * libp2p bounds neither. This node's own are not counted: the user joined those chains.
 */
import { randomInt } from 'node:crypto'
import { KAD_PEERS, PROVIDER_RECORDS, PROVIDER_RECORDS_PER_PEER } from '../../protocol/peer-limits.ts'

export interface ProviderRecord {
  /** As in libp2p's key, in base 32. */
  readonly rendezvous: string
  readonly peer: string
  readonly value: Uint8Array
}

/** Tests take smaller ones. */
export interface ProviderBounds {
  readonly perPeer: number
  readonly inAll: number
}

/**
 * Invariants: `#ofPeers` and `#ofRendezvous` hold the same records; `#count` is their number without those of `#self`;
 * the records of a peer are ordered by when they were put.
 */
export class ProviderRecords {
  readonly #self: string
  readonly #bounds: ProviderBounds
  readonly #ofPeers = new Map<string, Map<string, Uint8Array>>()
  readonly #ofRendezvous = new Map<string, Set<string>>()
  #count = 0

  /** @param self - this node's peer id */
  constructor(self: string, bounds: ProviderBounds = { perPeer: PROVIDER_RECORDS_PER_PEER, inAll: PROVIDER_RECORDS }) {
    this.#self = self
    this.#bounds = bounds
  }

  put({ rendezvous, peer, value }: ProviderRecord): void {
    this.delete(rendezvous, peer)
    const { perPeer, inAll } = this.#bounds
    if (peer !== this.#self) {
      const own = this.#ofPeers.get(peer)
      if (own !== undefined && own.size >= perPeer) this.#dropOldest(peer, own)
      else if (this.#count >= inAll) this.#dropOfLargest()
      this.#count += 1
    }
    const records = this.#ofPeers.get(peer) ?? new Map<string, Uint8Array>()
    this.#ofPeers.set(peer, records.set(rendezvous, value))
    const peers = this.#ofRendezvous.get(rendezvous) ?? new Set()
    this.#ofRendezvous.set(rendezvous, peers.add(peer))
  }

  get(rendezvous: string, peer: string): Uint8Array | undefined {
    return this.#ofPeers.get(peer)?.get(rendezvous)
  }

  delete(rendezvous: string, peer: string): void {
    const records = this.#ofPeers.get(peer)
    if (records?.delete(rendezvous) !== true) return
    if (records.size === 0) this.#ofPeers.delete(peer)
    if (peer !== this.#self) this.#count -= 1
    const peers = this.#ofRendezvous.get(rendezvous)
    peers?.delete(peer)
    if (peers?.size === 0) this.#ofRendezvous.delete(rendezvous)
  }

  deletePeer(peer: string): void {
    for (const rendezvous of [...(this.#ofPeers.get(peer)?.keys() ?? [])]) this.delete(rendezvous, peer)
  }

  /** Records of one rendezvous; of more than fit in a reply a random choice, so that a flood cannot hide one for ever. */
  of(rendezvous: string): ProviderRecord[] {
    const peers = [...(this.#ofRendezvous.get(rendezvous) ?? [])]
    const chosen: string[] = []
    while (chosen.length < KAD_PEERS && peers.length > 0) chosen.push(...peers.splice(randomInt(peers.length), 1))
    return chosen.map((peer) => ({ rendezvous, peer, value: this.get(rendezvous, peer) ?? new Uint8Array() }))
  }

  *all(): Generator<ProviderRecord> {
    for (const [peer, records] of this.#ofPeers) {
      for (const [rendezvous, value] of records) yield { rendezvous, peer, value }
    }
  }

  #dropOldest(peer: string, records: ReadonlyMap<string, Uint8Array>): void {
    const [oldest] = records.keys()
    if (oldest !== undefined) this.delete(oldest, peer)
  }

  /** Each peer with records is in the peer store, so these are a thousand at most. */
  #dropOfLargest(): void {
    let largest: [string, ReadonlyMap<string, Uint8Array>] | undefined
    for (const [peer, records] of this.#ofPeers) {
      if (peer !== this.#self && records.size > (largest?.[1].size ?? 0)) largest = [peer, records]
    }
    if (largest !== undefined) this.#dropOldest(...largest)
  }
}

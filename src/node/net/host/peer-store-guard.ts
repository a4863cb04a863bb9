/**
 * Bounds what libp2p's peer store keeps (spec §9): fields of one peer, and peers. The library bounds neither, compares
 * each address with all others on the main thread, and keeps everything on disk. This wraps its writing methods on the
 * one instance that all of libp2p uses.
 */
import type { Peer, PeerData, PeerId, PeerStore } from '@libp2p/interface'
import {
  PEER_ADDRESSES,
  PEER_METADATA,
  PEER_METADATA_BYTES,
  PEER_PROTOCOL_BYTES,
  PEER_PROTOCOLS,
  PEERS_KEPT,
} from '../../../protocol/peer-limits.ts'
import { tellable, type Scope } from './address-scope.ts'

export interface PeerStoreRules {
  readonly self: PeerId
  /** Within which scope addresses of this peer are believed; `undefined`: nobody was met who could tell them. */
  scopeOf(peer: PeerId): Scope | undefined
  /** Whether this peer stays whatever else comes: it is connected, or static. */
  isKept(peer: Peer): boolean
  /** Tests take a smaller one. */
  readonly peersKept?: number
}

/**
 * Wraps the instance. Must be called before libp2p starts.
 *
 * @param known - peers that are in the store already
 */
export function guardPeerStore(peerStore: PeerStore, rules: PeerStoreRules, known: readonly Peer[]): void {
  const plain = {
    save: peerStore.save.bind(peerStore),
    patch: peerStore.patch.bind(peerStore),
    merge: peerStore.merge.bind(peerStore),
  }
  const latest = new LatestPeers(rules, (peer) => peerStore.delete(peer))
  const isSelf = (id: PeerId): boolean => rules.self.equals(id)
  const bounded = (id: PeerId, data: PeerData, before: Partial<Peer>): PeerData =>
    isSelf(id) ? data : boundedPeerData(data, rules.scopeOf(id), before)
  const noted = async (peer: Peer): Promise<Peer> => {
    if (!isSelf(peer.id)) await latest.note(peer)
    return peer
  }
  peerStore.save = async (id, data, options) => noted(await plain.save(id, bounded(id, data, {}), options))
  peerStore.patch = async (id, data, options) => noted(await plain.patch(id, bounded(id, data, {}), options))
  peerStore.merge = async (id, data, options) => {
    const before = hasLists(data) && !isSelf(id) ? await find(peerStore, id) : {}
    const merged = await plain.merge(id, bounded(id, data, before), options)
    // Two that merge at the same time both saw room.
    const { addresses, protocols } = merged
    const isOver = addresses.length > PEER_ADDRESSES || protocols.length > PEER_PROTOCOLS
    if (!isOver || isSelf(id)) return noted(merged)
    const cut = { addresses: addresses.slice(0, PEER_ADDRESSES), protocols: protocols.slice(0, PEER_PROTOCOLS) }
    return noted(await plain.patch(id, cut, options))
  }
  for (const peer of known) latest.seed(peer)
}

function hasLists({ addresses, multiaddrs, protocols }: PeerData): boolean {
  return addresses !== undefined || multiaddrs !== undefined || protocols !== undefined
}

async function find(peerStore: PeerStore, id: PeerId): Promise<Partial<Peer>> {
  try {
    return await peerStore.get(id)
  } catch {
    // Not there yet, or damaged: then it is written anew.
    return {}
  }
}

/**
 * What is kept of `data`, besides what is there `before`. Fields that are absent stay absent: patching with an empty
 * list deletes what was there.
 */
export function boundedPeerData(data: PeerData, met: Scope | undefined, before: Partial<Peer> = {}): PeerData {
  const kept: PeerData = { ...data }
  if (data.addresses !== undefined || data.multiaddrs !== undefined) {
    delete kept.multiaddrs
    const isCertified = data.addresses?.some((address) => address.isCertified) === true
    const told = [...(data.addresses ?? []).map(({ multiaddr }) => multiaddr), ...(data.multiaddrs ?? [])]
    const there = new Set(before.addresses?.map(({ multiaddr }) => multiaddr.toString()))
    const room = Math.max(0, PEER_ADDRESSES - there.size)
    const fresh = tellable(told, met, PEER_ADDRESSES).filter((multiaddr) => !there.has(multiaddr.toString()))
    kept.addresses = fresh.slice(0, room).map((multiaddr) => ({ multiaddr, isCertified }))
  }
  if (data.protocols !== undefined) {
    const room = Math.max(0, PEER_PROTOCOLS - (before.protocols?.length ?? 0))
    const fresh = boundedProtocols(data.protocols).filter((protocol) => before.protocols?.includes(protocol) !== true)
    kept.protocols = fresh.slice(0, room)
  }
  if (data.metadata !== undefined) {
    const entries = data.metadata instanceof Map ? [...data.metadata] : Object.entries(data.metadata)
    const small = entries.filter(([, value]) => value === undefined || value.byteLength <= PEER_METADATA_BYTES)
    kept.metadata = Object.fromEntries(small.slice(0, PEER_METADATA))
  }
  // Nothing here passes signed records on, and the addresses in it are in the row.
  delete kept.peerRecordEnvelope
  return kept
}

export function boundedProtocols(protocols: readonly string[]): string[] {
  const taken = protocols.slice(0, 2 * PEER_PROTOCOLS).filter((protocol) => protocol.length <= PEER_PROTOCOL_BYTES)
  return taken.slice(0, PEER_PROTOCOLS)
}

/**
 * The peers in the store, least recently written first. Beyond the bound one without a tag goes: a tag says that it
 * shares a chain or is in the DHT's routing table, and a stranger without either is nobody to come back to.
 */
class LatestPeers {
  readonly #rules: PeerStoreRules
  readonly #remove: (peer: PeerId) => Promise<void>
  readonly #peers = new Map<string, Peer>()

  constructor(rules: PeerStoreRules, remove: (peer: PeerId) => Promise<void>) {
    this.#rules = rules
    this.#remove = remove
  }

  seed(peer: Peer): void {
    this.#peers.set(peer.id.toString(), peer)
  }

  async note(peer: Peer): Promise<void> {
    const key = peer.id.toString()
    this.#peers.delete(key)
    // The last one: it just came.
    const { peersKept = PEERS_KEPT } = this.#rules
    if (this.#peers.size >= peersKept) await this.#evict()
    this.#peers.set(key, peer)
  }

  async #evict(): Promise<void> {
    let oldestTagged: Peer | undefined
    for (const peer of this.#peers.values()) {
      if (this.#rules.isKept(peer)) continue
      if (peer.tags.size === 0) return this.#drop(peer)
      oldestTagged ??= peer
    }
    if (oldestTagged !== undefined) await this.#drop(oldestTagged)
  }

  async #drop(peer: Peer): Promise<void> {
    this.#peers.delete(peer.id.toString())
    await this.#remove(peer.id)
  }
}

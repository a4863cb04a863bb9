/**
 * What this node believes of addresses, and which it dials (spec §9): joins the guards of the peer store, the DHT and
 * the dialler over what libp2p knows of connections. One for each host; libp2p is attached once it exists, before it
 * starts.
 */
import { isIP } from 'node:net'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2p } from 'libp2p'
import { KAD_ADDRESSES } from '../../../protocol/peer-limits.ts'
import { narrowest, scopeMet, scopeOf, tellable, type Scope } from './address-scope.ts'
import { guardPeerStore } from './peer-store-guard.ts'
import { restoredPeers, type HostDatastore } from './peer-store-repair.ts'
import { isStaticPeer } from './peer-tags.ts'
import { ToldPeers } from './told-peers.ts'

/** Whose address is dialled, if not one that a peer told: `user` may also name hosts of this machine's networks. */
export type DialledBy = 'user' | 'memory'

/** The informant of all that mDNS reports: it is multicast, so anybody in the LAN may have sent it. */
const LAN = 'lan'

/**
 * Invariants: `#dialling` counts the dials under way that are not charged, by peer; `#userNames` grows with what the
 * user wrote alone, and has the scope of each name since it was looked up.
 */
export class PeerEdge {
  readonly #told = new ToldPeers(performance.now())
  readonly #dialling = new Map<string, number>()
  readonly #userNames = new Map<string, Scope | undefined>()
  #libp2p: Libp2p | undefined

  /** Repairs and bounds the peer store. Before libp2p starts. */
  async attach(libp2p: Libp2p, datastore: HostDatastore | undefined): Promise<void> {
    this.#libp2p = libp2p
    const known = await restoredPeers(libp2p.peerStore, datastore)
    guardPeerStore(
      libp2p.peerStore,
      {
        self: libp2p.peerId,
        scopeOf: (peer) => narrowest([this.metWithin(peer), this.#told.scopeOf(peer.toString())]),
        isKept: (peer) => isStaticPeer(peer) || libp2p.getConnections(peer.id).length > 0,
      },
      known,
    )
  }

  /** Within which scope this peer is connected now; the narrowest of its connections counts. */
  metWithin(peer: PeerId): Scope | undefined {
    const connections = this.#libp2p?.getConnections(peer) ?? []
    return narrowest(connections.map(({ remoteAddr }) => scopeMet(remoteAddr, (name) => this.#userNames.get(name))))
  }

  /** Addresses of `peer`, told by `informant` who was met within `scope`, may be stored and dialled at its expense. */
  noteTold(peer: PeerId, informant: PeerId, scope: Scope): void {
    this.#told.note(peer.toString(), informant.toString(), scope)
  }

  /** What is believed of a peer that mDNS reports; `undefined` if none of its addresses is in a private network. */
  fromLan({ id, multiaddrs }: PeerInfo): PeerInfo | undefined {
    const inLan = tellable(multiaddrs, 'private', KAD_ADDRESSES).filter((address) => scopeOf(address) === 'private')
    if (inLan.length === 0) return undefined
    this.#told.note(id.toString(), LAN, 'private')
    return { id, multiaddrs: inLan }
  }

  /** Runs a dial that no peer caused. */
  async uncharged<T>(target: Multiaddr, by: DialledBy, dial: () => Promise<T>): Promise<T> {
    const { host, peer = '' } = partsOf(target)
    if (by === 'user' && isIP(host) === 0 && !this.#userNames.has(host)) this.#userNames.set(host, undefined)
    this.#dialling.set(peer, (this.#dialling.get(peer) ?? 0) + 1)
    try {
      return await dial()
    } finally {
      const others = (this.#dialling.get(peer) ?? 1) - 1
      if (others === 0) this.#dialling.delete(peer)
      else this.#dialling.set(peer, others)
    }
  }

  /** For the connection gater. An address without a peer id is the user's, or only looked at. */
  denyDial(address: Multiaddr): boolean {
    const { host, port, peer } = partsOf(address)
    if (peer === undefined || this.#dialling.has(peer)) return false
    return !this.#told.takeDial(peer, `${host} ${port}`, performance.now())
  }

  /** For the lookup of names. */
  isOfUser(name: string): boolean {
    return this.#userNames.has(name)
  }

  /** For the lookup of names. */
  onUserName(name: string, scope: Scope | undefined): void {
    this.#userNames.set(name, scope)
  }
}

function partsOf(address: Multiaddr): { readonly host: string; readonly port: string; readonly peer?: string } {
  const [host, port, ...rest] = address.getComponents()
  const peer = [...rest, port].find((part) => part?.name === 'p2p')?.value
  return { host: host?.value ?? '', port: port?.value ?? '', ...(peer === undefined ? {} : { peer }) }
}

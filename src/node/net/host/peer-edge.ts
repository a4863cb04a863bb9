/**
 * What this node believes of addresses, and which it dials (spec §9): joins the guards of the peer store, the DHT and
 * the dialler over what libp2p knows of connections. One for each host; libp2p is attached once it exists, before it
 * starts.
 */
import { isIP } from 'node:net'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import { isMultiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Libp2p } from 'libp2p'
import { KAD_ADDRESSES } from '../../../protocol/peer-limits.ts'
import { narrowest, scopeMet, scopeOf, tellable, type Scope } from './address-scope.ts'
import { guardPeerStore } from './peer-store-guard.ts'
import { restoredPeers, type HostDatastore } from './peer-store-repair.ts'
import { isStaticPeer } from './peer-tags.ts'
import { ToldPeers } from './told-peers.ts'

/**
 * Why an address is dialled: `user` wrote it, and may name hosts of this machine's networks; this node's `memory` of
 * chain peers has it; or the peer is `wanted`, for it has a chain of ours or is in the LAN, and other peers told its
 * addresses. Dials of the DHT's queries are none of these.
 */
export type DialReason = 'user' | 'memory' | 'wanted'

/** The informant of all that mDNS reports: it is multicast, so anybody in the LAN may have sent it. */
const LAN = 'lan'

/**
 * Invariants: `#uncharged` and `#wanted` count the dials under way, by peer; `#userNames` grows with what the
 * user wrote alone, and has the scope of each name since it was looked up.
 */
export class PeerEdge {
  readonly #told = new ToldPeers(performance.now())
  readonly #uncharged = new Map<string, number>()
  readonly #wanted = new Map<string, number>()
  readonly #userNames = new Map<string, Scope | undefined>()
  readonly #isProxy: (remote: Multiaddr) => boolean
  #libp2p: Libp2p | undefined

  /** @param isProxy - whether anybody may be behind this address */
  constructor(isProxy: (remote: Multiaddr) => boolean) {
    this.#isProxy = isProxy
  }

  /** Repairs and bounds the peer store. Before libp2p starts. */
  async attach(libp2p: Libp2p, datastore: HostDatastore | undefined): Promise<void> {
    this.#libp2p = libp2p
    libp2p.addEventListener('peer:connect', ({ detail }) => this.#told.noteMet(detail.toString()))
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
    const scopeOfName = (name: string): Scope | undefined => this.#userNames.get(name)
    return narrowest(
      connections.map(({ remoteAddr }) => (this.#isProxy(remoteAddr) ? 'public' : scopeMet(remoteAddr, scopeOfName))),
    )
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

  /** Runs a dial for a reason: see {@link denyDial}. */
  async dialling<T>(target: Multiaddr | PeerId, reason: DialReason, dial: () => Promise<T>): Promise<T> {
    const { host, peer = '' } = isMultiaddr(target) ? partsOf(target) : { host: '', peer: target.toString() }
    if (reason === 'user' && isIP(host) === 0 && !this.#userNames.has(host)) this.#userNames.set(host, undefined)
    const underWay = reason === 'wanted' ? this.#wanted : this.#uncharged
    underWay.set(peer, (underWay.get(peer) ?? 0) + 1)
    try {
      return await dial()
    } finally {
      const others = (underWay.get(peer) ?? 1) - 1
      if (others === 0) underWay.delete(peer)
      else underWay.set(peer, others)
    }
  }

  /** For the connection gater. An address without a peer id is the user's, or only looked at. */
  denyDial(address: Multiaddr): boolean {
    const { host, port, peer } = partsOf(address)
    if (peer === undefined || this.#uncharged.has(peer)) return false
    const isWanted = this.#wanted.has(peer)
    return !this.#told.takeDial({ peer, target: `${host} ${port}`, isWanted }, performance.now())
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

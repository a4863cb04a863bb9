/**
 * The libp2p host (spec §7–§9): one peer id, its connections, and the peer scores. It knows nothing of chains. The rest
 * of `src/node` uses libp2p only through this class and through the rooms gossip, sync and discovery.
 */
import type { Connection, PeerId, PeerInfo } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { isMultiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { systemClock, type Clock } from '../../base/clock.ts'
import { sharesWith, type SharesOf } from './address-shares.ts'
import { answerPings } from './bounded-ping.ts'
import { chunksReceivedOn, endSilentConnections, guardConnections } from './connection-guard.ts'
import { limitConnections } from './connection-slots.ts'
import { hostFault, why, type DialFault, type HostFault } from './faults.ts'
import {
  libp2pOptions,
  type HostOptions,
  type HostServices,
  INBOUND_PER_SECOND,
  MAX_CONNECTIONS,
  PING_STREAMS,
} from './libp2p-options.ts'
import { endLeftConnections } from './older-connections.ts'
import { OwnAddresses } from './own-addresses.ts'
import { peerIdOf } from './peer-address.ts'
import type { HostDatastore } from './peer-store-repair.ts'
import { PendingConnections } from './pending-connections.ts'
import { UsefulPeers } from './useful-peers.ts'
import type { Logger } from '../../base/log.ts'
import { PeerEdge, type DialReason } from './peer-edge.ts'
import { PeerScore } from './peer-score.ts'

export type { DialFault, HostFault } from './faults.ts'
export type { HostOptions } from './libp2p-options.ts'
export type { HostDatastore } from './peer-store-repair.ts'

export interface HostModules {
  /** The owner opens it before the host starts and closes it after the host stopped. In memory if absent. */
  readonly datastore?: HostDatastore
  readonly log: Logger
  readonly clock?: Clock
}

/** Starts a host; fails if an address cannot be listened on. */
export async function createHost(options: HostOptions, modules: HostModules): Promise<Result<Host, HostFault>> {
  const clock = modules.clock ?? systemClock
  const peerScore = new PeerScore()
  const lanListeners = new Set<(peer: PeerInfo) => void>()
  let ownAddresses: OwnAddresses | undefined
  const isBanned = (peer: PeerId): boolean => peerScore.isBanned(peer.toString(), clock.nowMs())
  const sharesOf = sharesWith(options.trustedProxies ?? [])
  const edge = new PeerEdge((remote) => sharesOf(remote).length === 0)
  const pending = new PendingConnections({
    sharesOf,
    perSecond: options.inboundConnectionsPerSecond ?? INBOUND_PER_SECOND,
    ...(options.pendingInboundConnections === undefined ? {} : { places: options.pendingInboundConnections }),
  })
  try {
    const announcing = new OwnAddresses(options)
    ownAddresses = announcing
    const libp2p = await createLibp2p(
      await libp2pOptions(options, {
        ...(modules.datastore === undefined ? {} : { datastore: modules.datastore }),
        gater: {
          denyDialPeer: isBanned,
          denyDialMultiaddr: (address) => edge.denyDial(address),
          denyInboundConnection: (connection) => !pending.admit(connection),
          denyInboundEncryptedConnection: isBanned,
          denyOutboundEncryptedConnection: isBanned,
          denyInboundUpgradedConnection: (_peer, connection) => {
            return !pending.settle(connection)
          },
        },
        edge,
        points: (peer) => peerScore.points(peer, clock.nowMs()),
        onLanPeer: (peer) => lanListeners.forEach((listener) => listener(peer)),
        announced: (addresses) => announcing.announced(addresses),
      }),
    )
    await edge.attach(libp2p, modules.datastore)
    announcing.attach(libp2p.services.addressList)
    const useful = new UsefulPeers()
    const slots = options.maxConnections ?? MAX_CONNECTIONS
    limitConnections(libp2p, { slots, sharesOf }, { useful, log: modules.log })
    await ownAddresses.start()
    await libp2p.start()
    // Listeners have their addresses by now.
    announcing.confirm()
    await answerPings(libp2p, PING_STREAMS)
    const { log } = modules
    return ok(new Host({ libp2p, edge, log, clock, peerScore, lanListeners, useful, sharesOf, ownAddresses }))
  } catch (error) {
    ownAddresses?.stop()
    return fail(hostFault(error))
  }
}

interface HostParts {
  readonly libp2p: Libp2p<HostServices>
  readonly edge: PeerEdge
  readonly log: Logger
  readonly clock: Clock
  readonly peerScore: PeerScore
  readonly lanListeners: Set<(peer: PeerInfo) => void>
  readonly useful: UsefulPeers
  readonly sharesOf: SharesOf
  readonly ownAddresses: OwnAddresses
}

/**
 * Invariants:
 * 1. A banned peer stays disconnected: a ban hangs up, and the connection gater of {@link createHost} refuses dials and
 *   inbound connections until the ban ends.
 * 2. `#lanListeners` is the set that the mDNS callback reads, which exists before this object.
 * 3. Listeners are called synchronously. A breach listener runs after the connections were aborted.
 */
export class Host {
  readonly peerId: PeerId
  /** For gossip, sync and discovery only. */
  readonly libp2p: Libp2p<HostServices>
  readonly #edge: PeerEdge
  /** What connections are worth when all slots are taken. */
  readonly useful: UsefulPeers
  /** Whom a connection counts against where places are short. */
  readonly sharesOf: SharesOf
  readonly #log: Logger
  readonly #clock: Clock
  readonly #peerScore: PeerScore
  readonly #lanListeners: Set<(peer: PeerInfo) => void>
  readonly #ownAddresses: OwnAddresses
  readonly #breachListeners = new Set<(peer: PeerId, fault: ProtocolFault) => void>()

  constructor(parts: HostParts) {
    this.libp2p = parts.libp2p
    this.peerId = parts.libp2p.peerId
    this.#edge = parts.edge
    this.#log = parts.log
    this.#clock = parts.clock
    this.#peerScore = parts.peerScore
    this.#lanListeners = parts.lanListeners
    this.useful = parts.useful
    this.sharesOf = parts.sharesOf
    this.#ownAddresses = parts.ownAddresses
    endSilentConnections(parts.libp2p)
    endLeftConnections(parts.libp2p, chunksReceivedOn)
    guardConnections(parts.libp2p, (peer, fault) => {
      for (const listener of this.#breachListeners) listener(peer, fault)
    })
  }

  /** Dialable addresses that others are told, best first, each ending in `/p2p/<peer id>`. */
  addresses(): string[] {
    return this.libp2p.getMultiaddrs().map(String)
  }

  /** Whether this is the node itself, by its id or by where it listens. A name other than localhost is not resolved. */
  isSelf(address: Multiaddr): boolean {
    if (peerIdOf(address) === this.peerId.toString()) return true
    return this.#ownAddresses.includes(address, this.libp2p.getMultiaddrs())
  }

  /** Connected peers, each once, with the address of one of its connections. */
  connections(): { readonly peer: PeerId; readonly address: string }[] {
    const byPeer = new Map<string, Connection>()
    for (const connection of this.libp2p.getConnections()) byPeer.set(connection.remotePeer.toString(), connection)
    return [...byPeer.values()].map(({ remotePeer, remoteAddr }) => ({
      peer: remotePeer,
      address: remoteAddr.toString(),
    }))
  }

  /** The newest open connection of each connected peer. */
  newestConnections(): ReadonlyMap<string, Connection> {
    const newest = new Map<string, Connection>()
    for (const connection of this.libp2p.getConnections()) {
      const peer = connection.remotePeer.toString()
      const openedMs = newest.get(peer)?.timeline.open ?? -Infinity
      if (connection.status === 'open' && connection.timeline.open >= openedMs) newest.set(peer, connection)
    }
    return newest
  }

  isConnected(peer: string): boolean {
    return this.libp2p
      .getConnections()
      .some(({ status, remotePeer }) => status === 'open' && remotePeer.toString() === peer)
  }

  /**
   * Dials, unless there is a connection already. An address is the user's unless a reason is given; a peer id is dialled
   * at the addresses that peers told, within the budget of who told them.
   */
  async connect(
    target: PeerId | Multiaddr,
    { signal, reason }: { readonly signal: AbortSignal; readonly reason?: DialReason },
  ): Promise<Result<PeerId, DialFault>> {
    try {
      const connection = await this.dialling(target, () => this.libp2p.dial(target, { signal }), reason)
      return ok(connection.remotePeer)
    } catch (error) {
      return fail({ code: 'PEER_UNREACHABLE', peer: target.toString(), why: why(error) })
    }
  }

  /** Runs a dial with libp2p's own methods. */
  dialling<T>(target: PeerId | Multiaddr, dial: () => Promise<T>, reason?: DialReason): Promise<T> {
    return this.#edge.dialling(target, reason ?? (isMultiaddr(target) ? 'user' : 'wanted'), dial)
  }

  /** Round-trip time in ms; dials first if needed. */
  async ping(
    target: PeerId | Multiaddr,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Result<number, DialFault>> {
    try {
      return ok(await this.dialling(target, () => this.libp2p.services.ping.ping(target, { signal })))
    } catch (error) {
      return fail({ code: 'PEER_UNREACHABLE', peer: target.toString(), why: why(error) })
    }
  }

  /** Calls the listener on the first connection to a peer. Returns the unsubscribe function. */
  onConnect(listener: (peer: PeerId) => void): () => void {
    return this.#onPeer('peer:connect', listener)
  }

  /** Calls the listener when the last connection to a peer has closed. Returns the unsubscribe function. */
  onDisconnect(listener: (peer: PeerId) => void): () => void {
    return this.#onPeer('peer:disconnect', listener)
  }

  /** Calls the listener with each peer that mDNS reports, repeatedly. Returns the unsubscribe function. */
  onLanPeer(listener: (peer: PeerInfo) => void): () => void {
    this.#lanListeners.add(listener)
    return () => this.#lanListeners.delete(listener)
  }

  /**
   * Calls the listener on a breach below all protocols; the peer's connections are closed by then. Returns the
   * unsubscribe function.
   */
  onBreach(listener: (peer: PeerId, fault: ProtocolFault) => void): () => void {
    this.#breachListeners.add(listener)
    return () => this.#breachListeners.delete(listener)
  }

  /** Adds a point to the peer's score, which may ban it. */
  penalise(peer: string): void {
    if (!this.#peerScore.penalise(peer, this.#clock.nowMs())) return
    this.#log.warn('peer.banned', { peer })
    this.#hangUp(peer)
  }

  /** Bans the peer: closes its connections and refuses new ones until the ban ends. */
  ban(peer: string): void {
    this.#peerScore.ban(peer, this.#clock.nowMs())
    this.#log.warn('peer.banned', { peer })
    this.#hangUp(peer)
  }

  /** Closes all connections and listeners. The datastore may be closed afterwards. */
  async stop(): Promise<void> {
    this.#ownAddresses.stop()
    await this.libp2p.stop()
  }

  #hangUp(peer: string): void {
    this.libp2p.hangUp(peerIdFromString(peer)).catch((error: unknown) => {
      this.#log.debug('peer.hang-up-failed', { peer, why: why(error) })
    })
  }

  #onPeer(event: 'peer:connect' | 'peer:disconnect', listener: (peer: PeerId) => void): () => void {
    const onEvent = ({ detail }: CustomEvent<PeerId>): void => listener(detail)
    this.libp2p.addEventListener(event, onEvent)
    return () => this.libp2p.removeEventListener(event, onEvent)
  }
}

/**
 * Settings of libp2p and its services for small, private and local networks (spec §7, §9). It starts nothing. Most
 * numbers avoid a problem that was measured; the comment beside each names it.
 */
import { StrictNoSign, type GossipSub, type gossipsub } from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import type { Identify } from '@libp2p/identify'
import type { ConnectionGater, PeerInfo, PrivateKey } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { ping, type Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import { ANNOUNCEMENT_BYTES, GOSSIP_RPC_FIELDS } from '../../../protocol/gossip-limits.ts'
import { STREAMS_AT_ONCE, UPGRADE_TIMEOUT_MS } from '../../../protocol/stream-limits.ts'
import { guardedGossipsub } from './gossip-guard.ts'
import { guardedDht } from './guarded-dht.ts'
import { guardedIdentify } from './guarded-identify.ts'
import { guardedLookup } from './guarded-lookup.ts'
import { isLoopbackOnly } from './peer-address.ts'
import type { AddressList } from './own-addresses.ts'
import type { PeerEdge } from './peer-edge.ts'
import type { HostDatastore } from './peer-store-repair.ts'
import { guardedYamux } from './yamux-guard.ts'

/** The host's part of the configuration. */
export interface HostOptions {
  readonly privateKey: PrivateKey
  /** Multiaddrs to listen on. If empty, the node only dials. */
  readonly listen: readonly string[]
  /** Announced instead of the detected addresses. */
  readonly announce?: readonly string[]
  /** Announced in addition to the detected addresses, for forwarded ports. */
  readonly appendAnnounce?: readonly string[]
  readonly dht: boolean
  /** Ignored if all listen addresses are loopback. */
  readonly mdns: boolean
  readonly maxConnections?: number
  /** New connections per second from one address. Tests with many nodes on one machine raise it. */
  readonly inboundConnectionsPerSecond?: number
  /** Incoming connections that are not upgraded yet. */
  readonly pendingInboundConnections?: number
  /** Addresses and CIDR ranges of proxies: what comes from them has no share of its own (`address-shares.ts`). */
  readonly trustedProxies?: readonly string[]
}

export interface HostServices extends Record<string, unknown> {
  readonly identify: Identify
  readonly ping: Ping
  readonly pubsub: GossipSub
  readonly dht?: KadDHT
  /** libp2p's own; it shows it to services alone. */
  readonly addressList: AddressList
}

/** Callbacks used by the settings. */
export interface HostHooks {
  readonly datastore?: HostDatastore
  readonly gater: ConnectionGater
  readonly edge: PeerEdge
  /** The peer's score: 0 or more points for breaches. */
  points(peer: string): number
  onLanPeer(peer: PeerInfo): void
  /** Of this node's addresses those to tell others, best first. */
  announced(addresses: readonly Multiaddr[]): Multiaddr[]
}

const KIB = 1024
const HOUR_MS = 3_600_000

/** A service name of its own: only Freechains nodes answer, and other libp2p programs on the LAN are not contacted. */
const MDNS_SERVICE = '_freechains._udp.local'

/** libp2p's default is 300. A peer may cost several megabytes of buffers at worst. */
export const MAX_CONNECTIONS = 100

/** From one address. libp2p's own default. */
export const INBOUND_PER_SECOND = 5

/** The initial window of the yamux specification, which other implementations assume. */
const STREAM_WINDOW_BYTES = 256 * KIB

/**
 * The maximum window must stay below the read buffer: a paused stream still receives a full window, and is reset when
 * that exceeds the read buffer. 2 MiB sustain 20 MiB/s at a round trip of 100 ms.
 */
const MAX_STREAM_WINDOW_BYTES = 2048 * KIB
const READ_BUFFER_BYTES = 4096 * KIB

/**
 * The default is unlimited, and a stalled peer made a sender hold 26 MB. Bursts of gossip to a slow peer need some
 * room.
 */
const WRITE_BUFFER_BYTES = 4096 * KIB

/**
 * Limit of one gossipsub RPC on the way in. An honest peer sends 64 KiB (spec §7); a larger RPC than this one is not
 * skipped: it ends the stream, and gossip from that peer stops. So there is room for software that packs more into one.
 */
const GOSSIP_INBOUND_BYTES = 2048 * KIB

/**
 * The fields of an RPC are counted before it is decoded (`gossip-guard.ts`), whatever they are. With its own limits the
 * library drops an RPC of 5,001 subscriptions whole.
 */
const ENTRIES = {
  maxSubscriptions: GOSSIP_RPC_FIELDS,
  maxMessages: GOSSIP_RPC_FIELDS,
  maxIhaveMessageIDs: GOSSIP_RPC_FIELDS,
  maxIwantMessageIDs: GOSSIP_RPC_FIELDS,
  maxIdontwantMessageIDs: GOSSIP_RPC_FIELDS,
  maxControlMessages: GOSSIP_RPC_FIELDS,
  maxPeerInfos: GOSSIP_RPC_FIELDS,
}

/** Provider records live 48 h. With the default address age of 1 h, records would point to peers without addresses. */
const ADDRESS_AGE_MS = 48 * HOUR_MS
const PEER_AGE_MS = 72 * HOUR_MS

/** With the default of one stream, libp2p's own ping fails while a `peer ping` or its previous ping is still open. */
export const PING_STREAMS = 16

/**
 * Weight of the application score in gossipsub: four breaches of the sync protocol weigh as much as two invalid
 * announcements.
 */
const POINT_WEIGHT = -20

/** Loads the DHT and mDNS only where they are on: with what they import they are a tenth of what a start loads. */
export async function libp2pOptions(options: HostOptions, hooks: HostHooks): Promise<Libp2pOptions<HostServices>> {
  const { listen, announce = [], appendAnnounce = [] } = options
  const hasLan = options.mdns && !isLoopbackOnly(listen)
  return {
    start: false,
    privateKey: options.privateKey,
    ...(hooks.datastore === undefined ? {} : { datastore: hooks.datastore }),
    addresses: {
      listen: [...listen],
      announce: [...announce],
      appendAnnounce: [...appendAnnounce],
      announceFilter: (addresses) => hooks.announced(addresses),
    },
    transports: [tcp({ dialOpts: lookup(hooks.edge) })],
    connectionEncrypters: [noise()],
    streamMuxers: [
      guardedYamux(
        {
          maxMessageSize: 256 * KIB,
          maxInboundStreams: STREAMS_AT_ONCE,
          streamOptions: {
            initialStreamWindowSize: STREAM_WINDOW_BYTES,
            maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES,
            maxReadBufferLength: READ_BUFFER_BYTES,
            maxWriteBufferLength: WRITE_BUFFER_BYTES,
          },
        },
        MAX_STREAM_WINDOW_BYTES,
      ),
    ],
    connectionGater: hooks.gater,
    connectionManager: {
      // These three refuse whoever comes last. `pending-connections.ts` and `connection-slots.ts` choose who goes instead.
      maxConnections: Infinity,
      inboundConnectionThreshold: Infinity,
      maxIncomingPendingConnections: Infinity,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
    },
    // libp2p keeps pinging; `connection-guard.ts` closes connections on which no bytes arrive.
    connectionMonitor: { abortConnectionOnPingFailure: false },
    peerStore: { maxAddressAge: ADDRESS_AGE_MS, maxPeerAge: PEER_AGE_MS },
    ...(hasLan ? { peerDiscovery: [await lanDiscovery(hooks)] } : {}),
    services: {
      identify: guardedIdentify(),
      ping: ping({ maxInboundStreams: PING_STREAMS, maxOutboundStreams: PING_STREAMS }),
      pubsub: gossip(hooks),
      addressList: ({ addressManager }) => addressManager,
      ...(options.dht ? { dht: await dht(hooks.edge) } : {}),
    },
  }
}

/** The library hands these options to `net.connect`; its type does not name this one. */
function lookup(edge: PeerEdge): object {
  return { lookup: guardedLookup(edge) }
}

function dht(edge: PeerEdge): ReturnType<typeof guardedDht> {
  return guardedDht({
    metWithin: (peer) => edge.metWithin(peer),
    onTold: (peer, informant, scope) => edge.noteTold(peer, informant, scope),
  })
}

/** Only peers that mDNS itself reports: libp2p's own discovery event also fires for every peer the DHT hears about. */
async function lanDiscovery(hooks: HostHooks): Promise<NonNullable<Libp2pOptions['peerDiscovery']>[number]> {
  const { mdns } = await import('@libp2p/mdns')
  const create = mdns({ serviceTag: MDNS_SERVICE })
  return (components) => {
    const discovery = create(components)
    // Before libp2p's own listener, which puts the addresses into the peer store.
    discovery.addEventListener('peer', ({ detail }) => {
      const peer = hooks.edge.fromLan(detail)
      if (peer !== undefined) hooks.onLanPeer(peer)
    })
    return discovery
  }
}

function gossip(hooks: HostHooks): ReturnType<typeof gossipsub> {
  return guardedGossipsub({
    globalSignaturePolicy: StrictNoSign,
    fallbackToFloodsub: false,
    // On, it sends own messages to all subscribers and others' to the mesh: a neighbour outside the mesh tells them apart.
    floodPublish: false,
    // It is sent before a message is passed on, and never before an own one.
    idontwantMinDataSize: ANNOUNCEMENT_BYTES + 1,
    doPX: false,
    // Publishing without subscribers is normal for a lone node, and no error.
    allowPublishToZeroTopicPeers: true,
    emitSelf: false,
    maxInboundDataLength: GOSSIP_INBOUND_BYTES,
    maxOutboundBufferSize: WRITE_BUFFER_BYTES,
    // Topics have budgets of our own (`gossip/rpc-intake.ts`): here, joined ones would count as well.
    maxTopicBytesPerPeer: Number.POSITIVE_INFINITY,
    decodeRpcLimits: ENTRIES,
    // A tag of the peer for each topic of the mesh: with 1,000 chains, 1,000 writes of up to 80 KiB.
    tagMeshPeers: false,
    // Peers that others name in a prune are not dialled, whatever the score.
    scoreThresholds: { acceptPXThreshold: Number.MAX_VALUE },
    scoreParams: {
      // A whole network may be behind one machine or one NAT: with the default, 14 peers on one address all lost their
      // gossip.
      IPColocationFactorWeight: 0,
      appSpecificScore: (peer) => hooks.points(peer),
      appSpecificWeight: POINT_WEIGHT,
      // A few broken promises mean a slow machine, not an attack.
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: 0.9,
      // The library begins anew when a peer comes back, so a record of one that is gone serves nobody.
      retainScore: 0,
    },
  })
}

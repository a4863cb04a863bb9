/**
 * How libp2p and its services are set up for small, private and local networks (spec §7, §9). Only settings: it starts
 * nothing. Most numbers answer a trap that was measured; the comment beside each names it.
 */
import { gossipsub, StrictNoSign, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import { identify, type Identify } from '@libp2p/identify'
import type { ConnectionGater, PeerInfo, PrivateKey } from '@libp2p/interface'
import { kadDHT, passthroughMapper, type KadDHT } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { ping, type Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import type { Libp2pOptions } from 'libp2p'
import { STREAMS_AT_ONCE } from '../../../protocol/limits.ts'
import { KAD_PROTOCOL } from '../../../protocol/messages.ts'
import { isLoopbackOnly } from './peer-address.ts'
import { guardedYamux } from './yamux-guard.ts'

/** Plain data about how the host meets the network. */
export interface HostOptions {
  readonly privateKey: PrivateKey
  /** Multiaddrs to listen on; none: the node only dials. */
  readonly listen: readonly string[]
  /** Announced instead of the addresses that were found. */
  readonly announce?: readonly string[]
  /** Announced beside the addresses that were found: a forwarded port. */
  readonly appendAnnounce?: readonly string[]
  readonly dht: boolean
  /** Stays off where only loopback is listened on. */
  readonly mdns: boolean
  readonly maxConnections?: number
  /** New connections per second from one address; tests that put many nodes on one machine raise it. */
  readonly inboundConnectionsPerSecond?: number
  readonly pendingInboundConnections?: number
}

/** Where libp2p keeps its peer store and the DHT's records. */
export type HostDatastore = NonNullable<Libp2pOptions['datastore']>

export interface HostServices extends Record<string, unknown> {
  readonly identify: Identify
  readonly ping: Ping
  readonly pubsub: GossipSub
  readonly dht?: KadDHT
}

/** What the settings call back into. */
export interface HostHooks {
  readonly datastore?: HostDatastore
  readonly gater: ConnectionGater
  /** What this node holds against a peer, 0 or more. */
  points(peer: string): number
  onLanPeer(peer: PeerInfo): void
}

const KIB = 1024
const HOUR_MS = 3_600_000

/** Freechains nodes answer each other only; every other libp2p program on the LAN is left alone. */
const MDNS_SERVICE = '_freechains._udp.local'

/** libp2p's default is 300; each peer may cost some megabytes of buffers at worst. */
const MAX_CONNECTIONS = 100

/** The yamux specification's initial window, which other implementations assume. */
const STREAM_WINDOW_BYTES = 256 * KIB

/**
 * A paused stream still receives what its window allows, and is reset when that exceeds the read buffer: the largest
 * window must stay below it. 2 MiB carry 20 MiB/s over 100 ms.
 */
const MAX_STREAM_WINDOW_BYTES = 2048 * KIB
const READ_BUFFER_BYTES = 4096 * KIB

/** Unlimited by default, and a stalled peer made a sender hold 26 MB. Gossip bursts to a slow peer need some room. */
const WRITE_BUFFER_BYTES = 4096 * KIB

/**
 * One frame of gossipsub, which may answer for many announcements at once: an honest peer sends up to 128 full ones here.
 * A smaller cap would not refuse the message, it would end the stream and leave the peer deaf.
 */
const GOSSIP_RPC_BYTES = 2048 * KIB

/** Provider records live 48 h; with addresses forgotten after 1 h (the default) they would lead nowhere. */
const ADDRESS_AGE_MS = 48 * HOUR_MS
const PEER_AGE_MS = 72 * HOUR_MS

/** With the default of one, libp2p's own heartbeat fails while `peer ping` is under way, or its last ping is. */
const PING_STREAMS = 16

/** Sizes the gossip score: four breaches of the sync protocol weigh as much as two invalid announcements. */
const POINT_WEIGHT = -20

export function libp2pOptions(options: HostOptions, hooks: HostHooks): Libp2pOptions<HostServices> {
  const { listen, announce = [], appendAnnounce = [] } = options
  const hasLan = options.mdns && !isLoopbackOnly(listen)
  return {
    start: false,
    privateKey: options.privateKey,
    ...(hooks.datastore === undefined ? {} : { datastore: hooks.datastore }),
    addresses: { listen: [...listen], announce: [...announce], appendAnnounce: [...appendAnnounce] },
    transports: [tcp()],
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
      maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
      ...(options.inboundConnectionsPerSecond === undefined
        ? {}
        : { inboundConnectionThreshold: options.inboundConnectionsPerSecond }),
      ...(options.pendingInboundConnections === undefined
        ? {}
        : { maxIncomingPendingConnections: options.pendingInboundConnections }),
    },
    // Its pings go on, and `connection-guard.ts` looks whether anything comes.
    connectionMonitor: { abortConnectionOnPingFailure: false },
    peerStore: { maxAddressAge: ADDRESS_AGE_MS, maxPeerAge: PEER_AGE_MS },
    ...(hasLan ? { peerDiscovery: [lanDiscovery(hooks)] } : {}),
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: PING_STREAMS, maxOutboundStreams: PING_STREAMS }),
      pubsub: gossip(hooks),
      ...(options.dht ? { dht: dht() } : {}),
    },
  }
}

/**
 * `clientMode: false` and `passthroughMapper` together, or nothing works off the public internet: routing tables stay
 * empty and queries wait until their signal aborts.
 */
function dht(): ReturnType<typeof kadDHT> {
  return kadDHT({ protocol: KAD_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper })
}

/** Only what mDNS itself finds: libp2p's own discovery event also tells of every peer the DHT hears about. */
function lanDiscovery(hooks: HostHooks): NonNullable<Libp2pOptions['peerDiscovery']>[number] {
  const create = mdns({ serviceTag: MDNS_SERVICE })
  return (components) => {
    const discovery = create(components)
    discovery.addEventListener('peer', ({ detail }) => hooks.onLanPeer(detail))
    return discovery
  }
}

function gossip(hooks: HostHooks): ReturnType<typeof gossipsub> {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    fallbackToFloodsub: false,
    floodPublish: true,
    doPX: false,
    // A lone node's announcement is a hint that nobody needed.
    allowPublishToZeroTopicPeers: true,
    emitSelf: false,
    maxInboundDataLength: GOSSIP_RPC_BYTES,
    maxOutboundBufferSize: WRITE_BUFFER_BYTES,
    scoreParams: {
      // One machine or one NAT may hold a whole network: with the default, 14 peers on one address all fall silent.
      IPColocationFactorWeight: 0,
      appSpecificScore: (peer) => hooks.points(peer),
      appSpecificWeight: POINT_WEIGHT,
      // A promise broken now and then is a slow machine.
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: 0.9,
    },
  })
}

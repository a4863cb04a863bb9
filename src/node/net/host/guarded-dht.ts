/**
 * kad-dht with bounds (spec §9): what it is asked, what it answers, and what it believes of answers. It has no options
 * for these; this wraps the methods through which every request and every reply goes. Peers named in a reply are known
 * only after they answered themselves, and the dials to them are counted (`told-peers.ts`).
 */
import type { Connection, PeerId, PeerInfo, Stream } from '@libp2p/interface'
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht'
import {
  KAD_ADDRESSES,
  KAD_LOOKUPS,
  KAD_LOOKUPS_OF_ALL,
  KAD_PEERS,
  KAD_REPLY_BYTES,
  KAD_REQUEST_BYTES,
  KAD_REQUESTS,
} from '../../../protocol/peer-limits.ts'
import { RATE_LIMITED_PEERS } from '../../../protocol/gossip-limits.ts'
import { KAD_PROTOCOL } from '../../../protocol/messages.ts'
import { Bucket, Buckets } from '../../../protocol/token-bucket.ts'
import { tellable, type Scope } from './address-scope.ts'
import { boundedReply, boundedRequest, RefusedRequest, type KadMessage } from './kad-messages.ts'
import { watchMessages } from './message-watch.ts'

export interface DhtRules {
  /** Within which scope this connected peer was met. */
  metWithin(peer: PeerId): Scope | undefined
  /** `informant` told addresses of `peer`. */
  onTold(peer: PeerId, informant: PeerId, scope: Scope): void
}

/** An event of a query; of its kinds only a reply matters here. */
interface QueryEvent {
  readonly name: string
  closer?: PeerInfo[]
  providers?: PeerInfo[]
}

/** The library's classes have these; its interface does not declare them. */
interface KadInternals {
  readonly rpc: {
    onIncomingStream: (stream: Stream, connection: Connection) => Promise<void>
    handleMessage: (peer: PeerId, message: KadMessage) => Promise<KadMessage | undefined>
  }
  readonly network: {
    sendRequest: (to: PeerId, message: KadMessage, options: object) => AsyncGenerator<QueryEvent>
    _writeReadMessage: (stream: Stream, message: KadMessage, options: object) => Promise<KadMessage>
    safeDispatchEvent: (type: string) => boolean
  }
}

/**
 * Refuses to decode a reply with far more in it than is taken: each peer costs an id, and each address a parse. Twice
 * the bound, for other software may tell a few more.
 */
const DECODED = {
  closer: 2 * KAD_PEERS,
  providers: 2 * KAD_PEERS,
  closer$: { multiaddrs: 2 * KAD_ADDRESSES },
  providers$: { multiaddrs: 2 * KAD_ADDRESSES },
}

/**
 * `clientMode: false` and `passthroughMapper` are both needed off the public internet: without them routing tables stay
 * empty, and queries wait until their signal aborts.
 */
export async function guardedDht(rules: DhtRules): Promise<(components: KadDHTComponents) => KadDHT> {
  const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht')
  const create = kadDHT({
    protocol: KAD_PROTOCOL,
    clientMode: false,
    kBucketSize: KAD_PEERS,
    peerInfoMapper: passthroughMapper,
  })
  return (components) => {
    const dht = create(components)
    const internals = dht as unknown as KadInternals
    guardRequests(internals)
    guardReplies(internals, components, rules)
    return dht
  }
}

function guardRequests({ rpc }: KadInternals): void {
  const requests = new Buckets(KAD_REQUESTS, RATE_LIMITED_PEERS)
  const serve = rpc.onIncomingStream.bind(rpc)
  rpc.onIncomingStream = (stream, connection) => {
    const key = connection.remotePeer.toString()
    const onMessage = (): boolean => requests.of(key, performance.now()).take(performance.now())
    watchMessages(stream, { limitBytes: KAD_REQUEST_BYTES, onMessage })
    return serve(stream, connection)
  }
  const lookups = new Buckets(KAD_LOOKUPS, RATE_LIMITED_PEERS)
  const lookupsOfAll = new Bucket(KAD_LOOKUPS_OF_ALL, performance.now())
  const answer = rpc.handleMessage.bind(rpc)
  rpc.handleMessage = async (peer, message) => {
    const request = boundedRequest(peer, message)
    const nowMs = performance.now()
    const isLookup = request.type === 'FIND_NODE' || request.type === 'GET_PROVIDERS'
    if (isLookup && !(lookups.of(peer.toString(), nowMs).take(nowMs) && lookupsOfAll.take(nowMs)))
      throw new RefusedRequest('too many lookups')
    const reply = await answer(peer, request)
    return reply === undefined ? undefined : boundedReply(reply)
  }
}

function guardReplies({ network }: KadInternals, { peerId, peerStore }: KadDHTComponents, rules: DhtRules): void {
  const believed = async (told: readonly PeerInfo[], informant: PeerId): Promise<PeerInfo[]> => {
    const met = rules.metWithin(informant)
    const peers = told.slice(0, KAD_PEERS).map(({ id, multiaddrs }) => ({
      id,
      multiaddrs: tellable(multiaddrs, met, KAD_ADDRESSES),
    }))
    const dialable = peers.filter(({ multiaddrs }) => multiaddrs.length > 0)
    for (const { id, multiaddrs } of dialable) {
      // A connected peer told its own.
      if (met === undefined || id.equals(peerId) || rules.metWithin(id) !== undefined) continue
      rules.onTold(id, informant, met)
      await peerStore.merge(id, { multiaddrs })
    }
    return dialable
  }

  const writeRead = network._writeReadMessage.bind(network)
  network._writeReadMessage = (stream, message, options) => {
    watchMessages(stream, { limitBytes: KAD_REPLY_BYTES })
    return writeRead(stream, message, { ...options, limits: DECODED })
  }
  const send = network.sendRequest.bind(network)
  network.sendRequest = async function* (to, message, options) {
    for await (const event of send(to, message, options)) {
      if (event.name === 'PEER_RESPONSE') {
        event.closer = await believed(event.closer ?? [], to)
        event.providers = await believed(event.providers ?? [], to)
      }
      yield event
    }
  }
  // The event hands every peer that a reply names, as it came, to the routing table, which pings it, and to the store.
  network.safeDispatchEvent = () => true
}

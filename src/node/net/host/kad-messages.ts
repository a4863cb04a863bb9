/**
 * Which requests of the DHT are served, and how large a reply is (spec §9). Pure. A request that no node of this
 * network makes is refused: the DHT holds provider records under rendezvous, and no values.
 */
import type { PeerId } from '@libp2p/interface'
import {
  KAD_ADDRESSES,
  KAD_KEY_BYTES,
  KAD_PEERS,
  KAD_REPLY_BYTES,
  PEER_ADDRESS_BYTES,
} from '../../../protocol/peer-limits.ts'

/** A peer in a message, as it was decoded: id and addresses are bytes. */
export interface KadPeer {
  readonly id: Uint8Array
  readonly multiaddrs: readonly Uint8Array[]
}

export interface KadMessage {
  readonly type: string
  readonly clusterLevel?: number
  readonly key?: Uint8Array
  readonly closer: readonly KadPeer[]
  readonly providers: readonly KadPeer[]
}

/** A request against the rules; the stream on which it came is reset. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest'
}

/** sha2-256 and its 32 bytes, as a multihash begins; before it, in a CID, version 1 and the codec raw. */
const SHA2_256 = [0x12, 32]
const CID_RAW = [0x01, 0x55]
const MULTIHASH_BYTES = 34

/** Whether a provider record may have this key: a rendezvous as a multihash, or the CID of it. */
export function isRendezvousKey(key: Uint8Array): boolean {
  const isCid = CID_RAW.every((byte, at) => key[at] === byte)
  const digest = isCid ? key.subarray(CID_RAW.length) : key
  return digest.byteLength === MULTIHASH_BYTES && SHA2_256.every((byte, at) => digest[at] === byte)
}

/**
 * What is served of a request: only the fields that this kind of request has, within their bounds.
 *
 * @throws {RefusedRequest} if nothing is
 */
export function boundedRequest(from: PeerId, { type, clusterLevel, key, providers }: KadMessage): KadMessage {
  const level = clusterLevel === undefined ? {} : { clusterLevel }
  const request = { type, ...level, ...(key === undefined ? {} : { key }), closer: [], providers: [] }
  switch (type) {
    case 'PING':
      return { type, ...level, closer: [], providers: [] }
    case 'FIND_NODE':
      if (key === undefined || key.byteLength > KAD_KEY_BYTES) throw new RefusedRequest('no key of a lookup')
      return request
    case 'GET_PROVIDERS':
      if (key === undefined || !isRendezvousKey(key)) throw new RefusedRequest('no rendezvous')
      return request
    case 'ADD_PROVIDER':
      if (key === undefined || !isRendezvousKey(key)) throw new RefusedRequest('no rendezvous')
      return { ...request, providers: ownRecord(from, providers) }
    default:
      throw new RefusedRequest(type)
  }
}

/** A peer speaks for itself alone, once in a message. */
function ownRecord(from: PeerId, providers: readonly KadPeer[]): KadPeer[] {
  const id = Buffer.from(from.toMultihash().bytes)
  const own = providers.find((provider) => id.equals(provider.id))
  return own === undefined ? [] : [bounded(own)]
}

/** The reply without what is beyond its bounds: peers, addresses of each, and bytes in all. */
export function boundedReply(reply: KadMessage): KadMessage {
  let left = KAD_REPLY_BYTES - REPLY_OVERHEAD_BYTES
  const fit = (peers: readonly KadPeer[]): KadPeer[] =>
    peers
      .slice(0, KAD_PEERS)
      .map(bounded)
      .filter((peer) => {
        const bytes = bytesOf(peer)
        if (bytes > left) return false
        left -= bytes
        return true
      })
  // First what was asked for; closer peers are a way to go on.
  const providers = fit(reply.providers)
  return { ...reply, providers, closer: fit(reply.closer) }
}

/** The key, and the fields around the lists. */
const REPLY_OVERHEAD_BYTES = 256

/** Tag and length of a field. */
const FIELD_BYTES = 4

function bytesOf({ id, multiaddrs }: KadPeer): number {
  return multiaddrs.reduce((sum, { byteLength }) => sum + byteLength + FIELD_BYTES, id.byteLength + 2 * FIELD_BYTES)
}

function bounded(peer: KadPeer): KadPeer {
  const short = peer.multiaddrs.filter(({ byteLength }) => byteLength <= PEER_ADDRESS_BYTES)
  return { ...peer, multiaddrs: short.slice(0, KAD_ADDRESSES) }
}

/**
 * Reads the peer store at start (spec §9). A damaged record would keep libp2p from starting, for it reads all of them
 * and gives up at the first; here it is deleted, and so is one beyond the bounds. Also clears tags: see `peer-tags.ts`.
 */
import type { Peer, PeerStore } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import type { Libp2pOptions } from 'libp2p'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { PEER_ADDRESSES, PEER_PROTOCOLS } from '../../../protocol/peer-limits.ts'
import { clearKeepAliveTags } from './peer-tags.ts'

/** Holds libp2p's peer store and the DHT's records. */
export type HostDatastore = NonNullable<Libp2pOptions['datastore']>

/** Where the peer store has its records in the datastore, by the CID of the peer id. */
const PEERS = '/peers/'

/** The peers in the store that can be read, without keep-alive tags. Must run before libp2p starts. */
export async function restoredPeers(peerStore: PeerStore, datastore: HostDatastore | undefined): Promise<Peer[]> {
  const peers: Peer[] = []
  if (datastore === undefined) return peers
  const keys: Parameters<HostDatastore['delete']>[0][] = []
  for await (const key of datastore.queryKeys({ prefix: PEERS })) keys.push(key)
  for (const key of keys) {
    const peer = await readable(peerStore, key.toString().slice(PEERS.length))
    if (peer === undefined) await datastore.delete(key)
    else peers.push(await clearKeepAliveTags(peerStore, peer))
  }
  return peers
}

async function readable(peerStore: PeerStore, cid: string): Promise<Peer | undefined> {
  try {
    const peer = await peerStore.get(peerIdFromCID(CID.parse(cid, base32)))
    return peer.addresses.length <= PEER_ADDRESSES && peer.protocols.length <= PEER_PROTOCOLS ? peer : undefined
  } catch {
    // Damaged, or expired.
    return undefined
  }
}

/**
 * Tags that make libp2p keep a connection (spec §9). The peer store persists them, so they would survive a change of
 * the config file, and libp2p dials every tagged peer at start. So a start clears them all, and
 * `discovery/static-peers.ts` tags each peer again when it has connected.
 */
import { KEEP_ALIVE, type Libp2p, type Peer, type PeerId, type PeerStore } from '@libp2p/interface'

/** libp2p prunes connections by the sum of their tags; static peers rank first. */
const STATIC_TAG = `${KEEP_ALIVE}-freechains-static`
const STATIC_TAG_VALUE = 100

export async function tagStaticPeer(peerStore: PeerStore, peer: PeerId): Promise<void> {
  await peerStore.merge(peer, { tags: { [STATIC_TAG]: { value: STATIC_TAG_VALUE } } })
}

/**
 * Removes the tag of {@link tagStaticPeer} and closes the connections. The stored addresses are removed too, so that a
 * reconnect that libp2p has already begun has no address to dial. Later discovery brings the addresses back.
 */
export async function dropStaticPeer(libp2p: Pick<Libp2p, 'peerStore' | 'hangUp'>, peer: PeerId): Promise<void> {
  const { peerStore } = libp2p
  if (await peerStore.has(peer)) {
    await peerStore.merge(peer, { tags: { [STATIC_TAG]: undefined } })
    await peerStore.patch(peer, { multiaddrs: [] })
  }
  await libp2p.hangUp(peer)
}

/** Whether {@link tagStaticPeer} tagged it. */
export function isStaticPeer({ tags }: Peer): boolean {
  return tags.has(STATIC_TAG)
}

/** Must run before libp2p starts. */
export async function clearKeepAliveTags(peerStore: PeerStore, peer: Peer): Promise<Peer> {
  const keepAlive = [...peer.tags.keys()].filter((tag) => tag.startsWith(KEEP_ALIVE))
  if (keepAlive.length === 0) return peer
  return peerStore.merge(peer.id, { tags: Object.fromEntries(keepAlive.map((tag) => [tag, undefined])) })
}

/**
 * Tags that make libp2p keep a connection (spec §9). They lie in the stored peer list and outlive a change of the config
 * file, so a start begins without any: libp2p would dial whoever has one, and `static-peers.ts` tags whom it reaches anew.
 */
import { KEEP_ALIVE, type Libp2p, type PeerId, type PeerStore } from '@libp2p/interface'

/** Sums of tags decide who stays when there are too many connections; static peers come first. */
const STATIC_TAG = `${KEEP_ALIVE}-freechains-static`
const STATIC_TAG_VALUE = 100

export async function tagStaticPeer(peerStore: PeerStore, peer: PeerId): Promise<void> {
  await peerStore.merge(peer, { tags: { [STATIC_TAG]: { value: STATIC_TAG_VALUE } } })
}

/**
 * Ends what {@link tagStaticPeer} began, and the connection. The addresses go as well: libp2p's own tries to come back, which may
 * be under way, have nowhere to go then. Whoever finds the peer anew brings its addresses along.
 */
export async function dropStaticPeer(libp2p: Pick<Libp2p, 'peerStore' | 'hangUp'>, peer: PeerId): Promise<void> {
  const { peerStore } = libp2p
  if (await peerStore.has(peer)) {
    await peerStore.merge(peer, { tags: { [STATIC_TAG]: undefined } })
    await peerStore.patch(peer, { multiaddrs: [] })
  }
  await libp2p.hangUp(peer)
}

/** Before libp2p starts. */
export async function clearKeepAliveTags(peerStore: PeerStore): Promise<void> {
  for (const { id, tags } of await peerStore.all()) {
    const keepAlive = [...tags.keys()].filter((tag) => tag.startsWith(KEEP_ALIVE))
    if (keepAlive.length === 0) continue
    await peerStore.merge(id, { tags: Object.fromEntries(keepAlive.map((tag) => [tag, undefined])) })
  }
}

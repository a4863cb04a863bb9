/**
 * Reopens broken gossipsub streams. gossipsub writes to each peer on one stream and does not reopen it while the
 * connection lives: from then on its messages and subscriptions are lost in both directions. A stream breaks when its
 * write buffer overflows because the peer is slow.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { Bug } from '../../../dag/result.ts'

/** Private members of gossipsub. */
interface GossipSubInternals {
  readonly streamsOutbound?: ReadonlyMap<string, unknown>
  readonly createOutboundStream?: (peer: PeerId, connection: Connection) => Promise<void>
}

/**
 * Runs at each heartbeat. Returns the function that stops it.
 * @throws {Bug} if gossipsub has renamed these members
 */
export function reopenStreams(libp2p: Libp2p, pubsub: GossipSub): () => void {
  const { streamsOutbound, createOutboundStream } = pubsub as unknown as GossipSubInternals
  if (streamsOutbound === undefined || createOutboundStream === undefined) {
    throw new Bug('gossipsub keeps its streams elsewhere')
  }
  /**
   * Peers without a stream at the last heartbeat. Their first stream may still be opening, so only the second miss
   * counts.
   */
  let withoutStream = new Set<string>()
  /**
   * Peers whose stream is being opened. It may take longer than a heartbeat, and a second stream would never be closed.
   */
  const opening = new Set<string>()
  const reopenMissing = (): void => {
    const before = withoutStream
    withoutStream = new Set()
    for (const peer of pubsub.getPeers()) {
      const key = peer.toString()
      if (streamsOutbound.has(key)) continue
      withoutStream.add(key)
      const connection = libp2p.getConnections(peer).find(({ status }) => status === 'open')
      if (!before.has(key) || opening.has(key) || connection === undefined) continue
      opening.add(key)
      // It does not report a failure; a later heartbeat tries again.
      void createOutboundStream.call(pubsub, peer, connection).finally(() => opening.delete(key))
    }
  }
  pubsub.addEventListener('gossipsub:heartbeat', reopenMissing)
  return () => {
    pubsub.removeEventListener('gossipsub:heartbeat', reopenMissing)
  }
}

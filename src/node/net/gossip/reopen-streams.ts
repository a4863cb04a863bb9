/**
 * gossipsub writes to each peer on one stream, and where that breaks it opens no other one while the connection lives: what
 * was to be told is lost from then on, and so are subscriptions, in both directions. It breaks when more than its write
 * buffer waits for a peer that is slow. Here it is opened again.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { Bug } from '../../../dag/result.ts'

/** What gossipsub keeps to itself. */
interface GossipSubInternals {
  readonly streamsOutbound?: ReadonlyMap<string, unknown>
  readonly createOutboundStream?: (peer: PeerId, connection: Connection) => Promise<void>
}

/**
 * Looks at each heartbeat. Gives the function that ends it.
 * @throws {Bug} if gossipsub no longer keeps its streams there
 */
export function reopenStreams(libp2p: Libp2p, pubsub: GossipSub): () => void {
  const { streamsOutbound, createOutboundStream } = pubsub as unknown as GossipSubInternals
  if (streamsOutbound === undefined || createOutboundStream === undefined) {
    throw new Bug('gossipsub keeps its streams elsewhere')
  }
  /** Peers without a stream at the last heartbeat: the first one may be on its way. */
  let withoutStream = new Set<string>()
  /** Peers to whom one is being opened, which may take longer than a heartbeat: a second one would never be closed. */
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
      // It says nothing of it when it fails: then a later heartbeat tries once more.
      void createOutboundStream.call(pubsub, peer, connection).finally(() => opening.delete(key))
    }
  }
  pubsub.addEventListener('gossipsub:heartbeat', reopenMissing)
  return () => {
    pubsub.removeEventListener('gossipsub:heartbeat', reopenMissing)
  }
}

/**
 * What a peer can do wrong below all protocols (spec §8): frames that nothing lets through, and streams opened faster than
 * any honest peer does, of whatever protocol and over all its connections. libp2p caps only how many are open at once, and
 * each costs a negotiation and an entry in the peer store, whether it lives or not. Who does it is cut off.
 */
import type { Connection, PeerId, StreamMuxer } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { Buckets } from '../protocol/buckets.ts'
import type { ProtocolFault } from '../protocol/faults.ts'
import { PACED_PEERS, STREAMS_OPENED } from '../protocol/limits.ts'
import { StreamCut } from './streams.ts'
import { watchFrames } from './yamux-guard.ts'

/** Watches every connection from its beginning, and tells of each breach once: its connections are gone by then. */
export function guardConnections(libp2p: Libp2p, onBreach: (peer: PeerId, fault: ProtocolFault) => void): void {
  const opened = new Buckets(STREAMS_OPENED, PACED_PEERS)
  const cut = (peer: PeerId, fault: ProtocolFault): void => {
    for (const connection of libp2p.getConnections(peer)) connection.abort(new StreamCut(fault.code))
    onBreach(peer, fault)
  }
  libp2p.addEventListener('connection:open', ({ detail: connection }) => {
    const { remotePeer } = connection
    const key = remotePeer.toString()
    watchFrames(muxerOf(connection), {
      onStream: () => {
        if (connection.status !== 'open' || opened.of(key, performance.now()).take(performance.now())) return
        // It begins anew when it comes back: each such breach has cost it as many streams.
        opened.forget(key)
        cut(remotePeer, { code: 'STREAM_FLOOD' })
      },
      onGiant: (bytes, limit) => {
        cut(remotePeer, { code: 'WIRE_TOO_LARGE', bytes, limit })
      },
    })
  })
}

/** libp2p's interface has no name for it; the class behind it has. */
function muxerOf(connection: Connection & { readonly muxer?: StreamMuxer }): StreamMuxer | undefined {
  return connection.muxer
}

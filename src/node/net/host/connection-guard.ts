/**
 * What a peer can do wrong below all protocols (spec §8): frames that nothing lets through, and streams opened faster than
 * any honest peer does, of whatever protocol and over all its connections. libp2p caps only how many are open at once, and
 * each costs a negotiation and an entry in the peer store, whether it lives or not. Who does it is cut off; and so is who
 * says nothing at all, which is nothing wrong.
 */
import type { Connection, PeerId, StreamMuxer } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { Buckets } from '../../../protocol/token-bucket.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { PACED_PEERS, STREAMS_OPENED } from '../../../protocol/limits.ts'
import { StreamCut } from './streams.ts'
import { chunksReceived, watchYamuxFrames } from './yamux-guard.ts'

/** As often as libp2p asks for pings. */
const CHECK_EVERY_MS = 10_000

/**
 * Looks in a row at which nothing had come. A node that is busy for some seconds (a bulk import, a slow disk) is not dead,
 * and what it does itself meanwhile makes one look, whatever the time.
 */
const SILENT_CHECKS = 3

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
    watchYamuxFrames(muxerOf(connection), {
      onStream: () => {
        if (connection.status !== 'open' || opened.of(key, performance.now()).take(performance.now())) return
        // It begins anew when it comes back: each such breach has cost it as many streams.
        opened.forget(key)
        cut(remotePeer, { code: 'STREAM_FLOOD' })
      },
      onOversized: (bytes, limit) => {
        cut(remotePeer, { code: 'WIRE_TOO_LARGE', bytes, limit })
      },
    })
  })
}

/**
 * Ends connections on which nothing comes any more: over a live one each side asks the other for a ping every ten seconds.
 * libp2p would end those on which a ping is not answered in time, and over a bad line its answer comes behind all that was
 * asked for before.
 */
export function endSilentConnections(libp2p: Libp2p, chunksReceived = chunksReceivedOn): void {
  const seen = new WeakMap<Connection, { readonly chunks: number; readonly silentChecks: number }>()
  const checkSilence = (): void => {
    for (const connection of libp2p.getConnections()) {
      const chunks = chunksReceived(connection)
      if (chunks === undefined) continue
      const before = seen.get(connection)
      const silentChecks = before?.chunks === chunks ? before.silentChecks + 1 : 0
      if (silentChecks >= SILENT_CHECKS) connection.abort(new StreamCut('the peer is silent'))
      else seen.set(connection, { chunks, silentChecks })
    }
  }
  const timer = setInterval(checkSilence, CHECK_EVERY_MS).unref()
  libp2p.addEventListener('stop', () => clearInterval(timer), { once: true })
}

/** A number that grows with what comes on a connection; nothing if nobody counts it. */
export function chunksReceivedOn(connection: Connection): number | undefined {
  return chunksReceived(muxerOf(connection))
}

/** libp2p's interface has no name for it; the class behind it has. */
function muxerOf(connection: Connection & { readonly muxer?: StreamMuxer }): StreamMuxer | undefined {
  return connection.muxer
}

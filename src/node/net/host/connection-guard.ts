/**
 * Guards connections below all protocols (spec §8). It closes the connections of a peer that sends an oversized yamux
 * frame or a flood of small ones, or that opens streams faster than an honest peer does, on any protocol and over all its
 * connections. libp2p limits only the streams that are open at once, but every stream costs a negotiation and a peer store
 * entry, even if it closes at once. Silent connections are closed too, without a penalty, and those on which the peer has
 * said goodbye: libp2p keeps them, and no stream can be opened on them.
 */
import type { Connection, PeerId, StreamMuxer } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { Buckets } from '../../../protocol/token-bucket.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { RATE_LIMITED_PEERS } from '../../../protocol/gossip-limits.ts'
import { STREAMS_OPENED } from '../../../protocol/stream-limits.ts'
import { StreamCut } from './streams.ts'
import { chunksReceived, watchYamuxFrames } from './yamux-guard.ts'

/** libp2p pings each connection at this interval. */
const CHECK_EVERY_MS = 10_000

/**
 * Checks in a row without received bytes before a connection counts as dead. A node that is busy for some seconds (a
 * bulk import, a slow disk) is alive. A pause of this process delays the timer, so it costs one check however long it
 * lasts.
 */
const SILENT_CHECKS = 3

/** Watches every connection from its start. Each breach is reported once, after the peer's connections were aborted. */
export function guardConnections(libp2p: Libp2p, onBreach: (peer: PeerId, fault: ProtocolFault) => void): void {
  const opened = new Buckets(STREAMS_OPENED, RATE_LIMITED_PEERS)
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
        // A returning peer gets a full bucket: each such breach cost it that many streams.
        opened.forget(key)
        cut(remotePeer, { code: 'STREAM_FLOOD' })
      },
      onOversized: (bytes, limit) => {
        cut(remotePeer, { code: 'WIRE_TOO_LARGE', bytes, limit })
      },
      onFlood: () => {
        cut(remotePeer, { code: 'FRAME_FLOOD' })
      },
      onGoAway: () => {
        // The muxer looks at the frame first, and ends its streams.
        queueMicrotask(() => {
          connection.close().catch(() => connection.abort(new StreamCut('the peer is gone')))
        })
      },
    })
  })
}

/**
 * Closes connections on which no bytes arrive. On a live connection each side pings every ten seconds. libp2p would
 * close a connection on a late ping reply, but on a slow line that reply queues behind everything requested before it.
 */
export function endSilentConnections(libp2p: Libp2p, chunksOn = chunksReceivedOn): void {
  const seen = new WeakMap<Connection, { readonly chunks: number; readonly silentChecks: number }>()
  const checkSilence = (): void => {
    for (const connection of libp2p.getConnections()) {
      const chunks = chunksOn(connection)
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

/** A counter that grows with each chunk received; `undefined` if the connection has no guard. */
export function chunksReceivedOn(connection: Connection): number | undefined {
  return chunksReceived(muxerOf(connection))
}

/** libp2p's `Connection` interface does not declare the muxer; its class has it. */
function muxerOf(connection: Connection & { readonly muxer?: StreamMuxer }): StreamMuxer | undefined {
  return connection.muxer
}

/**
 * Ends connections that a peer has left behind. A peer that connects a second time has often lost the first line, by a change
 * of its network or a power cut, and this end would hear of that late or never. So when another connection opens, the older
 * ones have to show within a moment that they are alive; streams move to the others when they end.
 */
import type { Connection } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { StreamCut } from './streams.ts'

/**
 * libp2p pings each connection every ten seconds, in both directions: on a live line something comes within that and a
 * round trip. A peer that is too busy to answer keeps the newer connection, and loses nothing but open streams.
 */
export const SIGN_OF_LIFE_MS = 15_000

/** @param chunksOn - a counter that grows with each chunk received; `undefined` if nobody counts */
export function endLeftConnections(libp2p: Libp2p, chunksOn: (connection: Connection) => number | undefined): void {
  const timers = new Set<NodeJS.Timeout>()
  const watch = (older: Connection): void => {
    const before = chunksOn(older)
    if (before === undefined) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      if (chunksOn(older) === before) older.abort(new StreamCut('the peer has connected anew'))
    }, SIGN_OF_LIFE_MS).unref()
    timers.add(timer)
  }
  libp2p.addEventListener('connection:open', ({ detail: newest }) => {
    for (const older of libp2p.getConnections(newest.remotePeer)) {
      if (older !== newest && older.status === 'open') watch(older)
    }
  })
  const end = (): void => {
    for (const timer of timers) clearTimeout(timer)
  }
  libp2p.addEventListener('stop', end, { once: true })
}

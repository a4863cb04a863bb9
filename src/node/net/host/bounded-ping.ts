/**
 * libp2p's ping answers with what it was sent (spec §9), and reads on while the other side takes no answers: all that is
 * poured into a ping stream stays in memory. With our own reader the stream is paused instead.
 */
import type { StreamMiddleware } from '@libp2p/interface'
import { PING_PROTOCOL } from '@libp2p/ping'
import type { Libp2p } from 'libp2p'
import { readChunks } from './streams.ts'

export function boundPings(libp2p: Pick<Libp2p, 'use'>): void {
  const withBackpressure: StreamMiddleware = (stream, connection, next) => {
    // The handler reads by iterating.
    Object.assign(stream, { [Symbol.asyncIterator]: () => readChunks(stream) })
    next(stream, connection)
  }
  libp2p.use(PING_PROTOCOL, withBackpressure)
}

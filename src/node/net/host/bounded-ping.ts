/**
 * libp2p's ping answers with what it was sent (spec §9), and reads on while the other side takes no answers: all that is
 * poured into a ping stream stays in memory. With our own reader the stream is paused instead. The handler itself is
 * wrapped: a stream middleware would see outbound pings too, and libp2p adds the handler to its list with each inbound
 * stream, so that it would answer our own pings in place of reading the reply.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'
import { readChunks } from './streams.ts'

/** The library's class has it; its interface does not declare it. */
interface PingInternals {
  handlePing: (stream: Stream, connection: Connection) => Promise<void>
}

/** Before libp2p starts: the start registers the handler. */
export function boundPings(service: Ping): void {
  const internals = service as unknown as PingInternals
  const answer = internals.handlePing.bind(service)
  internals.handlePing = (stream, connection) => {
    // The handler reads by iterating.
    Object.assign(stream, { [Symbol.asyncIterator]: () => readChunks(stream) })
    return answer(stream, connection)
  }
}

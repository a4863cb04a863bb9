/**
 * Answers pings of libp2p (spec §9) in place of the library's handler, which reads on while the other side takes no
 * answers: all that is poured into such a stream stays in memory. Here the stream is paused meanwhile.
 */
import { PING_PROTOCOL } from '@libp2p/ping'
import { Uint8ArrayList } from 'uint8arraylist'
import type { Libp2p } from 'libp2p'
import { readChunks, StreamCut } from './streams.ts'
import { writeWithBackpressure } from './write-with-backpressure.ts'

/** As long as the library's: a ping is one round trip, and the next one opens a stream of its own. */
const PING_MS = 10_000

/** Must run after libp2p has started, which registers the library's handler. */
export function answerPings(libp2p: Pick<Libp2p, 'handle'>, maxInboundStreams: number): Promise<void> {
  return libp2p.handle(
    PING_PROTOCOL,
    async (stream) => {
      const chunks = readChunks(stream)
      const late = AbortSignal.timeout(PING_MS)
      const onLate = (): void => stream.abort(new StreamCut('the ping takes too long'))
      late.addEventListener('abort', onLate, { once: true })
      try {
        for await (const chunk of chunks)
          await writeWithBackpressure(stream, new Uint8ArrayList(chunk), { drainMs: PING_MS, signal: late })
        await stream.close({ signal: late })
      } finally {
        late.removeEventListener('abort', onLate)
      }
    },
    { force: true, maxInboundStreams },
  )
}

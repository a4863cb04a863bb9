/**
 * Length-prefixed messages over libp2p streams (spec §8): a size limit, backpressure in both directions, and a deadline
 * for slow readers. It does not interpret the messages.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { encode } from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'
import { DRAIN_TIMEOUT_MS, UNREAD_BYTES, UNSENT_BYTES } from '../../../protocol/stream-limits.ts'
import { ByteQueue, LengthPrefixDecoder, TornMessage } from './length-prefix-decoder.ts'
import { writeWithBackpressure } from './write-with-backpressure.ts'
import { JobQueue } from '../../base/job-queue.ts'

/** This side aborted the stream; the message says why. */
export class StreamCut extends Error {
  override readonly name = 'StreamCut'
}

/**
 * The chunks that a stream receives. Call it in the same tick in which libp2p hands over the stream: libp2p's own
 * iterator misses an end that came earlier. It also buffers without bound, so the sender would see no backpressure.
 */
export function readChunks(stream: Stream): AsyncGenerator<Uint8Array, void> {
  const queue = new ByteQueue()
  let isResuming = false
  let hasEnded = stream.remoteWriteStatus !== 'writable'
  let error: Error | undefined = stream.status === 'open' ? undefined : new StreamCut(`the stream is ${stream.status}`)
  let wake = (): void => undefined

  const pauseWhenFull = (): void => {
    if (queue.byteLength >= UNREAD_BYTES && stream.readStatus === 'readable') stream.pause()
  }
  const resumeWhenDrained = (): void => {
    if (queue.byteLength > UNREAD_BYTES / 2 || stream.readStatus !== 'paused') return
    // A resuming stream first delivers its buffered data and then reopens its window; pausing in between has no effect.
    isResuming = true
    stream.resume()
    isResuming = false
    pauseWhenFull()
  }
  const onMessage = ({ data }: StreamMessageEvent): void => {
    queue.push(data)
    if (!isResuming) pauseWhenFull()
    wake()
  }
  const onEnd = (): void => {
    hasEnded = true
    wake()
  }
  const onClose = (event: StreamCloseEvent): void => {
    error ??= event.error
    onEnd()
  }
  stream.addEventListener('message', onMessage)
  stream.addEventListener('remoteCloseWrite', onEnd)
  stream.addEventListener('close', onClose)

  async function* drain(): AsyncGenerator<Uint8Array, void> {
    try {
      // libp2p delivers data from before the listeners were attached in a microtask.
      await Promise.resolve()
      for (;;) {
        const chunk = queue.shift()
        if (chunk !== undefined) yield chunk
        resumeWhenDrained()
        if (queue.byteLength > 0) continue
        if (error !== undefined) throw error
        if (hasEnded) return
        await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('remoteCloseWrite', onEnd)
      stream.removeEventListener('close', onClose)
    }
  }
  return drain()
}

/** Limits how long an incomplete message may take to arrive. */
export interface MessageDeadline {
  readonly ms: number
  /**
   * Called if a message is still incomplete `ms` after it began. The time in which this side does not read counts as
   * well.
   */
  readonly onLate: () => void
}

/**
 * A pipe stage that decodes chunks into messages. It throws at a message above `limitBytes` before it buffers its
 * content.
 */
export function readMessages(
  limitBytes: number,
  deadline?: MessageDeadline,
): (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* decode(source) {
    const decoder = new LengthPrefixDecoder(limitBytes)
    let timer: NodeJS.Timeout | undefined
    const stop = (): void => {
      clearTimeout(timer)
      timer = undefined
    }
    try {
      for await (const chunk of source) {
        for (const message of decoder.decode(chunk)) {
          stop()
          yield message
        }
        if (decoder.isMidMessage && deadline !== undefined) timer ??= setTimeout(deadline.onLate, deadline.ms)
      }
      if (decoder.isMidMessage) throw new TornMessage('the end came in the middle of a frame')
    } finally {
      stop()
    }
  }
}

/** Writes messages in order. Each promise resolves when the stream has room again. */
export class MessageWriter {
  readonly #stream: Stream
  readonly #drainMs: number
  readonly #queue = new JobQueue()
  readonly #closed = new AbortController()

  constructor(stream: Stream, drainMs = DRAIN_TIMEOUT_MS) {
    this.#stream = stream
    this.#drainMs = drainMs
    stream.maxWriteBufferLength = UNSENT_BYTES
    stream.addEventListener('close', () => this.#closed.abort(), { once: true })
  }

  /**
   * Writes one message, given in parts. Rejects once the stream has closed; a reader that is too slow gets the stream
   * aborted.
   */
  write(...parts: readonly Uint8Array[]): Promise<void> {
    return this.#queue.run(() => this.#send(new Uint8ArrayList(...parts)))
  }

  /** Resolves when all writes so far have completed or failed. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  async #send(message: Uint8ArrayList): Promise<void> {
    if (this.#closed.signal.aborted) throw new StreamCut('the stream is closed')
    try {
      await writeWithBackpressure(this.#stream, encode.single(message), {
        drainMs: this.#drainMs,
        signal: this.#closed.signal,
      })
    } catch (error) {
      this.#stream.abort(new StreamCut('the reader is too slow'))
      throw error
    }
  }
}

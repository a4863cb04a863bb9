/**
 * Framing on libp2p streams (spec §8): length-prefixed frames with a cap, backpressure both ways, a deadline on slow
 * readers. What is in a frame is not its business.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { encode } from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'
import { DRAIN_TIMEOUT_MS, UNREAD_BYTES, UNSENT_BYTES } from '../../../protocol/limits.ts'
import { ByteQueue, LengthPrefixDecoder, TornMessage } from './length-prefix-decoder.ts'
import { writeWithBackpressure } from './write-with-backpressure.ts'
import { JobQueue } from '../../base/job-queue.ts'

/** This side ended a stream, and why. */
export class StreamCut extends Error {
  override readonly name = 'StreamCut'
}

/**
 * What a stream receives. Call it in the tick in which the stream is handed over: libp2p's own iterator misses an end
 * that came before it, and it takes everything in at once, so that the sender never feels that we are slow.
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
    // A resuming stream hands over what it holds before it opens its window again: a pause in between would be lost.
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
      // What came before the listeners is handed over in a microtask.
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

/** Someone who sends a frame byte by byte keeps its place for as long as this, and no longer. */
export interface MessageDeadline {
  readonly ms: number
  /** Called once a frame is not whole that long after it began. Whoever reads on meanwhile does not count. */
  readonly onLate: () => void
}

/** A stage of a pipe: cuts chunks into frames. Throws at a frame above `limitBytes`, before its content is taken in. */
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

/** Writes frames one after another; the promise of each resolves when the stream has room for more. */
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

  /** A frame, in as many parts as it has. Rejects when the stream is over; a reader that is too slow ends it. */
  write(...parts: readonly Uint8Array[]): Promise<void> {
    return this.#queue.run(() => this.#send(new Uint8ArrayList(...parts)))
  }

  /** Resolves when everything written so far is out or lost. */
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

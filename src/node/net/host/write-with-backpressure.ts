/**
 * Hands bytes to a stream as fast as the other side takes them (spec §8), and no faster: slice by slice, the next one when
 * nothing of the one before waits here any more. Whoever takes next to nothing is given up.
 *
 * libp2p's own `onDrain` waits once: from its second time on it says at once that there is room.
 */
import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { SLICE_BYTES } from '../../../protocol/limits.ts'
import { ProgressTimeout } from '../../../protocol/progress-timeout.ts'
import { DeadlineError, onAbort } from '../../base/deadline.ts'

export interface BackpressureOptions {
  /** How long the reader may take next to nothing. */
  readonly drainMs: number
  /** Aborts when the stream is over. */
  readonly signal: AbortSignal
}

/**
 * Resolves when the stream has taken all of it.
 * @throws when the stream is over; {@link DeadlineError} when its reader is given up
 */
export async function writeWithBackpressure(
  stream: Stream,
  bytes: Uint8ArrayList,
  { drainMs, signal }: BackpressureOptions,
): Promise<void> {
  // Of these bytes, and of what was there before them.
  let sent = stream.writeBufferLength
  const taken = (): number => sent - stream.writeBufferLength
  const timeout = new ProgressTimeout(drainMs, taken())
  let timer: NodeJS.Timeout | undefined
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => undefined)
  const checkProgress = (): void => {
    const waitMs = timeout.goOn(taken())
    if (waitMs > 0) timer = setTimeout(checkProgress, waitMs)
    else late.reject(new DeadlineError('next to nothing was taken'))
  }
  const unsubscribe = onAbort(signal, () => late.reject(signal.reason))
  try {
    for (let at = 0; at < bytes.byteLength; at += SLICE_BYTES) {
      signal.throwIfAborted()
      const slice = bytes.sublist(at, Math.min(at + SLICE_BYTES, bytes.byteLength))
      sent += slice.byteLength
      if (stream.send(slice)) continue
      timer ??= setTimeout(checkProgress, drainMs)
      if (stream.writeBufferLength > 0) await Promise.race([isEmpty(stream), late.promise])
    }
  } finally {
    clearTimeout(timer)
    unsubscribe()
  }
}

function isEmpty(stream: Stream): Promise<void> {
  return new Promise((resolve) => stream.addEventListener('idle', () => resolve(), { once: true }))
}

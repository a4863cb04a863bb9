/**
 * Writes bytes to a stream no faster than the other side reads (spec §8): one slice at a time, the next one when the
 * stream's write buffer is empty. A reader that takes almost nothing is given up.
 *
 * libp2p's own `onDrain` waits only once: from the second call on it resolves immediately.
 */
import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { SLICE_BYTES } from '../../../protocol/stream-limits.ts'
import { ProgressTimeout } from '../../../protocol/progress-timeout.ts'
import { DeadlineError, onAbort } from '../../base/deadline.ts'

export interface BackpressureOptions {
  /** How long the reader may take almost nothing. */
  readonly drainMs: number
  /** Aborts when the stream has closed. */
  readonly signal: AbortSignal
}

/**
 * Resolves when the stream has taken all bytes.
 * @throws when the stream has closed; {@link DeadlineError} when the reader is given up
 */
export async function writeWithBackpressure(
  stream: Stream,
  bytes: Uint8ArrayList,
  { drainMs, signal }: BackpressureOptions,
): Promise<void> {
  // Includes what was in the write buffer before.
  let sent = stream.writeBufferLength
  const taken = (): number => sent - stream.writeBufferLength
  const timeout = new ProgressTimeout(drainMs, taken())
  let timer: NodeJS.Timeout | undefined
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => undefined)
  const checkProgress = (): void => {
    const waitMs = timeout.extend(taken())
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

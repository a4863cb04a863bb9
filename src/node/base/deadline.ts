/**
 * Waiting that always ends: pauses and deadlines under an `AbortSignal`. Nothing here outlives its signal, and each
 * listener put on a long-lived signal is taken off again (a chain of `AbortSignal.any` would keep them all).
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits; false when the signal ended it early.
 * @param options - `ref`: the timer keeps the process alive, for what has to go on when nothing else does
 */
export async function pause(
  ms: number,
  signal: AbortSignal,
  { ref = false }: { readonly ref?: boolean } = {},
): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal, ref })
    return true
  } catch {
    return false
  }
}

/**
 * Calls back once when the signal aborts, at once if it has. Returns the function that takes the listener off again, and
 * lets go of it: a signal links its listeners, and one that was taken off still leads to the next. Once one of them has got
 * old, those behind it, and all that they lead to, wait until the whole heap is collected.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener()
    return () => undefined
  }
  // Hundreds of requests may share a signal; Node warns at eleven, for the sake of those who never take theirs off.
  setMaxListeners(0, signal)
  let current: (() => void) | undefined = listener
  const call = (): void => current?.()
  signal.addEventListener('abort', call, { once: true })
  return () => {
    signal.removeEventListener('abort', call)
    current = undefined
  }
}

/** A deadline passed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Runs `job` with a signal that aborts when `signal` does, or after `ms`. */
export async function withDeadline<T>(
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  job: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DeadlineError(`nothing within ${String(ms)} ms`)), ms)
  const unsubscribe = onAbort(signal, () => controller.abort(signal.reason))
  try {
    return await job(controller.signal)
  } finally {
    clearTimeout(timer)
    unsubscribe()
  }
}

/** Runs `job` with a signal that aborts when either of two does. */
export async function withEither<T>(
  one: AbortSignal,
  other: AbortSignal,
  job: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const unsubscribe = [one, other].map((signal) => onAbort(signal, () => controller.abort(signal.reason)))
  try {
    return await job(controller.signal)
  } finally {
    for (const end of unsubscribe) end()
  }
}

/** Resolves when the signal aborts or `promise` settles, whichever is first; undefined in the first case. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined
  const aborted = Promise.withResolvers<undefined>()
  const unsubscribe = onAbort(signal, () => aborted.resolve(undefined))
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    unsubscribe()
  }
}

/** At most `limit` inside at once; the others wait in order. */
export class Gate {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get inside(): number {
    return this.#inside
  }

  /** False when the signal aborted before there was room: then nothing was entered. */
  async enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    if (this.#inside < this.#limit) {
      this.#inside += 1
      return true
    }
    const turn = Promise.withResolvers<true>()
    const take = (): void => turn.resolve(true)
    this.#waiting.push(take)
    if ((await orAborted(turn.promise, signal)) === true) return true
    const index = this.#waiting.indexOf(take)
    // The place was handed over in the same moment: pass it on.
    if (index === -1) this.leave()
    else this.#waiting.splice(index, 1)
    return false
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#inside -= 1
    else next()
  }
}

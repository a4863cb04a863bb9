/**
 * Bounded waiting: pauses and deadlines under an `AbortSignal`. Nothing here outlives its signal. Each listener on a
 * long-lived signal is removed again; a chain of `AbortSignal.any` would keep them all.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for `ms`. Returns false when the signal ended the wait early.
 *
 * @param options - `ref`: the timer keeps the process alive
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
 * Calls `listener` once when the signal aborts; at once if it has aborted already. Returns a function that removes the
 * listener.
 *
 * The returned function also drops the reference to `listener`. A signal links its listeners, and a removed one still
 * points to the next. Once one of them is in V8's old generation, those after it, and all that they reference, stay
 * until a full garbage collection.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener()
    return () => undefined
  }
  // Hundreds of requests may share a signal. Node warns at eleven listeners, because they usually mean a leak.
  setMaxListeners(0, signal)
  let current: (() => void) | undefined = listener
  const call = (): void => current?.()
  signal.addEventListener('abort', call, { once: true })
  return () => {
    signal.removeEventListener('abort', call)
    current = undefined
  }
}

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Runs `job` with a signal that aborts when `signal` does, or after `ms` with a {@link DeadlineError}. */
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

/** Runs `job` with a signal that aborts when either of the two does. */
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

/** Resolves to the value of `promise`, or to undefined when the signal aborts first. */
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

/** A semaphore: at most `limit` holders at a time; the others wait in order. */
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

  /** Resolves to false, without a place taken, when the signal aborts before there is one. */
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
    // `leave` handed the place over just as the signal aborted: pass it on.
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

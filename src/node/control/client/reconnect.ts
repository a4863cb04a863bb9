/**
 * A connection to a daemon that may go away and come back (spec §10): one at a time, dialled again on demand, with
 * growing pauses after failures. It repeats no call and knows no subscriptions.
 */
import { ClientError, clientError } from './client-error.ts'
import type { ControlClient } from './rpc-client.ts'

/**
 * Pauses between attempts. The first is short, because a restart takes a second or two; the last limits the load of a
 * failing daemon.
 */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000

/** Callbacks of an outage, each called once per outage. */
export interface OutageCallbacks {
  /** The daemon cannot be reached; `why` is the error of the attempt. Attempts go on. */
  readonly onAway?: (why: string) => void
  /** The daemon answers again. */
  readonly onBack?: () => void
}

/** Shared by the connections of one client: several detect an outage, and the callbacks run once. */
export class OutageNotifier {
  readonly #told: OutageCallbacks
  #isAway = false

  constructor(told: OutageCallbacks) {
    this.#told = told
  }

  begin(why: string): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#told.onAway?.(why)
  }

  end(): void {
    if (!this.#isAway) return
    this.#isAway = false
    this.#told.onBack?.()
  }
}

/** Makes a connection, which closes when the signal aborts. @throws {ClientError} */
export type Open = (closed: AbortSignal) => Promise<ControlClient>

/** Errors that a later attempt cannot change. */
const FINAL = new Set(['not-loopback', 'bad-answer', 'signed-out', 'aborted'])

/**
 * Invariants:
 * - At most one attempt at a time: `#attempt` is set while it runs, and all callers share it.
 * - `#client` is the last connection made, possibly lost; it is replaced only by a new attempt.
 * - `#attempts` counts attempts since `succeeded`; the pause before the next grows with it.
 * - Once `#isDropped`, `#client` stays undefined: an attempt that ends later closes its connection and fails.
 */
export class Reconnector {
  readonly #open: Open
  readonly #closed: AbortSignal
  readonly #outage: OutageNotifier
  #client: ControlClient | undefined
  #attempt: Promise<ControlClient> | undefined
  /** Attempts since the last answer. */
  #attempts = 0
  #lastFailure: string | undefined
  #isDropped = false

  /** @param closed - aborts everything, for good */
  constructor(open: Open, closed: AbortSignal, outage: OutageNotifier) {
    this.#open = open
    this.#closed = closed
    this.#outage = outage
  }

  /** Returns the open connection, or makes a new one. @throws {ClientError} the attempt failed */
  async connect(): Promise<ControlClient> {
    if (this.#closed.aborted) throw abortedError()
    if (this.#client !== undefined && this.#client.lost === undefined) return this.#client
    this.#attempt ??= this.#dial().finally(() => {
      this.#attempt = undefined
    })
    return await this.#attempt
  }

  /** The same, but retries until one of the signals aborts. @throws {ClientError} */
  async connectPersistently(...until: readonly AbortSignal[]): Promise<ControlClient> {
    for (;;) {
      try {
        return await untilAborted(this.connect(), until)
      } catch (error) {
        if (!(error instanceof ClientError) || FINAL.has(error.code)) throw error
        this.failed(error.message)
      }
    }
  }

  /** Message of the last failed attempt. */
  get lastFailure(): string | undefined {
    return this.#lastFailure
  }

  /** Reports that an attempt failed. */
  failed(why: string): void {
    this.#lastFailure = why
    this.#outage.begin(why)
  }

  /** Reports an answer on the connection: if it breaks now, the next attempt does not wait. */
  succeeded(): void {
    this.#attempts = 0
    this.#outage.end()
  }

  /** Closes the connection for good, also one that is being made. */
  drop(): void {
    this.#isDropped = true
    this.#client?.close()
    this.#client = undefined
  }

  async #dial(): Promise<ControlClient> {
    if (this.#attempts > 0) await pause(pauseMs(this.#attempts), this.#closed)
    if (this.#closed.aborted) throw abortedError()
    this.#attempts += 1
    const client = await this.#open(this.#closed)
    if (this.#isDropped) {
      client.close()
      throw abortedError()
    }
    this.#client = client
    return client
  }
}

/** Exponential backoff with half of it random, so that many clients do not reconnect in step. */
function pauseMs(attempts: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
  return full / 2 + (Math.random() * full) / 2
}

/** Resolves after a time, or at once when the signal aborts. */
function pause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms)
    function end(): void {
      clearTimeout(timer)
      until.removeEventListener('abort', end)
      resolve()
    }
    until.addEventListener('abort', end, { once: true })
  })
}

/** The value of a promise, unless a signal aborts first. @throws {ClientError} `aborted` */
export async function untilAborted<T>(promise: Promise<T>, signals: readonly AbortSignal[]): Promise<T> {
  const listeners: (() => void)[] = []
  try {
    return await new Promise<T>((resolve, reject) => {
      const giveUp = (): void => reject(abortedError())
      for (const signal of signals) {
        if (signal.aborted) giveUp()
        signal.addEventListener('abort', giveUp, { once: true })
        listeners.push(() => signal.removeEventListener('abort', giveUp))
      }
      promise.then(resolve, reject)
    })
  } finally {
    for (const remove of listeners) remove()
  }
}

function abortedError(): ClientError {
  return clientError('aborted', 'the call was given up, or the client was closed')
}

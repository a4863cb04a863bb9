/**
 * A way to a daemon that may go and come back (spec §10): one connection at a time, dialled anew when somebody needs it,
 * with growing pauses while that fails. It repeats no call and knows no subscription.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClientError, clientError } from './client-error.ts'
import { connect, type ControlClient } from './connection.ts'
import type { Endpoint } from './dial.ts'

/** Pauses between attempts: the second comes soon, for a restart takes a second or two; no daemon is asked in a loop. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000

/** What is told of a daemon that goes and comes back, each time once. */
export interface OutageCallbacks {
  /** It cannot be reached: what the attempt said. It is tried again. */
  readonly onAway?: (why: string) => void
  /** It answers again. */
  readonly onBack?: () => void
}

/** One client's: several of its ways to the daemon find out, and it is told once. */
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

/** What a later attempt does not change. */
const FINAL = new Set(['not-loopback', 'bad-answer', 'aborted'])

export class Reconnector {
  readonly #endpoint: Endpoint
  readonly #closed: AbortSignal
  readonly #outage: OutageNotifier
  #client: ControlClient | undefined
  #attempt: Promise<ControlClient> | undefined
  /** Attempts since something was last answered. */
  #attempts = 0
  #lastFailure: string | undefined
  #isDropped = false

  /** @param closed - ends all of it */
  constructor(endpoint: Endpoint, closed: AbortSignal, outage: OutageNotifier) {
    this.#endpoint = endpoint
    this.#closed = closed
    this.#outage = outage
  }

  /** A connection, the one there is or a new one. @throws {ClientError} the first attempt failed */
  async connect(): Promise<ControlClient> {
    if (this.#closed.aborted) throw abortedError()
    if (this.#client !== undefined && this.#client.lost === undefined) return this.#client
    this.#attempt ??= this.#dial().finally(() => {
      this.#attempt = undefined
    })
    return await this.#attempt
  }

  /** The same, and goes on trying until one of the signals aborts. @throws {ClientError} */
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

  /** What the last attempt that failed said. */
  get lastFailure(): string | undefined {
    return this.#lastFailure
  }

  /** An attempt failed. */
  failed(why: string): void {
    this.#lastFailure = why
    this.#outage.begin(why)
  }

  /** Something was answered on the connection: if it breaks now, the next attempt need not wait. */
  succeeded(): void {
    this.#attempts = 0
    this.#outage.end()
  }

  /** Drops the connection, for good: also one that is still being made. */
  drop(): void {
    this.#isDropped = true
    this.#client?.close()
    this.#client = undefined
  }

  async #dial(): Promise<ControlClient> {
    if (this.#attempts > 0)
      await sleep(pauseMs(this.#attempts), undefined, { signal: this.#closed }).catch(() => undefined)
    if (this.#closed.aborted) throw abortedError()
    this.#attempts += 1
    const client = await connect(this.#endpoint, { signal: this.#closed })
    if (this.#isDropped) {
      client.close()
      throw abortedError()
    }
    this.#client = client
    return client
  }
}

/** Doubles from attempt to attempt; the random half keeps many clients from coming back in step. */
function pauseMs(attempts: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
  return full / 2 + (Math.random() * full) / 2
}

/** What a promise gives, unless a signal aborts first. @throws {ClientError} `aborted` */
export async function untilAborted<T>(promise: Promise<T>, signals: readonly AbortSignal[]): Promise<T> {
  const listeners: (() => void)[] = []
  try {
    return await new Promise<T>((resolve, reject) => {
      const giveUp = (): void => reject(abortedError())
      for (const signal of signals) {
        if (signal.aborted) giveUp()
        // Hundreds of calls may share a signal; Node warns at eleven, for the sake of those who never take theirs off.
        setMaxListeners(0, signal)
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

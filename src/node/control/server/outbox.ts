/**
 * The sending side of a connection (spec §10): answers, and events of its subscriptions, one JSON text per line. An
 * event is taken from its source only when nothing waits before it. A client that does not read is disconnected.
 */
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Logger } from '../../base/log.ts'
import { ControlError } from '../error-codes.ts'
import { answerText } from './answer-text.ts'
import { SlowReader } from './event-feed.ts'
import type { ControlLimits } from '../port-limits.ts'
import { Sender } from './sender.ts'
import type { ControlEvent } from '../shapes.ts'

export interface OutboxModules {
  readonly log: Logger
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal
}

/**
 * Invariants:
 * - `#lastSubscription` only grows: a number is never used twice on a connection.
 * - At most `bufferedBytes` wait, and besides one answer of any size, `#large`, which began when nothing waited.
 * - `#subscriptions` counts those registered and not ended, at most `limits.subscriptions`. `start` must be called once for
 *   each: its end gives the place back.
 * - Each subscription has one event at a time in flight; its source queues the rest.
 */
export class Outbox {
  readonly #socket: Duplex
  readonly #limits: ControlLimits
  readonly #log: Logger
  readonly #gone: AbortSignal
  readonly #sender: Sender
  /** Bytes of an answer larger than `bufferedBytes`, while any of it may wait. */
  #large = 0
  #lastSubscription = 0
  #subscriptions = 0

  constructor(socket: Duplex, limits: ControlLimits, modules: OutboxModules) {
    this.#socket = socket
    this.#limits = limits
    this.#log = modules.log
    this.#gone = modules.gone
    const { bufferedBytes, stalledMs } = limits
    this.#sender = new Sender(socket, { bufferedBytes, stalledMs, onStalled: () => this.#cutOff('it reads nothing') })
  }

  /** Sends one message. Disconnects a client whose unsent bytes exceed `bufferBytes`, but for one large answer. */
  send(message: object, bufferBytes?: number): void {
    this.#push([Buffer.from(`${JSON.stringify(message)}\n`)], bufferBytes)
  }

  /** Sends an answer, written without holding up others; a large one when nothing waits before it. */
  async sendAnswer(answer: object, bufferBytes: number): Promise<void> {
    const line = await answerText(answer)
    const isLarge = bytesOf(line) > bufferBytes
    while (isLarge && this.#sender.waiting > 0 && !this.#socket.destroyed) await this.#sender.until(0)
    this.#push(line, bufferBytes)
  }

  #push(line: readonly Buffer[], bufferBytes: number = this.#limits.bufferedBytes): void {
    const { waiting } = this.#sender
    const bytes = bytesOf(line)
    if (waiting === 0) this.#large = bytes > bufferBytes ? bytes : 0
    if (waiting + bytes > bufferBytes + this.#large) this.#cutOff('answers pile up')
    else for (const piece of line) this.#sender.push(piece)
  }

  /** Resolves when at most so many bytes wait for the client, or when it is gone. */
  untilRead(bytes: number): Promise<void> {
    return this.#sender.until(bytes)
  }

  /**
   * Registers a subscription. Returns its number, and `start`, which begins to send its events: call it once the answer
   * is sent. @throws {ControlError} there are too many
   */
  subscribe(events: AsyncIterable<ControlEvent>): { readonly number: number; readonly start: () => void } {
    const iterator = events[Symbol.asyncIterator]()
    if (this.#subscriptions >= this.#limits.subscriptions) {
      void iterator.return?.()
      throw new ControlError('too-many-subscriptions', 'this connection has too many subscriptions: open another one')
    }
    this.#subscriptions++
    const number = ++this.#lastSubscription
    return { number, start: () => void this.#pump(number, iterator) }
  }

  /**
   * Flushes and closes. Input is discarded meanwhile: unread input would make the kernel reset the connection and lose
   * the answer.
   */
  async close(withinMs: number): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), withinMs)
    const closed = once(socket, 'close').catch(() => undefined)
    socket.resume()
    await this.#sender.until(0)
    socket.end()
    await closed
    clearTimeout(timer)
  }

  async #pump(subscription: number, iterator: AsyncIterator<ControlEvent>): Promise<void> {
    try {
      for (;;) {
        const step = await untilGone(iterator.next(), this.#gone)
        if (step === undefined || this.#gone.aborted) return
        if (step.done === true) break
        this.#notify({ subscription, ...step.value })
        await this.#sender.until(0)
      }
      this.#notify({ subscription, ended: true })
    } catch (error) {
      if (error instanceof SlowReader) this.#cutOff('events pile up')
      else if (!this.#gone.aborted) {
        this.#log.error('control.subscription-failed', { why: String(error) })
        this.#socket.destroy()
      }
    } finally {
      this.#subscriptions--
      // Not awaited: a generator that waits for its source settles only when the source does.
      void iterator.return?.()
    }
  }

  #notify(params: object): void {
    this.send({ jsonrpc: '2.0', method: 'event', params })
  }

  #cutOff(why: string): void {
    this.#log.warn('control.slow-reader', { why, bytes: this.#sender.waiting })
    this.#socket.destroy()
  }
}

function bytesOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
}

/**
 * The value of a promise, or undefined once the client is gone. Unlike `Promise.race` with a long-lived promise, it
 * leaves no listener behind.
 */
function untilGone<T>(promise: Promise<T>, gone: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined)
    if (gone.aborted) giveUp()
    gone.addEventListener('abort', giveUp, { once: true })
    promise.then(resolve, reject).finally(() => gone.removeEventListener('abort', giveUp))
  })
}

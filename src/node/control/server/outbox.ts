/**
 * What goes out to one client of the control port (spec §10): answers, and the events of its subscriptions, one JSON
 * text per line. Events are taken from their source only when the client has room; who lets answers pile up is cut off.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Logger } from '../../base/log.ts'
import { ControlError } from '../error-codes.ts'
import { SlowReader } from './event-feed.ts'
import type { ControlLimits } from '../port-limits.ts'
import type { ControlEvent } from '../shapes.ts'

export interface OutboxModules {
  readonly log: Logger
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal
}

export class Outbox {
  readonly #socket: Socket
  readonly #limits: ControlLimits
  readonly #log: Logger
  readonly #gone: AbortSignal
  #lastSubscription = 0
  #subscriptions = 0

  constructor(socket: Socket, limits: ControlLimits, modules: OutboxModules) {
    this.#socket = socket
    this.#limits = limits
    this.#log = modules.log
    this.#gone = modules.gone
  }

  /** Sends one message. `false` when the client should be given time to read. Cuts off who has too much to read. */
  send(message: object, bufferBytes: number = this.#limits.bufferedBytes): boolean {
    const text = `${JSON.stringify(message)}\n`
    if (this.#socket.writableLength + text.length > bufferBytes) {
      this.#cutOff('answers pile up')
      return false
    }
    return this.#socket.writable && this.#socket.write(text)
  }

  /** Allots a number for a subscription and what sends its events from then on. @throws {ControlError} too many */
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

  /** Sends the last bytes and closes; what the client still sends is thrown away, so that no reset eats the answer. */
  async close(withinMs: number): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), withinMs)
    const closed = once(socket, 'close').catch(() => undefined)
    socket.end()
    socket.resume()
    await closed
    clearTimeout(timer)
  }

  async #pump(subscription: number, iterator: AsyncIterator<ControlEvent>): Promise<void> {
    try {
      for (;;) {
        const step = await untilGone(iterator.next(), this.#gone)
        if (step === undefined || this.#gone.aborted) return
        if (step.done === true) break
        const hasRoom = this.#notify({ subscription, ...step.value })
        if (!hasRoom) await once(this.#socket, 'drain', { signal: this.#gone })
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
      // Not awaited: a generator that waits for its source answers only when that ends.
      void iterator.return?.()
    }
  }

  #notify(params: object): boolean {
    return this.send({ jsonrpc: '2.0', method: 'event', params })
  }

  #cutOff(why: string): void {
    this.#log.warn('control.slow-reader', { why, bytes: this.#socket.writableLength })
    this.#socket.destroy()
  }
}

/** What a promise gives, or `undefined` once the client is gone. Unlike `Promise.race`, leaves nothing behind each time. */
function untilGone<T>(promise: Promise<T>, gone: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined)
    if (gone.aborted) giveUp()
    gone.addEventListener('abort', giveUp, { once: true })
    promise.then(resolve, reject).finally(() => gone.removeEventListener('abort', giveUp))
  })
}

/**
 * One client of the control port (spec §10): guards the socket before `auth`, and reads lines no faster than calls are
 * answered. `dispatcher.ts` executes calls; `outbox.ts` sends.
 */
import { setMaxListeners } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Logger } from '../../base/log.ts'
import { errorResponse, notARequest, type Dispatcher, type CallScope } from './dispatcher.ts'
import { parseRequest } from '../envelope.ts'
import { ControlError } from '../error-codes.ts'
import type { ControlLimits } from '../port-limits.ts'
import { isShallow, LineTooLong, NotJsonRpc, readLines, textOfLine } from '../json-lines.ts'
import { LargeAnswers } from './large-answers.ts'
import { Outbox } from './outbox.ts'

export interface ConnectionOptions {
  readonly limits: ControlLimits
  /** Set for the unix socket: a process that may open it may also read the cookie. */
  readonly trusted: boolean
}

export interface ConnectionModules {
  readonly dispatcher: Dispatcher
  readonly log: Logger
}

/** A malformed line, and whether the connection must close after it. */
interface BadLine {
  readonly error: ControlError
  readonly closes: boolean
}

/**
 * Invariants:
 * - `#isTrusted` goes from false to true at most once, by `auth`. Until then one line at a time is answered, and only
 *   `hello` and `auth`.
 * - `#running` holds the calls of trusted lines that are not answered yet, at most `limits.calls`; the socket is not read
 *   while it is full, nor while more than `limits.unreadBytes` of answers wait.
 * - `#gone` aborts once, when the socket closes or `stop` is called; every call and subscription hangs on its signal.
 */
export class Connection {
  readonly #limits: ControlLimits
  readonly #dispatcher: Dispatcher
  readonly #log: Logger
  readonly #socket: Duplex
  readonly #outbox: Outbox
  readonly #large: LargeAnswers
  readonly #gone = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #isTrusted: boolean

  constructor(socket: Duplex, options: ConnectionOptions, modules: ConnectionModules) {
    this.#socket = socket
    this.#limits = options.limits
    this.#isTrusted = options.trusted
    this.#dispatcher = modules.dispatcher
    this.#log = modules.log
    // One listener per call and subscription; their number is bounded.
    setMaxListeners(0, this.#gone.signal)
    this.#outbox = new Outbox(socket, options.limits, { log: modules.log, gone: this.#gone.signal })
    this.#large = new LargeAnswers(() => this.#outbox.untilRead(0), options.limits.bufferedBytes)
  }

  /** Serves the client until it is gone. Never rejects. */
  async run(): Promise<void> {
    const socket = this.#socket
    socket.once('close', () => this.#gone.abort())
    // A reset is a normal end; `close` follows.
    socket.on('error', (error) => this.#log.debug('control.socket-error', { why: error.message }))
    const deadline = setTimeout(() => {
      if (!this.#isTrusted) socket.destroy()
    }, this.#limits.authMs)
    try {
      await this.#read()
    } catch (error) {
      if (error instanceof NotJsonRpc) socket.destroy()
      else if (!this.#gone.signal.aborted) this.#log.debug('control.connection-failed', { why: String(error) })
    }
    clearTimeout(deadline)
    await this.stop()
  }

  /** Ends all calls and subscriptions, lets the client read its answers, then closes. */
  async stop(): Promise<void> {
    this.#gone.abort()
    await this.#outbox.close(this.#limits.closeMs)
  }

  async #read(): Promise<void> {
    const limit = (): number => (this.#isTrusted ? this.#limits.lineBytes : this.#limits.lineBeforeAuthBytes)
    try {
      for await (const line of readLines(this.#socket, limit, 'line')) {
        const goesOn = await this.#take(line)
        if (this.#gone.signal.aborted) return
        if (!goesOn) break
      }
      await this.#linger()
    } catch (error) {
      if (!(error instanceof LineTooLong)) throw error
      this.#refuse(
        null,
        new ControlError('bad-request', `a line has at most ${String(limit())} bytes here: send less, after auth`),
      )
      await this.#linger()
    }
  }

  /** Handles one line; false if the connection must close. */
  async #take(line: Buffer): Promise<boolean> {
    // A stranger gets one answer at a time.
    if (!this.#isTrusted) await this.#outbox.untilRead(0)
    const message = parse(line, this.#limits.depth)
    if ('error' in message) {
      this.#refuse(null, message.error)
      return !message.closes
    }
    if (!this.#isTrusted) return await this.#takeBeforeAuth(message.value)
    while (this.#running.size >= this.#limits.calls) await Promise.race(this.#running)
    await this.#outbox.untilRead(this.#limits.unreadBytes)
    const call = this.#answer(message.value).finally(() => this.#running.delete(call))
    this.#running.add(call)
    return true
  }

  async #takeBeforeAuth(message: unknown): Promise<boolean> {
    const request = parseRequest(message)
    if (request === undefined && !Array.isArray(message)) {
      this.#refuse(null, notARequest())
      return true
    }
    if (request?.method !== 'auth' && request?.method !== 'hello') {
      const why = 'the first call is auth {token}, alone, with the token in the cookie file'
      this.#refuse(request?.id ?? null, new ControlError('unauthorized', why))
      return false
    }
    await this.#answer(message)
    return request.method === 'hello' || this.#isTrusted
  }

  async #answer(message: unknown): Promise<void> {
    const after: (() => void)[] = []
    const large = this.#large.line()
    const scope: CallScope = {
      signal: this.#gone.signal,
      trust: () => {
        this.#isTrusted = true
      },
      subscribe: (events) => {
        const { number, start } = this.#outbox.subscribe(events)
        after.push(start)
        return number
      },
      afterAnswer: (action) => after.push(action),
      large: (make) => large.run(make),
    }
    const answer = await this.#dispatcher.answer(message, this.#limits.batch, scope)
    if (answer !== undefined) await this.#outbox.sendAnswer(answer, this.#bufferBytes)
    large.end()
    for (const action of after) action()
  }

  /** Nothing more is read (`printf … | nc -N`, or a bad line): open calls are still answered, subscriptions end. */
  async #linger(): Promise<void> {
    if (this.#running.size === 0) return
    const timer = setTimeout(() => this.#gone.abort(), this.#limits.lingerMs)
    await Promise.all(this.#running)
    clearTimeout(timer)
  }

  #refuse(id: string | number | null, error: ControlError): void {
    this.#outbox.send(errorResponse(id, error), this.#bufferBytes)
  }

  /** Before `auth`, unsent answers may take no more memory than what was received. */
  get #bufferBytes(): number {
    return this.#isTrusted ? this.#limits.bufferedBytes : this.#limits.lineBeforeAuthBytes
  }
}

function parse(line: Buffer, depth: number): { readonly value: unknown } | BadLine {
  if (!isShallow(line, depth)) {
    return {
      error: new ControlError('bad-request', `at most ${String(depth)} levels of nesting: no method needs more`),
      closes: false,
    }
  }
  // Decoding invalid UTF-8 would replace bytes, and alter a passphrase or a text.
  const text = textOfLine(line)
  if (text === undefined) {
    return {
      error: new ControlError('bad-json', 'this line is no UTF-8: send JSON in UTF-8, bytes in base64'),
      closes: true,
    }
  }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return {
      error: new ControlError('bad-json', 'this line is not JSON: send one JSON text per line, in UTF-8'),
      closes: true,
    }
  }
}

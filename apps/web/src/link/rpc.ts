/**
 * The node's control port over a WebSocket: one JSON-RPC message in each text frame (docs/control-port.md). Types come from the
 * port's schema; its checks stay in the node, since their library would be half of the page. A lost connection is made anew,
 * with longer and longer pauses; whoever shows something asks again when `onOnline` tells that it is back.
 */
import type { Known, Method, ParamsOf, ResultFor } from '../../../../src/node/control/schema.ts'
import type { ControlEvent } from '../../../../src/node/control/shapes.ts'

export type LinkState = 'connecting' | 'online' | 'away'

/** A call that the node refused, or that got no answer; `code` as in docs/control-port.md. */
export class CallError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'CallError'
    this.code = code
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: CallError) => void
}

interface Answer {
  readonly id?: number | null
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string; readonly data?: { readonly code?: string } }
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000
/** The port does not read a connection on which more calls wait. */
const MOST_CALLS = 24

export interface LinkEvents {
  readonly onState: (state: LinkState) => void
  /** Connected and subscribed: from now on nothing is missed. */
  readonly onOnline: () => void
  readonly onEvent: (event: ControlEvent) => void
  /** The socket was refused or lost: whether the page is still signed in is for the caller to find out. */
  readonly onLost: () => void
}

export class Link {
  readonly #events: LinkEvents
  readonly #waiting = new Map<number, Waiting>()
  readonly #queue: string[] = []
  #socket: WebSocket | undefined
  #nextId = 1
  #pauseMs = FIRST_PAUSE_MS
  #timer = 0
  #isClosed = false

  constructor(events: LinkEvents) {
    this.#events = events
  }

  open(): void {
    this.#isClosed = false
    this.#events.onState('connecting')
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`)
    this.#socket = socket
    socket.onopen = () => void this.#begin(socket)
    socket.onmessage = ({ data }) => this.#read(String(data))
    socket.onclose = () => this.#lost(socket)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  /** Does not wait for the next attempt: as when the browser says that it is online again. */
  retryNow(): void {
    if (this.#socket !== undefined || this.#isClosed) return
    clearTimeout(this.#timer)
    this.open()
  }

  /** @throws {CallError} */
  call<M extends Method, const P extends ParamsOf<M>>(method: M, params: Known<M, P>): Promise<ResultFor<M, P>> {
    return this.#ask(method, params) as Promise<ResultFor<M, P>>
  }

  #ask(method: string, params: object): Promise<unknown> {
    const socket = this.#socket
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new CallError('no-daemon', 'The node does not answer.'))
    }
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const frame = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    if (this.#waiting.size < MOST_CALLS) socket.send(frame)
    else this.#queue.push(frame)
    this.#waiting.set(id, { resolve, reject })
    return promise
  }

  async #begin(socket: WebSocket): Promise<void> {
    try {
      await this.#ask('chains.listen', {})
    } catch {
      socket.close()
      return
    }
    this.#pauseMs = FIRST_PAUSE_MS
    this.#events.onState('online')
    this.#events.onOnline()
  }

  #read(text: string): void {
    const message = JSON.parse(text) as Answer
    if (message.method === 'event') {
      const params = message.params as ControlEvent & { ended?: true }
      if (params.ended !== true) this.#events.onEvent(params)
      return
    }
    const waiting = this.#waiting.get(message.id ?? 0)
    if (waiting === undefined) return
    this.#waiting.delete(message.id ?? 0)
    const next = this.#queue.shift()
    if (next !== undefined) this.#socket?.send(next)
    if (message.error === undefined) waiting.resolve(message.result)
    else waiting.reject(new CallError(message.error.data?.code ?? 'internal', message.error.message))
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return
    this.#socket = undefined
    this.#queue.length = 0
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting)
      reject(new CallError('connection-lost', 'The connection broke before the answer came.'))
    if (this.#isClosed) return
    this.#events.onState('away')
    this.#events.onLost()
    this.#timer = window.setTimeout(() => this.open(), this.#pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

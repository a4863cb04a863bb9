/**
 * Calls and subscriptions of one connection to the control port (spec §10), over whatever carries its messages: `connection.ts`
 * has sockets, `browser.ts` a WebSocket.
 */
import * as z from 'zod'
import { clientError, ClientError } from './client-error.ts'
import { problemsOf } from '../envelope.ts'
import { EventInbox } from './event-inbox.ts'
import type { Known, Method, ParamsOf, ResultFor, ResultOf, SubscriptionMethod } from '../schema.ts'
import type { ControlEvent } from '../shapes.ts'
import { METHODS } from '../schema.ts'
import { eventSchema } from '../shapes.ts'

/** What carries messages, each a JSON text. It is open. */
export interface Transport {
  send(message: string): void
  /** Ends when the connection does. Throws if what comes cannot be a message. */
  messages(): AsyncIterable<string>
  close(): void
}

const answerSchema = z.object({
  id: z.union([z.string(), z.number(), z.null()]),
  result: z.unknown().optional(),
  error: z.object({ message: z.string(), data: z.object({ code: z.string() }).optional() }).optional(),
})
const noticeSchema = z.object({
  method: z.literal('event'),
  params: z.looseObject({ subscription: z.number(), ended: z.boolean().optional() }),
})

/** A subscription that has begun. */
export interface OpenedSubscription<M extends SubscriptionMethod> {
  readonly from: ResultOf<M>['from']
  readonly events: AsyncIterable<ControlEvent>
}

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: ClientError) => void
}

/** The part of a client that the command line uses; tests pass a fake. */
export interface ControlCaller {
  call<M extends Exclude<Method, SubscriptionMethod>, const P extends ParamsOf<M> = ParamsOf<M>>(
    method: M,
    params: Known<M, P>,
  ): Promise<ResultFor<M, P>>
  close(): void
}

/**
 * Invariants:
 * - `#lastId` only grows; `#pending` holds the requests without an answer, by id.
 * - `#inboxes` has every subscription whose number came, also those that ended.
 * - `#lost` is set once and keeps its first reason. From then on `#pending` is empty, every inbox has ended, and each
 *   request rejects with that reason.
 */
export class ControlClient implements ControlCaller {
  readonly #transport: Transport
  readonly #pending = new Map<number, Pending>()
  readonly #inboxes = new Map<number, EventInbox>()
  #lastId = 0
  #lost: ClientError | undefined

  /** Takes ownership of the transport. */
  constructor(transport: Transport) {
    this.#transport = transport
    void this.#read()
  }

  async call<M extends Exclude<Method, SubscriptionMethod>, const P extends ParamsOf<M> = ParamsOf<M>>(
    method: M,
    params: Known<M, P>,
  ): Promise<ResultFor<M, P>> {
    return (await this.#request(method, params)) as ResultFor<M, P>
  }

  /** Ends when the daemon ends the subscription. An unread subscription blocks all calls of this client. */
  async *subscribe<M extends SubscriptionMethod>(method: M, params: ParamsOf<M>): AsyncGenerator<ControlEvent> {
    const { events } = await this.open(method, params)
    yield* events
  }

  /** Opens a subscription: resolves with its start and its events, to be iterated once. */
  async open<M extends SubscriptionMethod>(method: M, params: ParamsOf<M>): Promise<OpenedSubscription<M>> {
    const { subscription, from } = (await this.#request(method, params)) as ResultOf<M>
    return { from, events: this.#events(this.#inbox(subscription)) }
  }

  /** The reason why the connection is unusable, once it is. */
  get lost(): ClientError | undefined {
    return this.#lost
  }

  /** Ends all calls and subscriptions. */
  close(): void {
    this.#lose(clientError('aborted', 'the call was given up'))
    this.#transport.close()
  }

  async *#events(inbox: EventInbox): AsyncGenerator<ControlEvent> {
    try {
      for (let event = await inbox.take(); event !== undefined; event = await inbox.take()) yield event
      if (inbox.lost !== undefined) throw inbox.lost
    } finally {
      inbox.drop()
    }
  }

  async #request(method: Method, params: unknown): Promise<unknown> {
    const lost = this.#lost
    if (lost !== undefined) throw lost
    const id = ++this.#lastId
    const answered = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }))
    this.#transport.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    const result = METHODS[method].result.safeParse(await answered)
    if (result.success) return result.data
    throw clientError('bad-answer', `the daemon's answer to ${method} is not understood: ${problemsOf(result.error)}`)
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.#transport.messages()) await this.#take(JSON.parse(message))
    } catch (error) {
      this.#lose(clientError('bad-answer', `what the daemon says is not understood: ${String(error)}`))
    }
    const why = 'the connection to the daemon closed before it answered: it may have stopped'
    this.#lose(clientError('connection-lost', `${why}; look whether it did what it was asked before you ask again`))
    this.#transport.close()
  }

  async #take(message: unknown): Promise<void> {
    const notice = noticeSchema.safeParse(message)
    if (notice.success) {
      const { subscription, ended } = notice.data.params
      const inbox = this.#inbox(subscription)
      if (ended === true) inbox.end()
      else await inbox.put(eventSchema.parse(notice.data.params))
      return
    }
    const { id, error, result } = answerSchema.parse(message)
    const told = error === undefined ? undefined : new ClientError(error.data?.code ?? 'internal', error.message)
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (pending === undefined) {
      // An error without an id concerns the whole connection.
      if (told !== undefined) this.#lose(told)
      return
    }
    this.#pending.delete(id as number)
    if (told === undefined) pending.resolve(result)
    else pending.reject(told)
  }

  /**
   * Creates the inbox on first use: the first event may come in the same chunk as the answer with its number, before
   * anyone reads.
   */
  #inbox(subscription: number): EventInbox {
    const inbox = this.#inboxes.get(subscription) ?? new EventInbox()
    this.#inboxes.set(subscription, inbox)
    if (this.#lost !== undefined) inbox.end(this.#lost)
    return inbox
  }

  #lose(error: ClientError): void {
    if (this.#lost !== undefined) return
    this.#lost = error
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
    for (const inbox of this.#inboxes.values()) inbox.end(error)
  }
}

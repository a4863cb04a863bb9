/**
 * One typed connection to the control port (spec §10): used by the command line, by tests, and by the client for apps
 * (`app-client.ts`), which survives its loss. Over TCP the daemon must prove that it knows the cookie (`hello`) before
 * the client sends the token, so that another process on the port learns nothing.
 */
import type { Socket } from 'node:net'
import * as z from 'zod'
import { freshNonce, helloMac, sameSecret } from '../auth.ts'
import { clientError, ClientError } from './client-error.ts'
import { readCookie } from '../cookie.ts'
import { dial, stateDirOf, type Endpoint } from './dial.ts'
import { problemsOf } from '../envelope.ts'
import { EventInbox } from './event-inbox.ts'
import { ANSWER_BYTES } from '../port-limits.ts'
import { readLines, textOfLine } from '../json-lines.ts'
import { cookiePath } from '../paths.ts'
import type { Known, Method, ParamsOf, ResultFor, ResultOf, SubscriptionMethod } from '../schema.ts'
import type { ControlEvent } from '../shapes.ts'
import { METHODS } from '../schema.ts'
import { eventSchema } from '../shapes.ts'

/** Deadline for `hello` and `auth` together. */
const GREETING_MS = 5_000

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

/** Connects, and authenticates where that is needed. @throws {ClientError} */
export async function connect(endpoint: Endpoint, options: { signal?: AbortSignal } = {}): Promise<ControlClient> {
  const { socket, isUnix } = await dial(endpoint)
  const client = new ControlClient(socket)
  const { signal } = options
  const onAbort = (): void => client.close()
  signal?.addEventListener('abort', onAbort, { once: true })
  // A reconnecting caller passes the same signal each time: remove the listener.
  socket.once('close', () => signal?.removeEventListener('abort', onAbort))
  if (signal?.aborted === true) client.close()
  if (isUnix || 'socket' in endpoint) return client
  const deadline = setTimeout(() => client.close(), GREETING_MS)
  try {
    await greet(client, `${endpoint.host}:${String(endpoint.port)}`, cookiePath(stateDirOf(endpoint), endpoint.port))
    return client
  } catch (error) {
    client.close()
    throw error
  } finally {
    clearTimeout(deadline)
  }
}

async function greet(client: ControlClient, address: string, path: string): Promise<void> {
  const token = await readCookie(path)
  if (token === undefined) {
    const why = `something answers at ${address}, but there is no cookie ${path}`
    throw clientError('no-cookie', `${why}: run this as the user that runs the daemon, with the same XDG_STATE_HOME`)
  }
  const nonce = freshNonce()
  const hmac = await client.call('hello', { nonce }).then(
    (answer) => answer.hmac,
    (error: unknown) => {
      if (error instanceof ClientError && error.code === 'too-many-connections') throw error
      return ''
    },
  )
  if (!sameSecret(hmac, helloMac(token, nonce))) {
    const why = `what answers at ${address} does not know the cookie ${path}`
    throw clientError('not-the-daemon', `${why}: it is not your daemon, and was told nothing; look what has the port`)
  }
  await client.call('auth', { token })
}

/**
 * Invariants:
 * - `#lastId` only grows; `#pending` holds the requests without an answer, by id.
 * - `#inboxes` has every subscription whose number came, also those that ended.
 * - `#lost` is set once and keeps its first reason. From then on `#pending` is empty, every inbox has ended, and each
 *   request rejects with that reason.
 */
export class ControlClient implements ControlCaller {
  readonly #socket: Socket
  readonly #pending = new Map<number, Pending>()
  readonly #inboxes = new Map<number, EventInbox>()
  #lastId = 0
  #lost: ClientError | undefined

  /** Takes ownership of a connected socket. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    // The read loop ends on an error, and rejects everything that waits.
    socket.on('error', () => undefined)
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
    this.#socket.destroy()
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
    this.#write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    const result = METHODS[method].result.safeParse(await answered)
    if (result.success) return result.data
    throw clientError('bad-answer', `the daemon's answer to ${method} is not understood: ${problemsOf(result.error)}`)
  }

  /** Calls that are made in one turn go out together: a write to the socket costs more than most calls. */
  #write(line: string): void {
    const socket = this.#socket
    if (socket.writableCorked === 0) {
      socket.cork()
      process.nextTick(() => socket.uncork())
    }
    socket.write(line)
  }

  async #read(): Promise<void> {
    try {
      for await (const line of readLines(this.#socket, () => ANSWER_BYTES)) {
        await this.#take(JSON.parse(textOfLine(line) ?? ''))
      }
    } catch (error) {
      const isCut = this.#socket.errored !== null || this.#socket.destroyed
      if (!isCut) this.#lose(clientError('bad-answer', `what the daemon says is not understood: ${String(error)}`))
    }
    const why = 'the connection to the daemon closed before it answered: it may have stopped'
    this.#lose(clientError('connection-lost', `${why}; look whether it did what it was asked before you ask again`))
    this.#socket.destroy()
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

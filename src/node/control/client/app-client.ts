/**
 * The client for apps, `freechains/client` (spec §10): calls and subscriptions that outlive a connection. A call that was
 * not answered fails, for nobody knows whether it was carried out; a subscription goes on where it was, by its cursor.
 *
 * Each subscription has a connection of its own: one that is read slowly holds up neither calls nor other subscriptions,
 * so an app may call while it handles an event.
 */
import { ClientError, clientError } from './client-error.ts'
import type { ControlClient } from './connection.ts'
import { Cursor, Cursors } from './cursor.ts'
import type { Endpoint } from './dial.ts'
import { untilAborted, OutageNotifier, Reconnector, type OutageCallbacks } from './reconnect.ts'
import { READS, type Known, type Method, type ParamsOf, type ResultFor, type SubscriptionMethod } from '../schema.ts'
import type { ControlEvent } from '../shapes.ts'

/** Where a daemon's control port is unless told. */
const HOST = '127.0.0.1'
const PORT = 8330

/** How long a call waits for a daemon that went away: a restart takes a second or two. */
const PATIENCE_MS = 10_000

/** `onAway` and `onBack` are told once for each time that the daemon is away, by whatever finds out. */
export interface ConnectOptions extends OutageCallbacks {
  /** `127.0.0.1` unless told; nothing but loopback will do. */
  readonly host?: string
  /** 8330 unless told. Cookie and unix socket are found by it. */
  readonly port?: number
  /** Path of a unix socket, in place of host and port. */
  readonly socket?: string
  /** Where cookie and socket lie, if not in `${XDG_STATE_HOME:-~/.local/state}/freechains`. */
  readonly stateDir?: string
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal
  /**
   * How long a call waits for a daemon that went away, in ms: 10,000 unless told, `Infinity` for as long as it takes.
   * Subscriptions always wait as long as it takes.
   */
  readonly patienceMs?: number
  /** Repeats calls that were not answered and change nothing (`READS` in the schema). No other call is ever repeated. */
  readonly repeatReads?: boolean
}

/** Ids of blocks as shown: the heads of what was seen. */
export type ChainCursor = readonly string[]
/** The same for each chain, by its name. */
export type ChainsCursor = Readonly<Record<string, readonly string[]>>

export interface ListenOptions<C> {
  /** First what is new since this cursor; `[]` (or `{}` for all chains) for all there is. Without it: what comes from now on. */
  readonly from?: C
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
  /** Called when the daemon has begun to tell: at the start, and again after each connection that was lost. */
  readonly onBegin?: () => void
}

/** Events, to be iterated once. It ends when the chain is left, when its signal aborts, and when the client is closed. */
export interface Listening<C> extends AsyncIterable<ControlEvent> {
  /** All that was handed out so far: keep it, and pass it as `from` to go on from there, in this process or another. */
  readonly cursor: C | undefined
}

/** Connects to the daemon of this machine. @throws {ClientError} there is none, or it cannot be shown the cookie */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const client = new Client(options)
  await client.ready()
  return client
}

export class Client {
  readonly #endpoint: Endpoint
  readonly #options: ConnectOptions
  readonly #outage: OutageNotifier
  readonly #closing = new AbortController()
  readonly #calls: Reconnector

  constructor(options: ConnectOptions) {
    const { host = HOST, port = PORT, socket, stateDir, signal } = options
    this.#options = options
    this.#endpoint = socket === undefined ? { host, port, ...(stateDir === undefined ? {} : { stateDir }) } : { socket }
    this.#outage = new OutageNotifier(options)
    this.#calls = new Reconnector(this.#endpoint, this.#closing.signal, this.#outage)
    signal?.addEventListener('abort', () => this.close(), { once: true, signal: this.#closing.signal })
    if (signal?.aborted === true) this.close()
  }

  /** Resolves once there is a connection. @throws {ClientError} */
  async ready(): Promise<void> {
    await this.#calls.connect()
  }

  /**
   * Asks the daemon. The signal gives up waiting; what the daemon has begun it finishes.
   * @throws {ClientError} with the daemon's `data.code`, or one of the client's own (`CLIENT_CODES`)
   */
  async call<M extends Exclude<Method, SubscriptionMethod>, const P extends ParamsOf<M> = ParamsOf<M>>(
    method: M,
    params: Known<M, P>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ResultFor<M, P>> {
    const signals = signal === undefined ? [] : [signal]
    for (;;) {
      const connection = await this.#connection(signals)
      try {
        const result = await untilAborted(connection.call<M, P>(method, params), signals)
        this.#calls.succeeded()
        return result
      } catch (error) {
        if (!(this.#options.repeatReads === true && READS.has(method) && isLost(error))) throw error
      }
    }
  }

  /** Events of one chain, by its name or id. */
  listen(chain: string, options: ListenOptions<ChainCursor> = {}): Listening<ChainCursor> {
    return this.#subscription(options, (connection, from) =>
      connection
        .open('chain.listen', { chain, ...(from === undefined ? {} : { from: [...from] }) })
        .then((opened) => ({ ...opened, cursor: new Cursor(opened.from) })),
    )
  }

  /** Events of all chains, of those joined later too. */
  listenAll(options: ListenOptions<ChainsCursor> = {}): Listening<ChainsCursor> {
    return this.#subscription(options, (connection, from) =>
      connection.open('chains.listen', from === undefined ? {} : { from: copied(from) }).then((opened) => ({
        ...opened,
        cursor: new Cursors(opened.from),
      })),
    )
  }

  /** Ends every call (with `aborted`) and every subscription. */
  close(): void {
    this.#closing.abort()
    this.#calls.drop()
  }

  async #connection(signals: readonly AbortSignal[]): Promise<ControlClient> {
    const patience = new AbortController()
    const { patienceMs = PATIENCE_MS } = this.#options
    const timer = patienceMs === Infinity ? undefined : setTimeout(() => patience.abort(), patienceMs)
    try {
      return await this.#calls.connectPersistently(patience.signal, this.#closing.signal, ...signals)
    } catch (error) {
      if (!patience.signal.aborted || this.#closing.signal.aborted) throw error
      const why = `the daemon did not come back in time (${this.#calls.lastFailure ?? 'no attempt ended'})`
      throw clientError('no-daemon', `${why}: see that it runs, then call again`)
    } finally {
      clearTimeout(timer)
    }
  }

  #subscription<C>(options: ListenOptions<C>, open: OpenSubscription<C>): Listening<C> {
    const reconnector = new Reconnector(this.#endpoint, this.#closing.signal, this.#outage)
    const until = [this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])]
    const place: Position<C> = { from: options.from }
    const openAndTell: OpenSubscription<C> = async (connection, from) => {
      const opened = await open(connection, from)
      options.onBegin?.()
      return opened
    }
    const events = follow(reconnector, until, place, openAndTell)
    return {
      get cursor() {
        return idsOf(place)
      },
      [Symbol.asyncIterator]: () => events,
    }
  }
}

interface EventCursor<C> {
  readonly ids: C
  advance(event: ControlEvent): void
}

/** Where a subscription is: where it was to begin, until it has begun for the first time. */
interface Position<C> {
  readonly from: C | undefined
  cursor?: EventCursor<C>
}

/** Worked out when it is asked for: it can be long, and events are many. */
function idsOf<C>({ from, cursor }: Position<C>): C | undefined {
  return cursor === undefined ? from : cursor.ids
}

/** Opens a subscription on a connection, with what follows where it is. */
type OpenSubscription<C> = (
  connection: ControlClient,
  from: C | undefined,
) => Promise<{
  readonly events: AsyncIterable<ControlEvent>
  readonly cursor: EventCursor<C>
}>

/** Over as many connections as it takes. */
async function* follow<C>(
  reconnector: Reconnector,
  until: readonly AbortSignal[],
  place: Position<C>,
  open: OpenSubscription<C>,
): AsyncGenerator<ControlEvent, void> {
  try {
    for (;;) {
      let hasBegun = false
      try {
        const connection = await reconnector.connectPersistently(...until)
        const { events, cursor } = await untilAborted(open(connection, idsOf(place)), until)
        reconnector.succeeded()
        hasBegun = true
        place.cursor = cursor
        const iterator = events[Symbol.asyncIterator]()
        for (;;) {
          const step = await untilAborted(iterator.next(), until)
          if (step.done === true) return
          cursor.advance(step.value)
          yield step.value
        }
      } catch (error) {
        if (until.some((signal) => signal.aborted)) return
        if (!isLost(error)) throw error
        if (!hasBegun) reconnector.failed(error.message)
      }
    }
  } finally {
    reconnector.drop()
  }
}

function isLost(error: unknown): error is ClientError {
  return error instanceof ClientError && error.code === 'connection-lost'
}

function copied(from: ChainsCursor): Record<string, string[]> {
  return Object.fromEntries(Object.entries(from).map(([chain, ids]) => [chain, [...ids]]))
}

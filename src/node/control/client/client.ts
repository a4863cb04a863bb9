/**
 * Calls and subscriptions that survive a lost connection (spec §10), for Node (`app-client.ts`) and browsers (`browser.ts`). A
 * call without an answer fails, because it may or may not have been executed. A subscription resumes at its cursor.
 *
 * Each subscription has a connection of its own. A slow reader of one holds up neither calls nor other subscriptions,
 * and an app may call while it handles an event.
 */
import { ClientError, clientError } from './client-error.ts'
import type { ControlClient } from './rpc-client.ts'
import { Cursor, cursorParams, Cursors } from './cursor.ts'
import { untilAborted, OutageNotifier, Reconnector, type Open, type OutageCallbacks } from './reconnect.ts'
import {
  READS,
  type Known,
  type Method,
  type ParamsOf,
  type ResultFor,
  type ResultOf,
  type SubscriptionMethod,
} from '../schema.ts'
import { signAndSubmit, type DraftBytes, type Drafting, type Signer } from './drafting.ts'
import type { ControlEvent } from '../shapes.ts'

/** How long a call waits for an absent daemon: a restart takes a second or two. */
const PATIENCE_MS = 10_000

/** `onAway` and `onBack` are called once per outage, whichever call or subscription detects it. */
export interface ClientOptions extends OutageCallbacks {
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal
  /**
   * How long a call waits for an absent daemon, in ms: 10,000 by default, `Infinity` for no limit. Subscriptions wait
   * without limit.
   */
  readonly patienceMs?: number
  /** Repeats calls that got no answer and change nothing (`READS` in the schema). No other call is repeated. */
  readonly repeatReads?: boolean
}

/** As the params of `chain.post`, with who signs. */
export type SignedPost = Omit<ParamsOf<'chain.post'>, 'sign'> & { readonly sign: string | Signer }
/** As the params of `chain.like`, with who signs. */
export type SignedVote = Omit<ParamsOf<'chain.like'>, 'sign'> & { readonly sign: string | Signer }

/** Ids as shown: the heads of what the listener takes for accepted. */
export type ChainCursor = readonly string[]
/** A cursor for each chain, by the chain's name. */
export type ChainsCursor = Readonly<Record<string, readonly string[]>>

export interface ListenOptions<C> {
  /**
   * Sends first what is new since this cursor; `[]` (or `{}` for all chains) means everything. Without it, events begin
   * now.
   */
  readonly from?: C
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal
  /** Called when the subscription begins, and again after each lost connection. */
  readonly onBegin?: () => void
}

/**
 * Events, to be iterated once. The iteration ends when the chain is left, when its signal aborts, and when the client
 * is closed.
 */
export interface Listening<C> extends AsyncIterable<ControlEvent> {
  /** The cursor after the last event handed out. Pass it as `from` to resume, in this process or another. */
  readonly cursor: C | undefined
}

/** Where the client runs: how it connects, and how it signs. */
export interface Platform {
  readonly open: Open
  readonly bytes: DraftBytes
  /** The signer with a private key of 128 hex digits. @throws {ClientError} `bad-key` */
  readonly signerOf: (pvt: string) => Signer
  /** Called with each signal that many calls may share. */
  readonly onShared?: (signal: AbortSignal) => void
}

/**
 * Invariants:
 * - `#closing` aborts once; every call, subscription and attempt hangs on its signal.
 * - `#calls` is the one connection of all calls. Each subscription has a {@link Reconnector} of its own, dropped when its
 *   iteration ends; all of them report to `#outage`.
 */
export class Client {
  readonly #platform: Platform
  readonly #options: ClientOptions
  readonly #outage: OutageNotifier
  readonly #closing = new AbortController()
  readonly #calls: Reconnector

  constructor(platform: Platform, options: ClientOptions) {
    const { signal } = options
    this.#platform = platform
    this.#options = options
    platform.onShared?.(this.#closing.signal)
    this.#outage = new OutageNotifier(options)
    this.#calls = new Reconnector(platform.open, this.#closing.signal, this.#outage)
    signal?.addEventListener('abort', () => this.close(), { once: true, signal: this.#closing.signal })
    if (signal?.aborted === true) this.close()
  }

  /** Resolves once connected. @throws {ClientError} */
  async ready(): Promise<void> {
    await this.#calls.connect()
  }

  /**
   * Calls a method. The signal ends the waiting only: the daemon completes what it has begun.
   *
   * @throws {ClientError} with the daemon's `data.code`, or one of the client's own (`CLIENT_CODES`)
   */
  async call<M extends Exclude<Method, SubscriptionMethod>, const P extends ParamsOf<M> = ParamsOf<M>>(
    method: M,
    params: Known<M, P>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ResultFor<M, P>> {
    const signals = signal === undefined ? [] : [signal]
    if (signal !== undefined) this.#platform.onShared?.(signal)
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

  /**
   * Posts, signed in this process: the daemon never has the private key. `sign` is that key (128 hex digits), or what signs
   * with it. @throws {ClientError} as {@link call} does
   */
  async post({ sign, ...content }: SignedPost): Promise<ResultOf<'chain.post'>> {
    return this.#sign(content, sign)
  }

  /** Likes a post, as {@link post} posts. */
  async like({ sign, id, ...vote }: SignedVote): Promise<ResultOf<'chain.post'>> {
    return this.#sign({ ...vote, like: id }, sign)
  }

  /** Dislikes a post, or takes back one's own, as {@link post} posts. */
  async dislike({ sign, id, ...vote }: SignedVote): Promise<ResultOf<'chain.post'>> {
    return this.#sign({ ...vote, dislike: id }, sign)
  }

  /** Subscribes to one chain, by its name or id. */
  listen(chain: string, options: ListenOptions<ChainCursor> = {}): Listening<ChainCursor> {
    return this.#subscription(options, (connection, from) =>
      connection
        .open('chain.listen', { chain, ...(from === undefined ? {} : { from: [...from] }) })
        .then((opened) => ({ ...opened, cursor: new Cursor(opened.from) })),
    )
  }

  /** Subscribes to all chains, including those joined later. */
  listenAll(options: ListenOptions<ChainsCursor> = {}): Listening<ChainsCursor> {
    return this.#subscription(options, (connection, from) =>
      connection.open('chains.listen', from === undefined ? {} : { from: cursorParams(from) }).then((opened) => ({
        ...opened,
        cursor: new Cursors(opened.from),
      })),
    )
  }

  /** Ends all calls (with `aborted`) and all subscriptions. */
  close(): void {
    this.#closing.abort()
    this.#calls.drop()
  }

  async #sign(drafting: Drafting, sign: string | Signer): Promise<ResultOf<'chain.post'>> {
    const { bytes, signerOf } = this.#platform
    return await signAndSubmit(this, drafting, typeof sign === 'string' ? signerOf(sign) : sign, bytes)
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
    const reconnector = new Reconnector(this.#platform.open, this.#closing.signal, this.#outage)
    if (options.signal !== undefined) this.#platform.onShared?.(options.signal)
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

/** The position of a subscription: `from` until it begins for the first time, then the cursor. */
interface Position<C> {
  readonly from: C | undefined
  cursor?: EventCursor<C>
}

/** Computed on demand: a cursor can be long, and events are many. */
function idsOf<C>({ from, cursor }: Position<C>): C | undefined {
  return cursor === undefined ? from : cursor.ids
}

/** Opens a subscription on a connection; the cursor begins where the daemon says. */
type OpenSubscription<C> = (
  connection: ControlClient,
  from: C | undefined,
) => Promise<{
  readonly events: AsyncIterable<ControlEvent>
  readonly cursor: EventCursor<C>
}>

/** Yields the events of one subscription over any number of connections; it reopens at the cursor after each loss. */
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

/**
 * The page's link to the node: the client of the control port for browsers, with what the page needs to know of an outage. Events
 * that were missed come when the connection is back; whoever shows something asks again when `onOnline` tells so.
 */
import {
  connect,
  type Client,
  type ControlEvent,
  type Known,
  type Method,
  type ParamsOf,
  type ResultFor,
  type SubscriptionMethod,
} from '../../../../src/node/control/client/browser.ts'

export type LinkState = 'connecting' | 'online' | 'away'

/** A person does not wait for longer before he asks what is wrong. */
const PATIENCE_MS = 5_000

export interface LinkEvents {
  readonly onState: (state: LinkState) => void
  /** Connected and subscribed: from now on nothing is missed. */
  readonly onOnline: () => void
  readonly onEvent: (event: ControlEvent) => void
  /** The connection was refused or lost: whether the page is still signed in is for the caller to find out. */
  readonly onLost: () => void
}

export class Link {
  readonly #events: LinkEvents
  #client: Client | undefined

  constructor(events: LinkEvents) {
    this.#events = events
  }

  open(): void {
    const { onState, onLost } = this.#events
    onState('connecting')
    const lost = (): void => {
      onState('away')
      onLost()
    }
    this.#client = connect({ onAway: lost, patienceMs: PATIENCE_MS, repeatReads: true })
    void this.#follow(this.#client).catch(lost)
  }

  close(): void {
    this.#client?.close()
    this.#client = undefined
  }

  /** @throws {ClientError} */
  async call<M extends Exclude<Method, SubscriptionMethod>, const P extends ParamsOf<M>>(
    method: M,
    params: Known<M, P>,
  ): Promise<ResultFor<M, P>> {
    this.#client ??= connect({ patienceMs: PATIENCE_MS })
    return await this.#client.call<M, P>(method, params)
  }

  async #follow(client: Client): Promise<void> {
    const { onState, onOnline, onEvent } = this.#events
    const onBegin = (): void => {
      onState('online')
      onOnline()
    }
    for await (const event of client.listenAll({ onBegin })) onEvent(event)
  }
}

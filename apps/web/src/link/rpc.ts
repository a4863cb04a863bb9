/**
 * The page's link to the node: the client of the control port for browsers, with what the page needs to know of an outage. Events
 * that were missed come when the connection is back; whoever shows something asks again when `onOnline` tells so.
 */
import {
  ClientError,
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
  /** The node knows this browser no more: the client tries no further. */
  readonly onSignedOut: () => void
}

export class Link {
  readonly #events: LinkEvents
  readonly #client: Client

  constructor(events: LinkEvents) {
    this.#events = events
    this.#client = connect({ onAway: () => events.onState('away'), patienceMs: PATIENCE_MS, repeatReads: true })
  }

  /** Follows all chains until the session ends. */
  async follow(): Promise<void> {
    const { onState, onOnline, onEvent, onSignedOut } = this.#events
    const onBegin = (): void => {
      onState('online')
      onOnline()
    }
    try {
      for await (const event of this.#client.listenAll({ onBegin })) onEvent(event)
    } catch (error) {
      onState('away')
      if (error instanceof ClientError && error.code === 'signed-out') onSignedOut()
    }
  }

  /** @throws {ClientError} */
  async call<M extends Exclude<Method, SubscriptionMethod>, const P extends ParamsOf<M>>(
    method: M,
    params: Known<M, P>,
  ): Promise<ResultFor<M, P>> {
    return await this.#client.call<M, P>(method, params)
  }
}

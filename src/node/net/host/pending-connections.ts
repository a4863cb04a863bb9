/**
 * Incoming connections that are not upgraded yet (spec §9): whoever opens a TCP connection has a place here before it is
 * known who it is. libp2p has ten such places and turns away whoever comes when they are taken, so ten that say nothing
 * keep everybody out. Here a newcomer always gets in, at the cost of the address that holds most places.
 */
import type { MultiaddrConnection } from '@libp2p/interface'
import { Buckets, type Rate } from '../../../protocol/token-bucket.ts'
import { RATE_LIMITED_PEERS } from '../../../protocol/gossip-limits.ts'
import { CONNECTIONS_AT_ONCE, FIRST_MESSAGE_MS, PENDING_CONNECTIONS } from '../../../protocol/stream-limits.ts'
import type { Shares, SharesOf } from './address-shares.ts'
import { ShareCounts } from './share-counts.ts'
import { StreamCut } from './streams.ts'

/** What is used of a connection. */
export type PendingConnection = Pick<
  MultiaddrConnection,
  'remoteAddr' | 'abort' | 'addEventListener' | 'dispatchEvent' | 'status'
>

export interface PendingOptions {
  readonly sharesOf: SharesOf
  /** New connections per second from one address that say something, after `CONNECTIONS_AT_ONCE`. */
  readonly perSecond: number
  /** Places; `PENDING_CONNECTIONS` by default. */
  readonly places?: number
  /** In milliseconds of any clock; `performance.now` by default. */
  readonly nowMs?: () => number
}

interface Pending {
  readonly connection: PendingConnection
  readonly shares: Shares
  readonly atMs: number
  hasSpoken: boolean
}

/**
 * Invariants: `#pending` has at most as many entries as there are places, the oldest first. An entry leaves when its
 * connection is upgraded or closes. Each connection is counted against its rates once, when it first speaks.
 */
export class PendingConnections {
  readonly #sharesOf: SharesOf
  readonly #places: number
  readonly #nowMs: () => number
  readonly #rates: Buckets
  readonly #pending = new Map<PendingConnection, Pending>()

  constructor({ sharesOf, perSecond, places = PENDING_CONNECTIONS, nowMs }: PendingOptions) {
    this.#sharesOf = sharesOf
    this.#places = places
    this.#nowMs = nowMs ?? (() => performance.now())
    const rate: Rate = { burst: Math.max(CONNECTIONS_AT_ONCE, perSecond), perSecond }
    this.#rates = new Buckets(rate, RATE_LIMITED_PEERS)
  }

  get size(): number {
    return this.#pending.size
  }

  /** Gives a place to a connection that was just accepted; false if it has closed. If all are taken, another one is closed. */
  admit(connection: PendingConnection): boolean {
    if (connection.status !== 'open') return false
    const pending = {
      connection,
      shares: this.#sharesOf(connection.remoteAddr),
      atMs: this.#nowMs(),
      hasSpoken: false,
    }
    if (this.#pending.size >= this.#places) this.#evict(pending)
    this.#pending.set(connection, pending)
    atFirstMessage(connection, () => this.#speaks(pending))
    connection.addEventListener('close', () => this.#pending.delete(connection), { once: true })
    return true
  }

  /** The connection was upgraded. False if it is one too many of its address. */
  settle(connection: PendingConnection): boolean {
    const pending = this.#pending.get(connection)
    this.#pending.delete(connection)
    // A transport that encrypts by itself has no messages before.
    return pending === undefined || this.#speaks(pending)
  }

  /** Silence costs next to nothing. The rate bounds handshakes, which begin with the first message. */
  #speaks(pending: Pending): boolean {
    if (pending.hasSpoken) return true
    pending.hasSpoken = true
    const nowMs = this.#nowMs()
    return pending.shares.map((share) => this.#rates.of(share, nowMs).take(nowMs)).every(Boolean)
  }

  /** Of the largest share, the newcomer counted in, the oldest connection goes that should have spoken, or else the oldest. */
  #evict(newcomer: Pending): void {
    const all = [...this.#pending.values()]
    const counts = new ShareCounts([...all, newcomer].map(({ shares }) => shares))
    const largest = counts.largest(all)
    const isSilent = ({ hasSpoken, atMs }: Pending): boolean => !hasSpoken && newcomer.atMs - atMs >= FIRST_MESSAGE_MS
    const victim = largest.find(isSilent) ?? largest[0]
    if (victim === undefined) return
    this.#pending.delete(victim.connection)
    victim.connection.abort(new StreamCut('others wait for its place'))
  }
}

/**
 * A listener of our own would not do: while nobody listens libp2p keeps what came, and hands it to the first listener, which
 * must be that of the upgrade. So the event is looked at on its way; if it is refused the connection ends.
 */
function atFirstMessage(connection: PendingConnection, isAllowed: () => boolean): void {
  const dispatch = connection.dispatchEvent.bind(connection)
  connection.dispatchEvent = (event) => {
    if (event.type !== 'message') return dispatch(event)
    connection.dispatchEvent = dispatch
    if (isAllowed()) return dispatch(event)
    connection.abort(new StreamCut('too many connections from its address'))
    return false
  }
}

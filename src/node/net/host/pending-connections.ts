/**
 * Incoming connections that are not upgraded yet (spec §9): whoever opens a TCP connection has a place here before it is
 * known who it is. libp2p has ten such places and turns away whoever comes when they are taken, so ten that say nothing
 * keep everybody out. Here a newcomer always gets in, at the cost of the address that holds most places.
 */
import type { MultiaddrConnection } from '@libp2p/interface'
import { Buckets, type Rate } from '../../../protocol/token-bucket.ts'
import { CONNECTIONS_AT_ONCE, PENDING_CONNECTIONS, RATE_LIMITED_PEERS } from '../../../protocol/limits.ts'
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
  /** New connections per second from one address, after `CONNECTIONS_AT_ONCE`. */
  readonly perSecond: number
  /** Places; `PENDING_CONNECTIONS` by default. */
  readonly places?: number
  /** In milliseconds of any clock; `performance.now` by default. */
  readonly nowMs?: () => number
}

interface Pending {
  readonly connection: PendingConnection
  readonly shares: Shares
  hasSpoken: boolean
}

/**
 * Invariants: `#pending` has at most as many entries as there are places, the oldest first. An entry leaves when its
 * connection is upgraded or closes.
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

  /** Whether a connection that was just accepted may be upgraded. If all places are taken, another one is closed. */
  admit(connection: PendingConnection): boolean {
    if (connection.status !== 'open') return false
    const shares = this.#sharesOf(connection.remoteAddr)
    const nowMs = this.#nowMs()
    if (!shares.map((share) => this.#rates.of(share, nowMs).take(nowMs)).every(Boolean)) return false
    if (this.#pending.size >= this.#places) this.#evict(shares)
    const pending = { connection, shares, hasSpoken: false }
    this.#pending.set(connection, pending)
    noteFirstMessage(connection, () => (pending.hasSpoken = true))
    connection.addEventListener('close', () => this.#pending.delete(connection), { once: true })
    return true
  }

  /** The connection was upgraded. */
  settle(connection: PendingConnection): void {
    this.#pending.delete(connection)
  }

  /**
   * Of the largest share, the newcomer's counted in, the oldest silent connection goes, and if none is silent the oldest.
   * An honest peer speaks as soon as it is connected, so it is silent for one round trip at most.
   */
  #evict(newcomer: Shares): void {
    const all = [...this.#pending.values()]
    const counts = new ShareCounts([...all.map(({ shares }) => shares), newcomer])
    const largest = counts.largest(all)
    const victim = largest.find(({ hasSpoken }) => !hasSpoken) ?? largest[0]
    if (victim === undefined) return
    this.#pending.delete(victim.connection)
    victim.connection.abort(new StreamCut('others wait for its place'))
  }
}

/**
 * A listener of our own would not do: while nobody listens libp2p keeps what came, and hands it to the first listener, which
 * must be that of the upgrade. So the event is looked at on its way.
 */
function noteFirstMessage(connection: PendingConnection, onMessage: () => void): void {
  const dispatch = connection.dispatchEvent.bind(connection)
  connection.dispatchEvent = (event) => {
    if (event.type === 'message') {
      connection.dispatchEvent = dispatch
      onMessage()
    }
    return dispatch(event)
  }
}

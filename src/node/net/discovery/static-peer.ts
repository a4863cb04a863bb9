/**
 * One address that is kept connected (spec §9): dialled at once and after each disconnect, until it is stopped.
 * libp2p's own reconnect gives up after five tries and forgets the peer, and gossipsub does not redial.
 */
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../host/host.ts'
import { IS_SELF, why } from '../host/faults.ts'
import { tagStaticPeer } from '../host/peer-tags.ts'
import type { Logger } from '../../base/log.ts'
import { peerIdOf } from '../host/peer-address.ts'
import { DIAL_MS, LONGEST_STATIC_DELAY_MS, nextDelayMs } from './redial-backoff.ts'
import { orAborted, pause, withDeadline } from '../../base/deadline.ts'

/** A connection that lasted this long resets the backoff; a shorter one counts as a failure. */
const STABLE_MS = 30_000

/** How often it is looked whether the connection is still there, since libp2p may not tell. */
const LOOK_MS = 15_000

export interface StaticPeerModules {
  readonly host: Host
  readonly log: Logger
  /** In 0 … 1. */
  readonly random: () => number
  /** This address shows this node's own id. */
  readonly onSelf: (address: Multiaddr) => void
}

/**
 * A snapshot for status reports. `failure`: why the last dial failed. `nextMs`: when the next dial starts, by
 * `performance.now()`.
 */
export interface StaticPeerState {
  readonly address: Multiaddr
  /** Named by the address, or learned on connecting. */
  readonly peer?: string
  readonly failure?: string
  readonly nextMs?: number
}

/**
 * Invariants:
 * 1. One loop (`#running`) dials, waits for the disconnect and backs off, so there is never more than one dial at a
 *   time.
 * 2. `#failure` belongs to the last dial and is undefined after a success.
 * 3. `#nextMs` is set only while the loop waits between two dials.
 * 4. `#peer` stays set once it is known.
 */
export class StaticPeer {
  readonly address: Multiaddr
  readonly #modules: StaticPeerModules
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #peer: string | undefined
  #failure: string | undefined
  #nextMs: number | undefined

  /** Starts at once. */
  constructor(address: Multiaddr, modules: StaticPeerModules) {
    this.address = address
    this.#modules = modules
    this.#peer = peerIdOf(address)
    this.#running = this.#keepConnected()
  }

  get state(): StaticPeerState {
    const [peer, failure, nextMs] = [this.#peer, this.#failure, this.#nextMs]
    return {
      address: this.address,
      ...(peer === undefined ? {} : { peer }),
      ...(failure === undefined ? {} : { failure }),
      ...(nextMs === undefined ? {} : { nextMs }),
    }
  }

  /** Stops redialling; the connection stays open. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #keepConnected(): Promise<void> {
    const { host, log, random, onSelf } = this.#modules
    const { signal } = this.#stopping
    let failures = 0
    while (!signal.aborted) {
      this.#nextMs = undefined
      const dialled = await withDeadline({ ms: DIAL_MS, signal }, (deadline) =>
        host.connect(this.address, { signal: deadline }),
      )
      if (dialled.ok) {
        this.#failure = undefined
        this.#peer = dialled.value.toString()
        const sinceMs = performance.now()
        await this.#tag(dialled.value)
        await this.#untilDisconnected(dialled.value)
        if (performance.now() - sinceMs >= STABLE_MS) failures = 0
      } else {
        this.#failure = dialled.fault.why
        if (this.#failure === IS_SELF) {
          log.warn('peer.left-out', { address: this.address.toString(), why: IS_SELF })
          onSelf(this.address)
          return
        }
        log.debug('peer.unreachable', { address: this.address.toString(), why: dialled.fault.why, failures })
      }
      const delayMs = nextDelayMs(failures, random, LONGEST_STATIC_DELAY_MS)
      this.#nextMs = performance.now() + delayMs
      await pause(delayMs, signal)
      failures += 1
    }
  }

  /** libp2p removes the tag when its own retries end, so each connection sets it again. */
  async #tag(peer: PeerId): Promise<void> {
    const { host, log } = this.#modules
    try {
      await tagStaticPeer(host.libp2p.peerStore, peer)
    } catch (error) {
      log.debug('peer.tag-failed', { peer: peer.toString(), why: why(error) })
    }
  }

  async #untilDisconnected(peer: PeerId): Promise<void> {
    const { host } = this.#modules
    const gone = Promise.withResolvers<undefined>()
    const unsubscribe = host.onDisconnect((other) => {
      if (other.equals(peer)) gone.resolve(undefined)
    })
    const { signal } = this.#stopping
    while (!signal.aborted && host.isConnected(peer.toString())) {
      await withDeadline({ ms: LOOK_MS, signal }, (deadline) => orAborted(gone.promise, deadline))
    }
    unsubscribe()
  }
}

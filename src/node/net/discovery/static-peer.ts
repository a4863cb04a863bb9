/**
 * One address that is kept connected (spec §9): dialled now and whenever it is lost, until it is stopped. libp2p's own
 * reconnecting gives up after five tries and forgets the peer, and gossipsub does not redial.
 */
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import { tagStaticPeer } from '../host/peer-tags.ts'
import type { Logger } from '../../base/log.ts'
import { peerIdOf } from '../host/peer-address.ts'
import { DIAL_MS, nextDelayMs } from './redial-backoff.ts'
import { orAborted, pause, withDeadline } from '../../base/deadline.ts'

/** A connection that held this long was a real one; a shorter one counts as one more failure. */
const STABLE_MS = 30_000

export interface StaticPeerModules {
  readonly host: Host
  readonly log: Logger
  /** 0 … 1. */
  readonly random: () => number
}

/** How it stands. `failure`: why the last attempt failed. `nextMs`: when the next one begins, by `performance.now()`. */
export interface StaticPeerState {
  readonly address: Multiaddr
  /** Named by the address, or met there. */
  readonly peer?: string
  readonly failure?: string
  readonly nextMs?: number
}

export class StaticPeer {
  readonly address: Multiaddr
  readonly #modules: StaticPeerModules
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #peer: string | undefined
  #failure: string | undefined
  #nextMs: number | undefined

  /** Begins at once. */
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

  /** The connection stays. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #keepConnected(): Promise<void> {
    const { host, log, random } = this.#modules
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
        log.debug('peer.unreachable', { address: this.address.toString(), why: dialled.fault.why, failures })
      }
      const delayMs = nextDelayMs(failures, random)
      this.#nextMs = performance.now() + delayMs
      await pause(delayMs, signal)
      failures += 1
    }
  }

  /** libp2p takes the tag off when its own retries end, so each success puts it on again. */
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
    if (host.isConnected(peer.toString())) await orAborted(gone.promise, this.#stopping.signal)
    unsubscribe()
  }
}

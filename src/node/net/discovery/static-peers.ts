/** The static peers (spec §9): addresses from the config, and addresses added by command. */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../host/host.ts'
import { IS_SELF, why } from '../host/faults.ts'
import { StaticPeer, type StaticPeerState } from './static-peer.ts'
import { dropStaticPeer } from '../host/peer-tags.ts'
import type { Logger } from '../../base/log.ts'

export interface StaticPeersModules {
  readonly host: Host
  readonly log: Logger
  /** In 0 … 1; the default is `Math.random`. */
  readonly random?: () => number
  /** This address shows this node's own id. */
  readonly onSelf?: (address: Multiaddr) => void
}

/** Invariants: at most one {@link StaticPeer} per address text; none is started after `stop`. */
export class StaticPeers {
  readonly #host: Host
  readonly #log: Logger
  readonly #random: () => number
  readonly #onSelf: (address: Multiaddr) => void
  readonly #byAddress = new Map<string, StaticPeer>()
  #isStopped = false

  constructor({ host, log, random = Math.random, onSelf = () => undefined }: StaticPeersModules) {
    this.#onSelf = onSelf
    this.#host = host
    this.#log = log
    this.#random = random
  }

  /** Dials this address and keeps it connected. Adding it again, or adding this node's own address, does nothing. */
  add(address: Multiaddr): void {
    const key = address.toString()
    if (this.#isStopped || this.#byAddress.has(key)) return
    if (this.#host.isSelf(address)) {
      this.#log.warn('peer.left-out', { address: key, why: IS_SELF })
      this.#onSelf(address)
      return
    }
    const modules = { host: this.#host, log: this.#log, random: this.#random, onSelf: this.#onSelf }
    this.#byAddress.set(key, new StaticPeer(address, modules))
  }

  /**
   * Stops redialling. The connection closes, unless another static address belongs to the same peer. Returns the peer
   * id that is no longer static, if it is known.
   */
  async remove(address: Multiaddr): Promise<string | undefined> {
    const key = address.toString()
    const staticPeer = this.#byAddress.get(key)
    if (staticPeer === undefined) return undefined
    this.#byAddress.delete(key)
    await staticPeer.stop()
    const { peer } = staticPeer.state
    if (peer === undefined || this.states().some((other) => other.peer === peer)) return undefined
    try {
      await dropStaticPeer(this.#host.libp2p, peerIdFromString(peer))
    } catch (error) {
      this.#log.warn('peer.not-let-go', { peer, why: why(error) })
    }
    return peer
  }

  /** State of each address. */
  states(): StaticPeerState[] {
    return [...this.#byAddress.values()].map(({ state }) => state)
  }

  /** Addresses whose last dial failed, with the reason. */
  failures(): ReadonlyMap<string, string> {
    const failed = this.states().flatMap(({ address, failure }) =>
      failure === undefined ? [] : [[address.toString(), failure] as const],
    )
    return new Map(failed)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#byAddress.values()].map((staticPeer) => staticPeer.stop()))
  }
}

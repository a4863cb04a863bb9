/** The addresses that are kept connected (spec §9): of peers in the config, and of those added by command. */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import { StaticPeer, type StaticPeerState } from './static-peer.ts'
import { dropStaticPeer } from '../host/peer-tags.ts'
import type { Logger } from '../../base/log.ts'
import { peerIdOf } from '../host/peer-address.ts'

export interface StaticPeersModules {
  readonly host: Host
  readonly log: Logger
  /** 0 … 1; `Math.random` unless told. */
  readonly random?: () => number
}

export class StaticPeers {
  readonly #host: Host
  readonly #log: Logger
  readonly #random: () => number
  readonly #staticPeer = new Map<string, StaticPeer>()
  #isStopped = false

  constructor({ host, log, random = Math.random }: StaticPeersModules) {
    this.#host = host
    this.#log = log
    this.#random = random
  }

  /** Dials this address now and whenever it is lost. An address that is kept already is not kept twice. */
  add(address: Multiaddr): void {
    const key = address.toString()
    if (this.#isStopped || this.#staticPeer.has(key)) return
    if (peerIdOf(address) === this.#host.peerId.toString()) return
    this.#staticPeer.set(key, new StaticPeer(address, { host: this.#host, log: this.#log, random: this.#random }))
  }

  /**
   * Dials it no more. The connection to its peer ends, unless another address of that peer is kept. Gives the peer that is not
   * kept any more, if it is known.
   */
  async remove(address: Multiaddr): Promise<string | undefined> {
    const key = address.toString()
    const staticPeer = this.#staticPeer.get(key)
    if (staticPeer === undefined) return undefined
    this.#staticPeer.delete(key)
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

  /** How each address stands. */
  states(): StaticPeerState[] {
    return [...this.#staticPeer.values()].map(({ state }) => state)
  }

  /** Addresses that could not be dialled the last time, and why. */
  failures(): ReadonlyMap<string, string> {
    const failed = this.states().flatMap(({ address, failure }) =>
      failure === undefined ? [] : [[address.toString(), failure] as const],
    )
    return new Map(failed)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#staticPeer.values()].map((staticPeer) => staticPeer.stop()))
  }
}

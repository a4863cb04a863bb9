/**
 * Finding peers (spec §9): bootstrap and static peers, the DHT, the LAN, and peers remembered from last time. Each can be
 * off, and any one of them is enough. It connects; what is said then is said elsewhere.
 */
import type { PeerId, PeerInfo } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { Bug } from '../../../dag/result.ts'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import type { StaticPeerState } from './static-peer.ts'
import type { Logger } from '../../base/log.ts'
import { parsePeerAddress } from '../host/peer-address.ts'
import { StaticPeers } from './static-peers.ts'
import { DIAL_MS, nextDelayMs } from './redial-backoff.ts'
import { PeerCache, type PeerCacheStore } from './peer-cache.ts'
import { seek, DhtProvider, tagChainPeer, type DhtProviderModules } from './dht-provider.ts'
import { pause, withDeadline } from '../../base/deadline.ts'

/** While every chain has somebody to talk to the remembered peers are not needed. */
const CHECK_LONELY_MS = 30_000

/** mDNS tells of each neighbour every ten seconds; one that does not answer is tried less often. */
const LAN_RETRY_MS = 60_000

/** Neighbours whose last try is remembered, the oldest out: ids cost nothing. */
const MAX_LAN_PEERS = 256

export interface DiscoveryOptions {
  /** Needs a host with `dht` on. */
  readonly dht: boolean
  readonly remembered: boolean
  /** Bootstrap and static peers: kept connected for ever. */
  readonly peers: readonly Multiaddr[]
}

export interface DiscoveryModules {
  readonly host: Host
  readonly log: Logger
  /** Absent: nothing is remembered. */
  readonly store?: PeerCacheStore
  /** Whether some chain has nobody to talk to; without it, having no connection at all counts. */
  readonly isLonely?: () => boolean
  /** 0 … 1; `Math.random` unless told. */
  readonly random?: () => number
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #modules: DhtProviderModules
  readonly #redialler: StaticPeers
  readonly #remembered: PeerCache | undefined
  readonly #seekers = new Map<string, DhtProvider>()
  readonly #lanTriedMs = new Map<string, number>()
  readonly #stopping = new AbortController()
  readonly #jobs = new Set<Promise<void>>()
  readonly #isLonely: () => boolean
  #stopLan = (): void => undefined

  constructor(options: DiscoveryOptions, { host, log, store, isLonely, random = Math.random }: DiscoveryModules) {
    this.#isLonely = () => host.connections().length === 0 || isLonely?.() === true
    this.#options = options
    this.#modules = { host, log, random }
    this.#redialler = new StaticPeers(this.#modules)
    this.#remembered = options.remembered && store !== undefined ? new PeerCache(store) : undefined
  }

  /** Begins to dial. Resolves before anybody is connected. */
  async start(): Promise<void> {
    this.#stopLan = this.#modules.host.onLanPeer((peer) => this.#run(this.#dialLanPeer(peer)))
    for (const address of this.#options.peers) this.#redialler.add(address)
    if (this.#remembered === undefined) return
    await this.#remembered.load()
    this.#run(this.#dialRemembered(this.#remembered))
  }

  /**
   * Provides and looks up a chain from now on; who is found gets connected.
   * @throws {Bug} if it is joined already
   */
  join(rendezvous: Uint8Array): void {
    if (!this.#options.dht) return
    const key = keyOf(rendezvous)
    if (this.#seekers.has(key)) throw new Bug('a chain is joined once')
    this.#seekers.set(key, new DhtProvider(rendezvous, this.#modules))
  }

  async leave(rendezvous: Uint8Array): Promise<void> {
    const key = keyOf(rendezvous)
    const seeker = this.#seekers.get(key)
    this.#seekers.delete(key)
    await seeker?.forget()
  }

  /** Once: connected peers that provide this rendezvous. None with the DHT off; waits up to 30 s for a first peer to ask. */
  async lookup(rendezvous: Uint8Array, { signal }: { readonly signal: AbortSignal }): Promise<PeerId[]> {
    return this.#options.dht ? seek(rendezvous, this.#modules, signal) : []
  }

  /** A static peer (`peer add`): dialled at once and kept connected until it is removed. */
  addPeer(address: Multiaddr): void {
    this.#redialler.add(address)
  }

  /** The opposite (`peer remove`): its connection ends too, unless the same peer is kept at another address. */
  async removePeer(address: Multiaddr): Promise<void> {
    const peer = await this.#redialler.remove(address)
    // Else it would be dialled as one of those from last time.
    if (peer !== undefined) await this.#remembered?.forget(peer)
  }

  /** How the static peers stand, by address. */
  kept(): readonly StaticPeerState[] {
    return this.#redialler.states()
  }

  /** Static peers that could not be dialled the last time, and why. */
  failures(): ReadonlyMap<string, string> {
    return this.#redialler.failures()
  }

  /** This connected peer shares a chain with us: it is kept when connections get scarce, and remembered. */
  sharesChain(peer: PeerId): void {
    this.#run(this.#note(peer))
  }

  /** Ends all dialling; connections stay. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#stopLan()
    await Promise.all([
      this.#redialler.stop(),
      ...[...this.#seekers.values()].map((seeker) => seeker.stop()),
      ...this.#jobs,
    ])
    this.#seekers.clear()
    await this.#remembered?.flush()
  }

  async #note(peer: PeerId): Promise<void> {
    const { host, log } = this.#modules
    try {
      await tagChainPeer(host, peer)
      const { addresses } = await host.libp2p.peerStore.get(peer)
      // A peer that dialled us did so from a port where nobody listens: identify has told us its real addresses.
      const dialled = host.libp2p.getConnections(peer).filter(({ direction }) => direction === 'outbound')
      const known = [...dialled.map(({ remoteAddr }) => remoteAddr), ...addresses.map((address) => address.multiaddr)]
      await this.#remembered?.note(peer.toString(), known.map(String))
    } catch (error) {
      log.warn('peer.not-remembered', { peer: peer.toString(), why: why(error) })
    }
  }

  async #dialRemembered(remembered: PeerCache): Promise<void> {
    const { random } = this.#modules
    const { signal } = this.#stopping
    for (let attempt = 0; !signal.aborted;) {
      if (attempt === 0 || this.#isLonely()) {
        const addresses = remembered.list.map(parsePeerAddress).filter((address) => address.ok)
        await Promise.all(addresses.map(({ value }) => this.#dial(value)))
      }
      const isLonely = this.#isLonely()
      await pause(isLonely ? nextDelayMs(attempt, random) : CHECK_LONELY_MS, signal)
      attempt = isLonely ? attempt + 1 : 1
    }
  }

  async #dialLanPeer({ id, multiaddrs }: PeerInfo): Promise<void> {
    const { host } = this.#modules
    const key = id.toString()
    const nowMs = performance.now()
    const triedMs = this.#lanTriedMs.get(key)
    const isDue = triedMs === undefined || nowMs - triedMs >= LAN_RETRY_MS
    if (!isDue || id.equals(host.peerId) || host.isConnected(key)) return
    this.#lanTriedMs.delete(key)
    this.#lanTriedMs.set(key, nowMs)
    for (const oldest of this.#lanTriedMs.keys())
      if (this.#lanTriedMs.size > MAX_LAN_PEERS) this.#lanTriedMs.delete(oldest)
    await host.libp2p.peerStore.merge(id, { multiaddrs })
    await this.#dial(id)
  }

  async #dial(target: PeerId | Multiaddr): Promise<void> {
    const { host, log } = this.#modules
    const { signal } = this.#stopping
    const dialled = await withDeadline({ ms: DIAL_MS, signal }, (deadline) =>
      host.connect(target, { signal: deadline }),
    )
    if (!dialled.ok && !signal.aborted)
      log.debug('peer.unreachable', { peer: dialled.fault.peer, why: dialled.fault.why })
  }

  /** Jobs that nobody waits for, so that `stop` can. */
  #run(job: Promise<void>): void {
    const running = job
      .catch((error: unknown) => this.#modules.log.error('discovery.failed', { why: why(error) }))
      .finally(() => this.#jobs.delete(running))
    this.#jobs.add(running)
  }
}

function keyOf(rendezvous: Uint8Array): string {
  return Buffer.from(rendezvous).toString('hex')
}

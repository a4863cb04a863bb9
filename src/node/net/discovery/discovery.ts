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
import { findProviders, DhtProvider, tagChainPeer, type DhtProviderModules } from './dht-provider.ts'
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
  readonly cachePeers: boolean
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
  readonly #staticPeers: StaticPeers
  readonly #cache: PeerCache | undefined
  readonly #providers = new Map<string, DhtProvider>()
  readonly #lanTriedMs = new Map<string, number>()
  readonly #stopping = new AbortController()
  readonly #jobs = new Set<Promise<void>>()
  readonly #isLonely: () => boolean
  #stopLan = (): void => undefined

  constructor(options: DiscoveryOptions, { host, log, store, isLonely, random = Math.random }: DiscoveryModules) {
    this.#isLonely = () => host.connections().length === 0 || isLonely?.() === true
    this.#options = options
    this.#modules = { host, log, random }
    this.#staticPeers = new StaticPeers(this.#modules)
    this.#cache = options.cachePeers && store !== undefined ? new PeerCache(store) : undefined
  }

  /** Begins to dial. Resolves before anybody is connected. */
  async start(): Promise<void> {
    this.#stopLan = this.#modules.host.onLanPeer((peer) => this.#track(this.#dialLanPeer(peer)))
    for (const address of this.#options.peers) this.#staticPeers.add(address)
    if (this.#cache === undefined) return
    await this.#cache.load()
    this.#track(this.#dialCached(this.#cache))
  }

  /**
   * Provides and looks up a chain from now on; who is found gets connected.
   * @throws {Bug} if it is joined already
   */
  join(rendezvous: Uint8Array): void {
    if (!this.#options.dht) return
    const key = keyOf(rendezvous)
    if (this.#providers.has(key)) throw new Bug('a chain is joined once')
    this.#providers.set(key, new DhtProvider(rendezvous, this.#modules))
  }

  async leave(rendezvous: Uint8Array): Promise<void> {
    const key = keyOf(rendezvous)
    const provider = this.#providers.get(key)
    this.#providers.delete(key)
    await provider?.cancel()
  }

  /** Once: connected peers that provide this rendezvous. None with the DHT off; waits up to 30 s for a first peer to ask. */
  async lookup(rendezvous: Uint8Array, { signal }: { readonly signal: AbortSignal }): Promise<PeerId[]> {
    return this.#options.dht ? findProviders(rendezvous, this.#modules, signal) : []
  }

  /** A static peer (`peer add`): dialled at once and kept connected until it is removed. */
  addPeer(address: Multiaddr): void {
    this.#staticPeers.add(address)
  }

  /** The opposite (`peer remove`): its connection ends too, unless the same peer is kept at another address. */
  async removePeer(address: Multiaddr): Promise<void> {
    const peer = await this.#staticPeers.remove(address)
    // Else it would be dialled as one of those from last time.
    if (peer !== undefined) await this.#cache?.forget(peer)
  }

  /** How the static peers stand, by address. */
  staticPeers(): readonly StaticPeerState[] {
    return this.#staticPeers.states()
  }

  /** Static peers that could not be dialled the last time, and why. */
  failures(): ReadonlyMap<string, string> {
    return this.#staticPeers.failures()
  }

  /** This connected peer shares a chain with us: it is kept when connections get scarce, and remembered. */
  noteChainPeer(peer: PeerId): void {
    this.#track(this.#rememberPeer(peer))
  }

  /** Ends all dialling; connections stay. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#stopLan()
    await Promise.all([
      this.#staticPeers.stop(),
      ...[...this.#providers.values()].map((provider) => provider.stop()),
      ...this.#jobs,
    ])
    this.#providers.clear()
    await this.#cache?.flush()
  }

  async #rememberPeer(peer: PeerId): Promise<void> {
    const { host, log } = this.#modules
    try {
      await tagChainPeer(host, peer)
      const { addresses } = await host.libp2p.peerStore.get(peer)
      // A peer that dialled us did so from a port where nobody listens: identify has told us its real addresses.
      const dialled = host.libp2p.getConnections(peer).filter(({ direction }) => direction === 'outbound')
      const known = [...dialled.map(({ remoteAddr }) => remoteAddr), ...addresses.map((address) => address.multiaddr)]
      await this.#cache?.note(peer.toString(), known.map(String))
    } catch (error) {
      log.warn('peer.not-remembered', { peer: peer.toString(), why: why(error) })
    }
  }

  async #dialCached(cache: PeerCache): Promise<void> {
    const { random } = this.#modules
    const { signal } = this.#stopping
    for (let attempt = 0; !signal.aborted;) {
      if (attempt === 0 || this.#isLonely()) {
        const addresses = cache.list.map(parsePeerAddress).filter((address) => address.ok)
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
  #track(job: Promise<void>): void {
    const running = job
      .catch((error: unknown) => this.#modules.log.error('discovery.failed', { why: why(error) }))
      .finally(() => this.#jobs.delete(running))
    this.#jobs.add(running)
  }
}

function keyOf(rendezvous: Uint8Array): string {
  return Buffer.from(rendezvous).toString('hex')
}

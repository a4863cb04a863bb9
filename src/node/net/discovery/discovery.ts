/**
 * Finds peers and connects to them (spec §9): bootstrap and static peers, the DHT, mDNS, and the peer cache. Each
 * source can be off, and any one of them is enough. What is said over the connections is up to gossip and sync.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { Bug } from '../../../dag/result.ts'
import type { Host } from '../host/host.ts'
import type { DialReason } from '../host/peer-edge.ts'
import { why } from '../host/faults.ts'
import type { StaticPeerState } from './static-peer.ts'
import type { Logger } from '../../base/log.ts'
import { OWN_ID_ADDRESSES } from '../../../protocol/peer-limits.ts'
import { parsePeerAddress } from '../host/peer-address.ts'
import { StaticPeers } from './static-peers.ts'
import { DIAL_MS, nextDelayMs } from './redial-backoff.ts'
import { PeerCache, type PeerCacheStore } from './peer-cache.ts'
import { findProviders, DhtProvider, tagChainPeer, type DhtProviderModules } from './dht-provider.ts'
import { pause, withDeadline } from '../../base/deadline.ts'

/** While no chain is lonely, the peer cache is not dialled. */
const CHECK_LONELY_MS = 30_000

/** mDNS reports each neighbour every ten seconds; a failed dial is not repeated that often. */
const LAN_RETRY_MS = 60_000

/**
 * Neighbours whose last dial is remembered; a new one evicts the oldest. The bound is needed since peer ids are free.
 */
const MAX_LAN_PEERS = 256

export interface DiscoveryOptions {
  /** Needs a host with `dht` on. */
  readonly dht: boolean
  readonly cachePeers: boolean
  /** Bootstrap and static peers; both are kept connected. */
  readonly peers: readonly Multiaddr[]
}

export interface DiscoveryModules {
  readonly host: Host
  readonly log: Logger
  /** If absent, there is no peer cache. */
  readonly store?: PeerCacheStore
  /** Whether some chain has no peer. Having no connection always counts as lonely. */
  readonly isLonely?: () => boolean
  /** In 0 … 1; the default is `Math.random`. */
  readonly random?: () => number
  /** These addresses show this node's own id: its own by another way, or those of a node with its key. */
  readonly onOwnId?: (addresses: readonly Multiaddr[]) => Promise<void>
}

/**
 * Invariants:
 * 1. `#providers` has one entry per joined chain while the DHT is on, keyed by rendezvous, and is empty otherwise.
 * 2. `#lanTriedMs` is ordered by the last dial and has at most `MAX_LAN_PEERS` entries.
 * 3. `#jobs` holds every background job under way. `stop` aborts `#stopping`, which ends them, and waits for them.
 */
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
  readonly #onOwnId: (addresses: readonly Multiaddr[]) => Promise<void>
  #stopLan = (): void => undefined

  constructor(options: DiscoveryOptions, modules: DiscoveryModules) {
    const { host, log, store, isLonely, random = Math.random, onOwnId } = modules
    this.#onOwnId = onOwnId ?? (() => Promise.resolve())
    this.#isLonely = () => host.connections().length === 0 || isLonely?.() === true
    this.#options = options
    this.#modules = { host, log, random }
    const onSelf = (address: Multiaddr): void => this.#track(this.#onOwnId([address]))
    this.#staticPeers = new StaticPeers({ ...this.#modules, onSelf })
    host.useful.askWhoIsStatic((peer) => this.isStatic(peer))
    this.#cache = options.cachePeers && store !== undefined ? new PeerCache(store) : undefined
  }

  /** Starts to dial. Resolves before any peer has connected. */
  async start(): Promise<void> {
    this.#stopLan = this.#modules.host.onLanPeer((peer) => this.#track(this.#dialLanPeer(peer)))
    for (const address of this.#options.peers) this.#staticPeers.add(address)
    if (this.#cache === undefined) return
    await this.#cache.load()
    this.#track(this.#dialCached(this.#cache))
  }

  /**
   * Announces and looks up a chain in the DHT, and connects to its providers. They are told of after each lookup, since gossip
   * may not know them.
   * @throws {Bug} if the chain is already joined
   */
  join(rendezvous: Uint8Array, onFound: (peer: PeerId) => void = () => undefined): void {
    if (!this.#options.dht) return
    const key = keyOf(rendezvous)
    if (this.#providers.has(key)) throw new Bug('a chain is joined once')
    this.#providers.set(key, new DhtProvider(rendezvous, this.#modules, onFound))
  }

  /** Whether peers of the chain are looked for that are not connected yet, until it is told that they are not. */
  seek(rendezvous: Uint8Array, isSeeking: boolean): void {
    this.#providers.get(keyOf(rendezvous))?.seek(isSeeking)
  }

  async leave(rendezvous: Uint8Array): Promise<void> {
    const key = keyOf(rendezvous)
    const provider = this.#providers.get(key)
    this.#providers.delete(key)
    await provider?.cancel()
  }

  /**
   * One lookup: the connected providers of this rendezvous. Empty if the DHT is off; waits up to 30 s for a first peer
   * to query.
   */
  async lookup(rendezvous: Uint8Array, { signal }: { readonly signal: AbortSignal }): Promise<PeerId[]> {
    return this.#options.dht ? findProviders(rendezvous, this.#modules, signal) : []
  }

  /** Adds a static peer (`peer add`): dials it at once and keeps it connected until it is removed. */
  addPeer(address: Multiaddr): void {
    this.#staticPeers.add(address)
  }

  /**
   * Removes a static peer (`peer remove`). Its connection closes, unless another static address belongs to the same
   * peer.
   */
  async removePeer(address: Multiaddr): Promise<void> {
    const peer = await this.#staticPeers.remove(address)
    // Otherwise it would be dialled from the cache.
    if (peer !== undefined) await this.#cache?.forget(peer)
  }

  /** State of the static peers, one per address. */
  staticPeers(): readonly StaticPeerState[] {
    return this.#staticPeers.states()
  }

  /** Whether the peer is behind one of the static addresses, as far as that is known. */
  isStatic(peer: string): boolean {
    return this.staticPeers().some((one) => one.peer === peer)
  }

  /** Static addresses whose last dial failed, with the reason. */
  failures(): ReadonlyMap<string, string> {
    return this.#staticPeers.failures()
  }

  /** This connected peer shares a chain with us: its connection gets a tag and its addresses go to the peer cache. */
  noteChainPeer(peer: PeerId): void {
    this.#modules.host.useful.noteShares(peer.toString())
    this.#track(this.#rememberPeer(peer))
  }

  /** Stops all dialling; connections stay open. */
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
      // A peer that dialled us used an ephemeral port; identify reported its listen addresses.
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
        await Promise.all(addresses.map(({ value }) => this.#dial(value, 'memory')))
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
    if (!isDue || host.isConnected(key)) return
    this.#lanTriedMs.delete(key)
    this.#lanTriedMs.set(key, nowMs)
    evictOldest(this.#lanTriedMs, MAX_LAN_PEERS)
    // mDNS leaves out what this node itself sends.
    if (id.equals(host.peerId)) return this.#onOwnId(multiaddrs.slice(0, OWN_ID_ADDRESSES))
    await host.libp2p.peerStore.merge(id, { multiaddrs })
    await this.#dial(id)
  }

  async #dial(target: PeerId | Multiaddr, reason?: DialReason): Promise<void> {
    const { host, log } = this.#modules
    const { signal } = this.#stopping
    const dialled = await withDeadline({ ms: DIAL_MS, signal }, (deadline) =>
      host.connect(target, { signal: deadline, ...(reason === undefined ? {} : { reason }) }),
    )
    if (!dialled.ok && !signal.aborted)
      log.debug('peer.unreachable', { peer: dialled.fault.peer, why: dialled.fault.why })
  }

  /** Keeps background jobs, so that `stop` can wait for them. */
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

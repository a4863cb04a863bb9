/**
 * Puts joined chains on the network. Each chain gets its gossip and its sync; requests of other peers are routed to
 * their chain; peers that break the protocols are penalised or banned.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { consequence, type ProtocolFault } from '../../protocol/faults.ts'
import type { Offered } from '../../protocol/messages.ts'
import { RecheckBudget } from '../../protocol/recheck-budget.ts'
import { ChainGossip, topicOf } from './gossip/chain-gossip.ts'
import { ChainSync } from './sync/chain-sync.ts'
import { ComparedChain } from './sync/compared-chain.ts'
import { CompareRounds } from './sync/compare-rounds.ts'
import { HeldRounds } from './sync/held-rounds.ts'
import type { Clock } from '../base/clock.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { Host } from './host/host.ts'
import { ExtraSlots } from './sync/pull-scheduler.ts'
import { StrangerPlaces } from './sync/stranger-places.ts'
import { standingOf } from './standing.ts'
import type { Logger } from '../base/log.ts'
import type { Attachment } from '../chain/registry.ts'
import type { Replica } from '../chain/replica.ts'
import { createRequestHandler } from './sync/request-handler.ts'
import type { RpcFault } from './sync/faults.ts'
import { SyncClient } from './sync/client.ts'
import { serveSync } from './sync/server.ts'
import type { Pubsub } from './gossip/pubsub.ts'
import { orAborted } from '../base/deadline.ts'

/** What a joined chain does on the network. */
export interface ChainServices extends Attachment {
  readonly gossip: ChainGossip
  readonly sync: ChainSync
  /** Connected peers that have the chain, as far as is known. */
  peers(): readonly string[]
  /** The interval at which it is compared. */
  compareMs(): number
}

export interface ChainNetworkModules {
  readonly host: Host
  readonly pubsub: Pubsub
  readonly discovery: Discovery
  readonly clock: Clock
  readonly log: Logger
}

interface AttachedChain {
  readonly replica: Replica
  readonly sync: ChainSync
  readonly compared: ComparedChain
  gossip?: ChainGossip
}

/**
 * The network side of all joined chains.
 *
 * Invariants:
 * 1. A chain is in `#byTopic` and in `#byRendezvous` from `attach` until its services stop, and in no other time.
 * 2. Only attached chains get hints and requests: both are looked up in these maps when they arrive.
 * 3. `#compared` has the attached chains in the order of their `sequence`.
 */
export class ChainNetwork {
  readonly #modules: ChainNetworkModules
  readonly #client: SyncClient
  readonly #extraSlots = new ExtraSlots()
  readonly #strangerPlaces = new StrangerPlaces()
  readonly #byTopic = new Map<string, AttachedChain>()
  readonly #byRendezvous = new Map<string, AttachedChain>()
  readonly #compared: ComparedChain[] = []
  readonly #rounds: CompareRounds
  readonly #heldRounds: HeldRounds
  #joined = 0
  /** Shared by all chains: they share one processor. */
  readonly #rechecks = new RecheckBudget(performance.now())
  readonly #unsubscribes: (() => void)[]

  constructor(modules: ChainNetworkModules) {
    this.#modules = modules
    const { host, pubsub, discovery, log } = modules
    this.#client = new SyncClient({ host, log, onFault: (peer, fault) => this.#onStreamFault(peer.toString(), fault) })
    this.#rounds = new CompareRounds({
      chains: () => this.#compared,
      connections: () => new Map([...host.newestConnections()].map(([peer, { id }]) => [peer, id])),
      isStatic: (peer) => discovery.isStatic(peer),
      random: Math.random,
    })
    this.#heldRounds = new HeldRounds({ chains: () => this.#compared, nowMs: () => performance.now() })
    this.#unsubscribes = [
      pubsub.onSubscriber((topic, peer) => {
        const attached = this.#byTopic.get(topic)
        attached?.compared.noteSubscribed(peer)
        attached?.sync.suggest(peer)
        attached?.gossip?.waiting.onNeighbour()
      }),
      host.onBreach((peer, fault) => this.#onProtocolFault(peer.toString(), fault)),
      host.onDisconnect((peer) => {
        for (const { sync } of this.#byTopic.values()) sync.forget(peer.toString())
      }),
    ]
  }

  attach(replica: Replica): ChainServices {
    const { pubsub, discovery, host, clock, log } = this.#modules
    const { rendezvous } = replica.chain
    const onFault = (peer: string, fault: ProtocolFault): void => {
      this.#onProtocolFault(peer, fault)
    }
    const mayRecheck = (peer: string, spent?: number): boolean =>
      spent === undefined
        ? this.#rechecks.take(peer, performance.now())
        : this.#rechecks.spend(peer, spent, performance.now())
    const sync: ChainSync = new ChainSync({
      mayRecheck,
      replica,
      client: this.#client,
      self: host.peerId,
      clock,
      log,
      onFault,
      onPulled: (peer, result) => {
        if (result.fresh > 0) host.useful.noteGave(peer.toString())
        if (compared.notePulled(peer, result)) discovery.noteChainPeer(peer)
      },
      connected: () => this.#connected(compared),
      findPeers: (signal) => this.#findPeers({ replica, compared }, signal),
      standing: (peer) => standingOf(peer, { host, discovery }),
      extraSlots: this.#extraSlots,
      strangerPlaces: this.#strangerPlaces,
    })
    const topic = topicOf(rendezvous)
    const key = bytesToHex(rendezvous)
    const compared: ComparedChain = new ComparedChain((this.#joined += 1), {
      replica,
      sync,
      client: this.#client,
      self: host.peerId,
      subscribers: () => pubsub.subscribers(topic),
      isConnected: (peer) => host.isConnected(peer),
      isStatic: (peer) => discovery.isStatic(peer),
      onSharer: (peer) => {
        pubsub.admit(topic, peer)
      },
      random: Math.random,
    })
    this.#compared.push(compared)
    const attached: AttachedChain = { replica, sync, compared }
    this.#byTopic.set(topic, attached)
    this.#byRendezvous.set(key, attached)
    const onHint = (peer: string): void => {
      sync.suggest(peer)
    }
    const onGave = (peer: string): void => {
      host.useful.noteGave(peer)
    }
    const mayKnow = (peer: string): boolean => compared.mayKnow(peer)
    const onWaiting = (peer: string): void => {
      this.#heldRounds.hint(compared, peer)
    }
    const gossip = new ChainGossip({ replica, pubsub, log, onHint, onGave, onWaiting, onFault, mayRecheck, mayKnow })
    attached.gossip = gossip
    discovery.join(rendezvous, (peer) => {
      compared.noteFound(peer.toString())
    })
    // Somebody who could welcome it may be at a peer that is not connected yet.
    const seek = (): void => {
      discovery.seek(rendezvous, replica.heldHere().length > 0)
    }
    seek()
    const stopSeeking = replica.listen(seek)
    return {
      gossip,
      sync,
      peers: () => compared.peers(),
      compareMs: () => this.#rounds.intervalMs,
      onFounder: () => {
        sync.onFounder()
      },
      stop: async () => {
        this.#byTopic.delete(topic)
        this.#byRendezvous.delete(key)
        this.#compared.splice(this.#compared.indexOf(compared), 1)
        gossip.stop()
        stopSeeking()
        await discovery.leave(rendezvous)
        await sync.stop()
      },
    }
  }

  /** Starts to answer the sync requests of other peers. The returned function stops it. */
  serve(): Promise<() => Promise<void>> {
    const { host, log } = this.#modules
    const handler = createRequestHandler({
      self: host.peerId,
      find: (rendezvous) => this.#byRendezvous.get(rendezvous)?.replica,
      onOpened: (replica, peer) =>
        this.#byRendezvous.get(bytesToHex(replica.chain.rendezvous))?.compared.noteOpened(peer),
      onHeldTold: (replica, peer) => {
        replica.guests.noteHeard(peer.toString())
      },
      onOffer: (replica, peer, signal) => this.#onOffer(replica, peer, signal),
    })
    return serveSync({ host, log, handler, onFault: (peer, fault) => this.#onStreamFault(peer.toString(), fault) })
  }

  async stop(): Promise<void> {
    for (const end of this.#unsubscribes) end()
    this.#client.stop()
    await this.#rounds.stop()
    await this.#heldRounds.stop()
  }

  async #onOffer(replica: Replica, peer: PeerId, signal: AbortSignal): Promise<Offered | undefined> {
    const sync = this.#byRendezvous.get(bytesToHex(replica.chain.rendezvous))?.sync
    const pulled = await sync?.receive(peer, signal, { isAsked: false })
    return pulled?.ok === true ? pulled.value : undefined
  }

  /** Connected peers, those first that are known to have the chain. */
  #connected(compared: ComparedChain): readonly PeerId[] {
    const all = new Set([...compared.peers(), ...this.#modules.host.newestConnections().keys()])
    return [...all].map((peer) => peerIdFromString(peer))
  }

  /**
   * Without connections a DHT lookup is pointless. A lookup that the deadline ends has connected the peers found so
   * far.
   */
  async #findPeers(
    { replica, compared }: Pick<AttachedChain, 'replica' | 'compared'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { host, discovery, log } = this.#modules
    if (host.connections().length === 0) return
    try {
      const found = await orAborted(discovery.lookup(replica.chain.rendezvous, { signal }), signal)
      for (const peer of found ?? []) compared.noteFound(peer.toString())
    } catch (error) {
      log.debug('discovery.lookup-failed', { chain: replica.chain.id, why: String(error) })
    }
  }

  /** A forged signature is the costliest lie to detect, so the first one bans the peer (spec §7). */
  #onProtocolFault(peer: string, fault: ProtocolFault): void {
    const { host, log } = this.#modules
    const cause = 'fault' in fault ? fault.fault.code : undefined
    const what = consequence(fault)
    log.warn('peer.fault', { peer, code: fault.code, cause, consequence: what })
    if (what === 'ignore') return
    this.#client.close(peerIdFromString(peer))
    if (cause === 'DAG_BAD_SIGNATURE') host.ban(peer)
    else if (what === 'penalise') host.penalise(peer)
  }

  /** A broken stream is no breach. A malformed message on it is one. */
  #onStreamFault(peer: string, fault: RpcFault): void {
    if (fault.code === 'RPC_MALFORMED') this.#onProtocolFault(peer, fault.fault)
    else this.#modules.log.debug('peer.stream-fault', { peer, code: fault.code })
  }
}

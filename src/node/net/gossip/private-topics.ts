/**
 * Topics of groups, told to some peers alone (spec §7). A topic is a digest of the group's name and key: who knows it can try
 * names and passphrases on it offline. gossipsub tells all topics to everybody and grafts whoever subscribes; both go through
 * two methods, which are wrapped here.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { noteLatest } from '../../../dag/evict-oldest.ts'
import { Bug } from '../../../dag/result.ts'

/** Peers of a topic whose subscription waits until they may know the topic: as many as there are connections. */
const WAITING_PEERS = 1_024

/** Private members of gossipsub. */
interface GossipSubInternals {
  sendSubscriptions?: (peer: string, topics: string[], subscribe: boolean) => void
  handleReceivedSubscription?: (from: PeerId, topic: string, subscribe: boolean) => boolean
}

interface PrivateTopic {
  /** Whether a peer is static, or is known to have the chain. */
  readonly mayKnow: (peer: string) => boolean
  /** Peers that subscribe and may not know yet that this node does. */
  readonly waiting: Set<string>
  /** Peers that were told since their stream opened; one that is told twice takes no notice. */
  readonly told: Set<string>
}

export class PrivateTopics {
  readonly #topics = new Map<string, PrivateTopic>()
  readonly #send: NonNullable<GossipSubInternals['sendSubscriptions']>
  readonly #take: NonNullable<GossipSubInternals['handleReceivedSubscription']>

  /** @throws {Bug} if gossipsub has renamed these members */
  constructor(pubsub: GossipSub) {
    const internals = pubsub as unknown as GossipSubInternals
    const { sendSubscriptions: send, handleReceivedSubscription: take } = internals
    if (send === undefined || take === undefined) throw new Bug('gossipsub tells its topics elsewhere')
    this.#send = send.bind(internals)
    this.#take = take.bind(internals)
    internals.sendSubscriptions = (peer, topics, subscribe) => {
      const told = topics.filter((topic) => this.#isTold(topic, peer, subscribe))
      if (told.length > 0) this.#send(peer, told, subscribe)
    }
    internals.handleReceivedSubscription = (from, topic, subscribe) => this.#received(from, topic, subscribe)
  }

  /** Before the topic is subscribed to. */
  add(topic: string, mayKnow: (peer: string) => boolean): void {
    this.#topics.set(topic, { mayKnow, waiting: new Set(), told: new Set() })
  }

  /** After it was left. */
  delete(topic: string): void {
    this.#topics.delete(topic)
  }

  /** The peer may know the topic from now on: tells it. Returns whether it subscribes itself, which counts only now. */
  admit(topic: string, peer: string): boolean {
    const found = this.#topics.get(topic)
    if (found === undefined) return false
    if (!found.told.has(peer)) {
      noteLatest(found.told, peer, WAITING_PEERS)
      this.#send(peer, [topic], true)
    }
    return found.waiting.delete(peer) && this.#take(peerIdFromString(peer), topic, true)
  }

  /** A new stream to the peer begins with all topics. */
  #isTold(topic: string, peer: string, subscribe: boolean): boolean {
    const found = this.#topics.get(topic)
    if (found === undefined) return true
    if (!subscribe) return found.told.delete(peer)
    found.told.delete(peer)
    if (!found.mayKnow(peer)) return false
    noteLatest(found.told, peer, WAITING_PEERS)
    return true
  }

  /** False makes gossipsub take no notice. */
  #received(from: PeerId, topic: string, subscribe: boolean): boolean {
    const peer = from.toString()
    const found = this.#topics.get(topic)
    if (found === undefined || found.mayKnow(peer)) return this.#take(from, topic, subscribe)
    if (subscribe) noteLatest(found.waiting, peer, WAITING_PEERS)
    else found.waiting.delete(peer)
    // One that may not know it any more is unsubscribed all the same.
    return subscribe ? false : this.#take(from, topic, subscribe)
  }
}

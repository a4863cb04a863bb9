/**
 * Stands before gossipsub's handling of RPCs (spec §7): passes on what `rpc-filter.ts` leaves of each, at a rate of
 * messages for each neighbour. It runs before any cache. What is dropped is held against nobody.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { RPC } from '@chainsafe/libp2p-gossipsub/message'
import type { PeerId } from '@libp2p/interface'
import { Bug } from '../../../dag/result.ts'
import { GOSSIP_MESSAGES, RATE_LIMITED_PEERS } from '../../../protocol/gossip-limits.ts'
import { TOPIC_CHARS, TOPIC_PREFIX } from '../../../protocol/messages.ts'
import { Buckets } from '../../../protocol/token-bucket.ts'
import { OtherTopics } from './other-topics.ts'
import { filterRpc } from './rpc-filter.ts'

/** Private members of gossipsub. */
interface GossipSubInternals {
  readonly peers?: ReadonlyMap<string, PeerId>
  readonly mesh?: ReadonlyMap<string, ReadonlySet<string>>
  readonly topics?: ReadonlyMap<string, ReadonlySet<string>>
  handleReceivedRpc?: (from: PeerId, rpc: RPC) => Promise<void>
  removePeer?: (peer: PeerId) => void
}

type Internals = Required<GossipSubInternals>

export interface RpcIntakeModules {
  readonly isJoined: (topic: string) => boolean
  /** A message of a joined topic was dropped: its sender is over its rate. */
  readonly onDropped: (topic: string, from: string) => void
  /** An RPC was handed on: what came with it is in the caches. */
  readonly onHandled: () => void
}

/** Invariant: `#otherTopics` counts the topics in gossipsub's map that are not joined, of each neighbour there. */
export class RpcIntake {
  readonly #internals: Internals
  readonly #modules: RpcIntakeModules
  readonly #otherTopics = new OtherTopics()
  readonly #messages = new Buckets(GOSSIP_MESSAGES, RATE_LIMITED_PEERS)

  /** @throws {Bug} if gossipsub has renamed these members */
  constructor(pubsub: GossipSub, modules: RpcIntakeModules) {
    this.#modules = modules
    const internals = internalsOf(pubsub)
    this.#internals = internals
    const { handleReceivedRpc: handle, removePeer } = internals
    for (const [topic, peers] of internals.topics) if (!modules.isJoined(topic)) this.#recount(peers, 'keep')
    internals.handleReceivedRpc = async (from, rpc) => {
      // Its stream may have more to say after the library has let go of it, and what is noted then stays.
      if (!internals.peers.has(from.toString())) return
      const handled = handle.call(internals, from, this.#filter(from.toString(), rpc))
      modules.onHandled()
      await handled
    }
    internals.removePeer = (peer) => {
      removePeer.call(internals, peer)
      if (!internals.peers.has(peer.toString())) this.#otherTopics.forget(peer.toString())
    }
  }

  /** Right after the topic was joined: it has no share in the budgets any more. */
  onJoin(topic: string): void {
    this.#recount(this.#internals.topics.get(topic), 'remove')
  }

  /** Right after it was left. */
  onLeave(topic: string): void {
    this.#recount(this.#internals.topics.get(topic), 'keep')
  }

  #filter(from: string, rpc: RPC): RPC {
    const { isJoined, onDropped } = this.#modules
    const { mesh } = this.#internals
    const nowMs = performance.now()
    const rate = this.#messages.of(from, nowMs)
    return filterRpc(rpc, {
      isJoined,
      isMeshed: (topic) => mesh.get(topic)?.has(from) === true,
      mayNote: (topic, subscribe) => this.#mayNote(topic, from, subscribe),
      takeMessage: () => rate.take(nowMs),
      hasMessages: () => rate.has(nowMs),
      onDropped: (topic) => {
        onDropped(topic, from)
      },
    })
  }

  #mayNote(topic: string, from: string, subscribe: boolean): boolean {
    if (this.#modules.isJoined(topic)) return true
    const isNoted = this.#internals.topics.get(topic)?.has(from) === true
    if (subscribe === isNoted) return false
    if (!subscribe) this.#otherTopics.remove(from)
    else return topic.length <= TOPIC_CHARS && topic.startsWith(TOPIC_PREFIX) && this.#otherTopics.add(from)
    return true
  }

  #recount(peers: ReadonlySet<string> | undefined, how: 'keep' | 'remove'): void {
    for (const peer of peers ?? []) this.#otherTopics[how](peer)
  }
}

function internalsOf(pubsub: GossipSub): Internals {
  const { peers, mesh, topics, handleReceivedRpc, removePeer } = pubsub as unknown as GossipSubInternals
  const isThere = [peers, mesh, topics].every((map) => map instanceof Map)
  if (!isThere || handleReceivedRpc === undefined || removePeer === undefined) {
    throw new Bug('gossipsub takes RPCs in elsewhere')
  }
  return pubsub as unknown as Internals
}

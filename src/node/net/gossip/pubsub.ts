/**
 * Wraps gossipsub (spec §7): joins topics with their validators, publishes announcements, and reports subscribers. The
 * validators, passed in by callers, decide what an announcement means.
 */
import {
  TopicValidatorResult,
  type Message,
  type SubscriptionChangeData,
  type TopicValidatorFn,
} from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { Bug } from '../../../dag/result.ts'
import { ANNOUNCEMENT_BYTES } from '../../../protocol/gossip-limits.ts'
import { BoundedCaches } from './bounded-caches.ts'
import { forwardAsPublished } from './forward-as-published.ts'
import { reopenStreams } from './reopen-streams.ts'
import { PrivateTopics } from './private-topics.ts'
import { RpcIntake } from './rpc-intake.ts'
import { enforceRpcRules } from './rpc-rules.ts'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import type { Logger } from '../../base/log.ts'
import { scoreTopic } from './topic-score.ts'

/** `accept` relays the message; `ignore` drops it; `reject` also lowers the neighbour's gossip score. */
export type TopicVerdict = 'accept' | 'ignore' | 'reject'

/** `from` is the neighbour that sent the message, not its author. A validator should return within 100 ms. */
export type TopicValidator = (from: string, data: Uint8Array) => Promise<TopicVerdict>

/** A message of the neighbour was dropped unread, since it sends too many; it may have been news. */
export type DroppedListener = (from: string) => void

const RESULTS: Record<TopicVerdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

export interface PubsubModules {
  readonly host: Host
  readonly log: Logger
}

export class Pubsub {
  readonly #host: Host
  readonly #log: Logger
  readonly #joined = new Map<string, DroppedListener>()
  readonly #intake: RpcIntake
  readonly #caches: BoundedCaches
  readonly #private: PrivateTopics
  readonly #listeners = new Set<(topic: string, peer: string) => void>()
  readonly #stopReopening: () => void

  constructor({ host, log }: PubsubModules) {
    this.#host = host
    this.#log = log
    this.#pubsub.addEventListener('subscription-change', this.#onChange)
    this.#pubsub.addEventListener('gossipsub:heartbeat', this.#onHeartbeat)
    enforceRpcRules(this.#pubsub)
    forwardAsPublished(this.#pubsub)
    this.#private = new PrivateTopics(this.#pubsub)
    this.#caches = new BoundedCaches(this.#pubsub)
    this.#intake = new RpcIntake(this.#pubsub, {
      isJoined: (topic) => this.#joined.has(topic),
      onDropped: (topic, from) => this.#joined.get(topic)?.(from),
      onHandled: () => {
        this.#caches.trimMessages()
      },
    })
    this.#stopReopening = reopenStreams(host.libp2p, this.#pubsub)
  }

  get #pubsub(): Host['libp2p']['services']['pubsub'] {
    return this.#host.libp2p.services.pubsub
  }

  /** @param mayKnow - of a private topic: which peers are told of it @throws {Bug} if the topic is joined already */
  join(
    topic: string,
    validate: TopicValidator,
    onDropped: DroppedListener = () => undefined,
    mayKnow?: (peer: string) => boolean,
  ): void {
    if (this.#joined.has(topic)) throw new Bug('a topic is joined once')
    if (mayKnow !== undefined) this.#private.add(topic, mayKnow)
    this.#joined.set(topic, onDropped)
    this.#intake.onJoin(topic)
    scoreTopic(this.#pubsub, topic)
    this.#pubsub.topicValidators.set(topic, this.#validator(validate))
    this.#pubsub.subscribe(topic)
    for (const peer of this.subscribers(topic)) this.#notify(topic, peer)
  }

  leave(topic: string): void {
    if (!this.#joined.delete(topic)) return
    this.#intake.onLeave(topic)
    this.#pubsub.unsubscribe(topic)
    this.#pubsub.topicValidators.delete(topic)
    this.#private.delete(topic)
  }

  /** Tells a peer of a private topic: it has become known that it may know it. */
  admit(topic: string, peer: string): void {
    if (this.#joined.has(topic) && this.#private.admit(topic, peer)) this.#notify(topic, peer)
  }

  /**
   * Publishes a message. Returns the number of peers it was sent to, which may be 0: nothing is queued for later
   * subscribers.
   */
  async publish(topic: string, bytes: Uint8Array): Promise<number> {
    try {
      const { recipients } = await this.#pubsub.publish(topic, bytes)
      return recipients.length
    } catch (error) {
      this.#log.warn('topic.publish-failed', { topic, why: why(error) })
      return 0
    }
  }

  /** Whether libp2p has a connection, whatever gossipsub knows of the peer. */
  isConnected(peer: string): boolean {
    return this.#host.isConnected(peer)
  }

  /** Connected peers that subscribe to a topic. */
  subscribers(topic: string): string[] {
    return this.#pubsub.getSubscribers(topic).map(String)
  }

  /**
   * Calls the listener with each peer that subscribes to a joined topic; `join` reports the present subscribers. Gossip
   * may not reach the peer yet, since its stream opens a little later. Returns the unsubscribe function.
   */
  onSubscriber(listener: (topic: string, peer: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Hears and tells nothing more. No topic is left: neighbours see the connection end, and would refuse for a while to
   * gossip with a node that left and is back at once.
   */
  stop(): void {
    this.#pubsub.removeEventListener('subscription-change', this.#onChange)
    this.#pubsub.removeEventListener('gossipsub:heartbeat', this.#onHeartbeat)
    this.#stopReopening()
    this.#joined.clear()
    this.#listeners.clear()
  }

  readonly #onHeartbeat = (): void => {
    this.#caches.trimPeers()
  }

  readonly #onChange = ({ detail }: CustomEvent<SubscriptionChangeData>): void => {
    for (const { topic, subscribe } of detail.subscriptions) {
      if (subscribe && this.#joined.has(topic)) this.#notify(topic, detail.peerId.toString())
    }
  }

  #notify(topic: string, peer: string): void {
    for (const listener of this.#listeners) listener(topic, peer)
  }

  #validator(validate: TopicValidator): TopicValidatorFn {
    return async (from: PeerId, message: Message) => {
      if (message.data.byteLength > ANNOUNCEMENT_BYTES) return TopicValidatorResult.Reject
      try {
        return RESULTS[await validate(from.toString(), message.data)]
      } catch (error) {
        // A bug here must not lower the neighbour's score.
        this.#log.error('topic.validator-failed', { topic: message.topic, why: why(error) })
        return TopicValidatorResult.Ignore
      }
    }
  }
}

/**
 * Gossip of one chain (spec §7): announces what is new here, and assesses what neighbours announce, one riding block at a
 * time. Policy is `protocol/announce.ts`'s; pulling is the sync's.
 */
import { randomBytes } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import { NONCE_BYTES } from '../../../dag/seal.ts'
import {
  buildAnnouncement,
  headsToAnnounce,
  assess,
  ridesAlong,
  verdictOf,
  type GossipVerdict,
} from '../../../protocol/announce.ts'
import { Bucket } from '../../../protocol/token-bucket.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import {
  decodeAnnouncement,
  encodeAnnouncement,
  openAnnouncement,
  sealAnnouncement,
} from '../../../protocol/gossip-codec.ts'
import {
  ANNOUNCE_COALESCE_MS,
  ANNOUNCE_NONCE_BYTES,
  CATCH_UP_MS,
  OWN_ANNOUNCEMENTS,
  RIDING_QUEUE,
} from '../../../protocol/limits.ts'
import { TOPIC_PREFIX, type Announcement } from '../../../protocol/messages.ts'
import { AnnounceRateLimit } from '../../../protocol/announce-rate-limit.ts'
import type { Logger } from '../../base/log.ts'
import { readPayload } from '../../chain/payloads.ts'
import { isForPeers, type Origin } from '../../chain/intake/chain-events.ts'
import type { Replica } from '../../chain/replica.ts'
import { JobQueue } from '../../base/job-queue.ts'
import type { Pubsub } from './pubsub.ts'

export interface GossipModules {
  readonly replica: Replica
  readonly pubsub: Pubsub
  readonly log: Logger
  /** A neighbour has something that is not here. */
  readonly onHint: (peer: string) => void
  /** See `protocol/rechecks.ts`. */
  readonly mayRecheck: (peer: string) => boolean
  readonly onFault: (peer: string, fault: ProtocolFault) => void
}

/** The chain's gossipsub topic. */
export function topicOf(rendezvous: Uint8Array): string {
  // RFC 4648 lower case without padding; multibase's leading letter is left out.
  return TOPIC_PREFIX + base32.baseEncode(rendezvous)
}

export class ChainGossip {
  readonly topic: string
  readonly #modules: GossipModules
  /** gossipsub validates concurrently and lets children overtake parents. */
  readonly #riding = new JobQueue()
  #waiting = 0
  #timer: NodeJS.Timeout | undefined
  readonly #own = new Bucket(OWN_ANNOUNCEMENTS, performance.now())
  readonly #pace = new AnnounceRateLimit()
  /** Neighbours whose announcements were skipped. */
  readonly #catchUps = new Map<string, NodeJS.Timeout>()
  readonly #stopListening: () => void
  #isStopped = false

  constructor(modules: GossipModules) {
    this.#modules = modules
    const { replica, pubsub: topics } = modules
    this.topic = topicOf(replica.chain.rendezvous)
    topics.join(this.topic, (from, data) => this.#validate(from, data))
    this.#stopListening = replica.listen((events, origin) => {
      if (events.some(isForPeers)) this.#onNew(origin)
    })
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    for (const timer of this.#catchUps.values()) clearTimeout(timer)
    this.#stopListening()
    this.#modules.pubsub.leave(this.topic)
  }

  /**
   * What was posted here goes out at once, unless there is very much of it; what was pulled waits for more of it; what
   * rode along is relayed already.
   */
  #onNew(origin: Origin): void {
    if (origin === 'gossip') return
    if (origin === 'here' && this.#own.take(performance.now())) void this.#announce()
    else this.#timer ??= setTimeout(() => void this.#announce(), ANNOUNCE_COALESCE_MS)
  }

  async #announce(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { replica, pubsub: topics, log } = this.#modules
    try {
      const announcement = await this.#compose()
      if (announcement === undefined) return
      const { key } = replica.chain.params
      const bytes =
        key === undefined
          ? encodeAnnouncement(announcement)
          : sealAnnouncement(announcement, key, randomBytes(NONCE_BYTES))
      const peers = await topics.publish(this.topic, bytes)
      log.debug('gossip.announced', { chain: replica.chain.id, heads: announcement.heads.length, peers })
    } catch (error) {
      log.error('gossip.announce-failed', { chain: replica.chain.id, why: String(error) })
    }
  }

  async #compose(): Promise<Announcement | undefined> {
    const { replica } = this.#modules
    const [newest, ...others] = headsToAnnounce(replica.graph)
    if (newest === undefined) return undefined
    const heads = [newest, ...others].map((index) => replica.graph.id(index))
    const block = await replica.block(newest)
    const nonce = randomBytes(ANNOUNCE_NONCE_BYTES)
    const { headerBytes, signature, header } = block
    const fits = !replica.missing.has(newest) && ridesAlong(headerBytes.byteLength, header.pay.size)
    const payload = fits ? await readPayload(replica, block) : undefined
    if (payload === undefined) return buildAnnouncement({ heads, nonce })
    return buildAnnouncement({
      heads,
      nonce,
      riding: { headerBytes, ...(signature === undefined ? {} : { signature }), payload },
    })
  }

  async #validate(from: string, data: Uint8Array): Promise<GossipVerdict> {
    const paced = this.#pace.take(from, performance.now())
    if (paced === 'flood') this.#modules.onFault(from, { code: 'GOSSIP_FLOOD' })
    if (paced !== 'read') return this.#skip(from)
    const { replica, onHint } = this.#modules
    const { key } = replica.chain.params
    const decoded = key === undefined ? decodeAnnouncement(data) : openAnnouncement(data, key)
    if (!decoded.ok) return this.#reject(from, decoded.fault)
    if (this.#waiting >= RIDING_QUEUE) {
      onHint(from)
      return 'ignore'
    }
    this.#waiting += 1
    try {
      return await this.#riding.run(() => this.#take(from, decoded.value))
    } finally {
      this.#waiting -= 1
    }
  }

  /** Unread it may have been news: one look a little later makes up for all that was skipped till then. */
  #skip(from: string): GossipVerdict {
    if (this.#isStopped || this.#catchUps.has(from)) return 'ignore'
    const timer = setTimeout(() => {
      this.#catchUps.delete(from)
      const { pubsub: topics, onHint } = this.#modules
      if (topics.subscribers(this.topic).includes(from)) onHint(from)
    }, CATCH_UP_MS)
    this.#catchUps.set(from, timer)
    return 'ignore'
  }

  async #take(from: string, announcement: Announcement): Promise<GossipVerdict> {
    const { replica, onHint, mayRecheck } = this.#modules
    const assessment = assess(announcement, { graph: replica.graph, has: (id) => replica.has(id) })
    if (assessment.verdict === 'reject') return this.#reject(from, assessment.fault)
    if (assessment.pull) onHint(from)
    if (assessment.verdict === 'ignore') return 'ignore'
    const { block, payload } = assessment
    const [outcome] = await replica.ingest([{ block, payload }], 'gossip', () => mayRecheck(from))
    if (outcome === undefined) return 'ignore'
    const verdict = verdictOf(outcome)
    if (verdict === 'reject' && outcome.state === 'refused') {
      return this.#reject(from, { code: 'GOSSIP_BAD_BLOCK', block: block.id, fault: outcome.fault })
    }
    // Not kept, though it may be somebody's head: a pull tells what it stands under. It would not get further with one
    // that was put off, which comes when heads are compared.
    if (verdict === 'ignore' && outcome.state !== 'known' && outcome.state !== 'postponed') onHint(from)
    return verdict
  }

  #reject(from: string, fault: ProtocolFault): GossipVerdict {
    this.#modules.onFault(from, fault)
    return 'reject'
  }
}

/**
 * Gossip of one chain (spec §7): announces new heads, and validates the announcements of neighbours, one riding block
 * at a time. The policy is in `protocol/announce.ts`; pulling is done by sync.
 */
import { randomBytes } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import { NONCE_BYTES } from '../../../dag/seal.ts'
import {
  buildAnnouncement,
  headsToAnnounce,
  assess,
  ridesAlong,
  gossipVerdict,
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
} from '../../../protocol/gossip-limits.ts'
import { TOPIC_PREFIX, type Announcement, type HeadsAnnouncement } from '../../../protocol/messages.ts'
import { AnnounceRateLimit } from '../../../protocol/announce-rate-limit.ts'
import type { Logger } from '../../base/log.ts'
import { readPayload } from '../../chain/payloads.ts'
import { isForPeers, type Origin } from '../../chain/intake/chain-events.ts'
import type { Replica } from '../../chain/replica.ts'
import { JobQueue } from '../../base/job-queue.ts'
import type { Pubsub } from './pubsub.ts'
import { WaitingPosts } from './waiting-posts.ts'

export interface GossipModules {
  readonly replica: Replica
  readonly pubsub: Pubsub
  readonly log: Logger
  /** The neighbour has something that is missing here: pull from it. */
  readonly onHint: (peer: string) => void
  /** The neighbour brought a block that is accepted here for the first time. */
  readonly onGave: (peer: string) => void
  /** Takes one of the peer's rechecks, or so many that were spent; see `protocol/recheck-budget.ts`. */
  readonly mayRecheck: (peer: string, spent?: number) => boolean
  /** Of a group: whether a peer is no stranger, and may know that this node is a member. */
  readonly mayKnow?: (peer: string) => boolean
  readonly onFault: (peer: string, fault: ProtocolFault) => void
  /** The neighbour says that posts wait at it for a like. */
  readonly onWaiting?: (peer: string) => void
}

/** The chain's gossipsub topic. */
export function topicOf(rendezvous: Uint8Array): string {
  // RFC 4648 base32, lower case, without padding and without the multibase prefix.
  return TOPIC_PREFIX + base32.baseEncode(rendezvous)
}

/**
 * Invariants:
 * 1. `#ridingCount` is the number of jobs in `#ridingQueue`, at most `RIDING_QUEUE`; one more announcement becomes a
 *   hint.
 * 2. At most one announcement is scheduled (`#announceTimer`). Any announcement cancels it, since it names the heads of
 *   its own time.
 * 3. At most one catch-up timer per neighbour is in `#catchUps`; none is started after `stop`.
 */
export class ChainGossip {
  readonly topic: string
  readonly #modules: GossipModules
  /** One at a time: gossipsub validates concurrently, so a child could overtake its parent. */
  readonly #ridingQueue = new JobQueue()
  #ridingCount = 0
  #announceTimer: NodeJS.Timeout | undefined
  readonly #ownAnnouncements = new Bucket(OWN_ANNOUNCEMENTS, performance.now())
  readonly #rateLimit = new AnnounceRateLimit()
  /** One timer per neighbour with skipped announcements. */
  readonly #catchUps = new Map<string, NodeJS.Timeout>()
  readonly #stopListening: () => void
  /** Posts that wait for a like here and at neighbours. */
  readonly waiting: WaitingPosts
  #isStopped = false

  constructor(modules: GossipModules) {
    this.#modules = modules
    const { replica, pubsub } = modules
    this.topic = topicOf(replica.chain.rendezvous)
    this.waiting = new WaitingPosts({
      count: () => replica.heldHere().length,
      isConnected: (peer) => pubsub.isConnected(peer),
      onWaiting: (peer) => modules.onWaiting?.(peer),
      announce: (waiting) => void this.#publish({ v: 1, nonce: randomBytes(ANNOUNCE_NONCE_BYTES), waiting }),
    })
    pubsub.join(
      this.topic,
      (from, data) => this.#validate(from, data),
      (from) => this.#onDropped(from),
      replica.chain.params.key === undefined ? undefined : modules.mayKnow,
    )
    this.#stopListening = replica.listen((events, origin) => {
      if (events.some(isForPeers)) this.#onNew(origin)
      this.waiting.onChange()
    })
    this.waiting.onChange()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#announceTimer)
    for (const timer of this.#catchUps.values()) clearTimeout(timer)
    this.#stopListening()
    this.waiting.stop()
    this.#modules.pubsub.leave(this.topic)
  }

  /**
   * A block posted here is announced at once, up to a rate. Pulled blocks are coalesced. A riding block needs no
   * announcement: gossipsub relays it.
   */
  #onNew(origin: Origin): void {
    if (origin === 'gossip') return
    if (origin === 'here' && this.#ownAnnouncements.take(performance.now())) void this.#announce()
    else this.#announceTimer ??= setTimeout(() => void this.#announce(), ANNOUNCE_COALESCE_MS)
  }

  async #announce(): Promise<void> {
    clearTimeout(this.#announceTimer)
    this.#announceTimer = undefined
    const { replica, log } = this.#modules
    try {
      const announcement = await this.#compose()
      if (announcement !== undefined) await this.#publish(announcement)
    } catch (error) {
      log.error('gossip.announce-failed', { chain: replica.chain.id, why: String(error) })
    }
  }

  async #publish(announcement: Announcement): Promise<void> {
    const { replica, pubsub, log } = this.#modules
    const { key } = replica.chain.params
    const bytes =
      key === undefined
        ? encodeAnnouncement(announcement)
        : sealAnnouncement(announcement, key, randomBytes(NONCE_BYTES))
    const peers = await pubsub.publish(this.topic, bytes)
    const said = 'waiting' in announcement ? { waiting: announcement.waiting } : { heads: announcement.heads.length }
    log.debug('gossip.announced', { chain: replica.chain.id, ...said, peers })
  }

  async #compose(): Promise<HeadsAnnouncement | undefined> {
    const { replica } = this.#modules
    const [newest, ...others] = headsToAnnounce(replica.graph)
    if (newest === undefined) return undefined
    const heads = [newest, ...others].map((index) => replica.graph.id(index))
    const made = replica.justMade(newest)
    const block = made?.block ?? (await replica.block(newest))
    const nonce = randomBytes(ANNOUNCE_NONCE_BYTES)
    const { headerBytes, signature, header } = block
    const fits = !replica.missing.has(newest) && ridesAlong(headerBytes.byteLength, header.pay.size)
    const payload = fits ? (made?.payload ?? (await readPayload(replica, block))) : undefined
    if (payload === undefined) return buildAnnouncement({ heads, nonce })
    return buildAnnouncement({
      heads,
      nonce,
      riding: { headerBytes, ...(signature === undefined ? {} : { signature }), payload },
    })
  }

  /** The neighbour sends more, of all chains together, than is read. */
  #onDropped(from: string): void {
    this.#mayRead(from)
    this.#skip(from)
  }

  #mayRead(from: string): boolean {
    const rate = this.#rateLimit.take(from, performance.now())
    if (rate === 'flood') this.#modules.onFault(from, { code: 'GOSSIP_FLOOD' })
    return rate === 'read'
  }

  async #validate(from: string, data: Uint8Array): Promise<GossipVerdict> {
    if (!this.#mayRead(from)) return this.#skip(from)
    const { replica, onHint } = this.#modules
    const { key } = replica.chain.params
    const decoded = key === undefined ? decodeAnnouncement(data) : openAnnouncement(data, key)
    if (!decoded.ok) return this.#reject(from, decoded.fault)
    const announcement = decoded.value
    if ('waiting' in announcement) {
      this.waiting.note(from, announcement.waiting)
      return 'ignore'
    }
    if (this.#ridingCount >= RIDING_QUEUE) {
      onHint(from)
      return 'ignore'
    }
    this.#ridingCount += 1
    try {
      return await this.#ridingQueue.run(() => this.#handle(from, announcement))
    } finally {
      this.#ridingCount -= 1
    }
  }

  /** A skipped announcement may have been news. One later hint makes up for all that were skipped until then. */
  #skip(from: string): GossipVerdict {
    if (this.#isStopped || this.#catchUps.has(from)) return 'ignore'
    const timer = setTimeout(() => {
      this.#catchUps.delete(from)
      const { pubsub, onHint } = this.#modules
      if (pubsub.isConnected(from)) onHint(from)
    }, CATCH_UP_MS)
    this.#catchUps.set(from, timer)
    return 'ignore'
  }

  async #handle(from: string, announcement: HeadsAnnouncement): Promise<GossipVerdict> {
    const { replica, onHint, onGave, mayRecheck } = this.#modules
    const assessment = assess(announcement, {
      graph: replica.graph,
      has: (id) => replica.has(id),
      needsFounder: replica.needsFounder,
    })
    if (assessment.verdict === 'reject') return this.#reject(from, assessment.fault)
    if (assessment.pull) onHint(from)
    if (assessment.verdict === 'ignore') return 'ignore'
    const { block, payload } = assessment
    const [outcome] = await replica.ingest([{ block, payload }], 'gossip', (spent) => mayRecheck(from, spent))
    if (outcome === undefined) return 'ignore'
    const verdict = gossipVerdict(outcome)
    if (verdict === 'reject' && outcome.state === 'refused') {
      return this.#reject(from, { code: 'GOSSIP_BAD_BLOCK', block: block.id, fault: outcome.fault })
    }
    if (verdict === 'accept') onGave(from)
    // The block was not kept, but it may be a head of the neighbour: a pull brings its context. A pull would not get
    // further with a postponed block; that one comes when heads are compared.
    if (verdict === 'ignore' && outcome.state !== 'known' && outcome.state !== 'postponed') onHint(from)
    return verdict
  }

  #reject(from: string, fault: ProtocolFault): GossipVerdict {
    this.#modules.onFault(from, fault)
    return 'reject'
  }
}

/**
 * How a simulated core announces, and takes in announcements: the policy is the real one (`protocol/announce.ts`), the
 * timing that of `net/gossip/chain-gossip.ts`, and messages seen before are dropped as gossipsub does.
 */
import { sha256 } from '../../src/dag/crypto.ts'
import { isForPeers, type Origin } from '../../src/node/chain/intake/chain-events.ts'
import { readPayload } from '../../src/node/chain/payloads.ts'
import type { Replica } from '../../src/node/chain/replica.ts'
import { buildAnnouncement, headsToAnnounce, assess, ridesAlong, gossipVerdict } from '../../src/protocol/announce.ts'
import { decodeAnnouncement, encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { ANNOUNCE_COALESCE_MS, ANNOUNCE_NONCE_BYTES } from '../../src/protocol/gossip-limits.ts'
import type { HeadsAnnouncement } from '../../src/protocol/messages.ts'
import type { Dice } from '../support/random.ts'
import type { Network } from './network.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** gossipsub forgets a message after that long. */
const SEEN_MS = 120_000

export interface HeraldModules {
  readonly replica: Replica
  readonly network: Network
  readonly timeline: Timeline
  readonly trace: Trace
  readonly dice: Dice
  /** A neighbour has something that is not here. */
  readonly onHint: (peer: number) => Promise<void>
}

export class Herald {
  readonly #core: number
  readonly #modules: HeraldModules
  /** When a message was seen first, by the hash of its bytes. */
  readonly #seenMs = new Map<string, number>()
  #isAnnouncing = false
  #isStopped = false

  constructor(core: number, modules: HeraldModules) {
    this.#core = core
    this.#modules = modules
    modules.replica.listen((events, origin) => {
      if (events.some(isForPeers)) this.#onNew(origin)
    })
  }

  stop(): void {
    this.#isStopped = true
  }

  async onGossip(from: number, bytes: Uint8Array): Promise<void> {
    const { replica, trace, onHint } = this.#modules
    if (!this.#isFirst(bytes)) return
    const decoded = decodeAnnouncement(bytes)
    if (!decoded.ok) {
      trace.problem(`an announcement does not decode: ${JSON.stringify(decoded.fault)}`)
      return
    }
    if ('waiting' in decoded.value) return
    const assessment = assess(decoded.value, {
      graph: replica.graph,
      has: (id) => replica.has(id),
      needsFounder: false,
    })
    if (assessment.verdict === 'reject')
      trace.problem(`an announcement is rejected: ${JSON.stringify(assessment.fault)}`)
    if (assessment.verdict !== 'reject' && assessment.pull) await onHint(from)
    if (assessment.verdict !== 'check') return
    const { block, payload } = assessment
    const [outcome] = await replica.ingest([{ block, payload }], 'gossip')
    if (outcome === undefined) return
    const verdict = gossipVerdict(outcome)
    if (verdict === 'reject') trace.problem(`a riding block is rejected: ${JSON.stringify(outcome)}`)
    if (verdict === 'accept') this.#spread(bytes, from)
    if (verdict === 'ignore' && outcome.state !== 'known') await onHint(from)
  }

  #onNew(origin: Origin): void {
    if (origin === 'gossip' || this.#isAnnouncing) return
    this.#isAnnouncing = true
    this.#modules.timeline.in(origin === 'here' ? 0 : ANNOUNCE_COALESCE_MS, () => this.#announce())
  }

  async #announce(): Promise<void> {
    this.#isAnnouncing = false
    if (this.#isStopped) return
    const announcement = await this.#compose()
    if (announcement === undefined) return
    const bytes = encodeAnnouncement(announcement)
    this.#isFirst(bytes)
    this.#spread(bytes)
  }

  async #compose(): Promise<HeadsAnnouncement | undefined> {
    const { replica, dice } = this.#modules
    const [newest, ...others] = headsToAnnounce(replica.graph)
    if (newest === undefined) return undefined
    const heads = [newest, ...others].map((index) => replica.graph.id(index))
    const nonce = dice.bytes(ANNOUNCE_NONCE_BYTES)
    const block = await replica.block(newest)
    const { headerBytes, signature, header } = block
    const fits = !replica.missing.has(newest) && ridesAlong(headerBytes.byteLength, header.pay.size)
    const payload = fits ? await readPayload(replica, block) : undefined
    if (payload === undefined) return buildAnnouncement({ heads, nonce })
    const riding = { headerBytes, ...(signature === undefined ? {} : { signature }), payload }
    return buildAnnouncement({ heads, nonce, riding })
  }

  #spread(bytes: Uint8Array, except?: number): void {
    const { network } = this.#modules
    for (const peer of network.neighbours(this.#core)) if (peer !== except) network.gossip(this.#core, peer, bytes)
  }

  #isFirst(bytes: Uint8Array): boolean {
    const { nowMs } = this.#modules.timeline
    const key = Buffer.from(sha256(bytes)).toString('base64')
    const seenMs = this.#seenMs.get(key)
    if (seenMs !== undefined && nowMs - seenMs < SEEN_MS) return false
    this.#seenMs.set(key, nowMs)
    return true
  }
}

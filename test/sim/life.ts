/**
 * What a simulated core has in memory, from one rise to the next fall: a real replica, the real responder, and what drives
 * them (`puller.ts`, `herald.ts`, and here the periodic work of `daemon/housekeeping.ts`).
 */
import type { PeerId } from '@libp2p/interface'
import { Bug } from '../../src/dag/result.ts'
import type { Clock } from '../../src/node/base/clock.ts'
import type { Replica } from '../../src/node/chain/replica.ts'
import { createRequestHandler } from '../../src/node/net/sync/request-handler.ts'
import type { SyncHandler } from '../../src/node/net/sync/server.ts'
import { decodeRequest, encodeReply } from '../../src/protocol/codec.ts'
import type { CoreModules } from './core.ts'
import { Herald } from './herald.ts'
import type { Port, Stream } from './network.ts'
import { Puller } from './puller.ts'

/** The interval of `daemon/housekeeping.ts`. */
const COMPARE_MS = 60_000
const JITTER = 0.3

export interface LifeModules extends CoreModules {
  readonly replica: Replica
  readonly clock: Clock
}

export class Life implements Port {
  readonly replica: Replica
  readonly puller: Puller
  readonly #core: number
  readonly #modules: LifeModules
  readonly #herald: Herald
  readonly #respond: SyncHandler
  #isComparing = true
  #isOver = false

  constructor(core: number, modules: LifeModules) {
    const { replica } = modules
    this.#core = core
    this.replica = replica
    this.#modules = modules
    this.puller = new Puller(core, modules)
    this.#herald = new Herald(core, { ...modules, onHint: (peer) => this.puller.suggest(peer) })
    this.#respond = createRequestHandler({
      self: idOf(core),
      find: () => replica,
      onOffer: () => Promise.reject(new Bug('nobody offers')),
    })
    this.#compareLater()
  }

  get isIdle(): boolean {
    return this.puller.isIdle && this.replica.delayedCount + this.replica.aheadCount === 0
  }

  end(): void {
    this.#isOver = true
    this.puller.stop()
    this.#herald.stop()
  }

  stopComparing(): void {
    this.#isComparing = false
  }

  async onMet(peer: number): Promise<void> {
    if (this.#modules.comparesHeads) await this.puller.suggest(peer)
  }

  onGossip(from: number, bytes: Uint8Array): Promise<void> {
    return this.#herald.onGossip(from, bytes)
  }

  async onRequest(stream: Stream, bytes: Uint8Array): Promise<void> {
    const request = decodeRequest(bytes)
    if (!request.ok) throw new Bug(`a request does not decode: ${JSON.stringify(request.fault)}`)
    const nonces = { requester: new Uint8Array(32), responder: new Uint8Array(32) }
    const caller = { peer: idOf(stream.from), nonces, stream }
    const reply = await this.#respond(caller, request.value, new AbortController().signal)
    this.#modules.network.reply(stream, encodeReply(reply), reply.t === 'blocks')
  }

  onReply(stream: Stream, bytes: Uint8Array): Promise<void> {
    return this.puller.onReply(stream, bytes)
  }

  onCut(stream: Stream): Promise<void> {
    return this.puller.onCut(stream)
  }

  #compareLater(): void {
    const { timeline, dice } = this.#modules
    timeline.in(COMPARE_MS * dice.between(1 - JITTER, 1 + JITTER), async () => {
      if (this.#isOver || !this.#isComparing) return
      await this.replica.advanceClock()
      const peer = dice.pick(this.#modules.network.neighbours(this.#core))
      if (peer !== undefined) await this.onMet(peer)
      this.#compareLater()
    })
  }
}

/** Enough of a peer id for the responder. */
function idOf(core: number): PeerId {
  const bytes = Uint8Array.of(core >>> 8, core & 255)
  return { toString: () => `core ${String(core)}`, toMultihash: () => ({ bytes }) } as unknown as PeerId
}

/**
 * How a simulated core pulls: from several peers at once, with the real pull machine, claims and stragglers
 * (`protocol/pull-machine.ts`, `protocol/claims.ts`, `protocol/stragglers.ts`), each message as bytes. Retries are those of
 * `net/sync/chain-sync.ts` and `net/sync/pull-coordinator.ts`. It checks that no block is asked of two peers at a time.
 */
import { Bug } from '../../src/dag/result.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import type { Clock } from '../../src/node/base/clock.ts'
import { NegativeCache, type Moment } from '../../src/node/net/sync/negative-cache.ts'
import { showsSync } from '../../src/node/net/sync/pull-outcome.ts'
import type { Replica } from '../../src/node/chain/replica.ts'
import { type ClaimHolder, Claims, findDeadlocked } from '../../src/protocol/claims.ts'
import { decodeReply, encodeRequest } from '../../src/protocol/codec.ts'
import type { PulledBlock } from '../../src/protocol/fetch.ts'
import { REQUEST_TIMEOUT_MS } from '../../src/protocol/stream-limits.ts'
import type { Reply, RequestBody } from '../../src/protocol/messages.ts'
import { overtaken, Stragglers, type ConcurrentPull } from '../../src/protocol/stragglers.ts'
import type { PullEffect, PullInput, PullResult } from '../../src/protocol/pull-types.ts'
import { haveList } from '../../src/protocol/dag-diff.ts'
import { awaited, newPullState, step } from '../../src/protocol/pull-machine.ts'
import { BatchSize } from '../../src/protocol/batch-size.ts'
import type { Network, Stream } from './network.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** How often pulls beside each other are looked at. */
const LOOK_MS = 500

const RETRY_MS = 1_000
const MAX_RETRIES = 6

/** Of one chain at once. */
const MAX_PULLS = 4

export interface PullerModules {
  readonly replica: Replica
  readonly clock: Clock
  readonly network: Network
  readonly timeline: Timeline
  readonly trace: Trace
  readonly mostIds: number
}

interface Pull extends ConcurrentPull {
  readonly peer: number
  readonly stream: Stream
  readonly state: ReturnType<typeof newPullState>
  readonly claims: ClaimHolder
  readonly width: BatchSize
  /** Blocks that are asked for, and when, by tag. */
  readonly asking: Map<number, { readonly ids: readonly BlockId[]; readonly sentMs: number }>
  /** Tags of requests, by the stream's ids. */
  readonly tags: Map<number, number>
  /** Still to be performed, in this order. */
  readonly effects: PullEffect[]
  isPerforming: boolean
}

export class Puller {
  readonly #core: number
  readonly #modules: PullerModules
  /** Peers that wait for their turn; a set keeps their order. */
  readonly #queue = new Set<number>()
  readonly #going = new Map<number, Pull>()
  /** Peers that had news while they were being pulled from. */
  readonly #again = new Set<number>()
  readonly #failures = new Map<number, number>()
  /** Long-lived, one to each peer, with the last request id. */
  readonly #streams = new Map<number, { readonly stream: Stream; lastId: number }>()
  readonly #claims = new Claims()
  readonly #fruitless = new NegativeCache()
  #isStopped = false
  #version = 0

  constructor(core: number, modules: PullerModules) {
    this.#core = core
    this.#modules = modules
    modules.replica.listen((events) => (this.#version += events.length))
  }

  get isIdle(): boolean {
    return this.#going.size === 0 && this.#queue.size === 0
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Pull from this peer soon. */
  async suggest(peer: number): Promise<void> {
    if (this.#going.has(peer)) this.#again.add(peer)
    else this.#queue.add(peer)
    await this.#next()
  }

  async onReply(stream: Stream, bytes: Uint8Array): Promise<void> {
    const pull = this.#going.get(stream.to)
    const reply = decodeReply(bytes)
    if (!reply.ok) throw new Bug(`a reply does not decode: ${JSON.stringify(reply.fault)}`)
    const tag = pull?.stream === stream ? pull.tags.get(reply.value.id) : undefined
    // What was asked for by a pull that is over is no news.
    if (pull === undefined || tag === undefined) return
    pull.tags.delete(reply.value.id)
    this.#take(pull, tag, reply.value)
    await this.#feed(pull, { on: 'reply', tag, reply: reply.value })
  }

  async onCut(stream: Stream): Promise<void> {
    const pull = this.#going.get(stream.to)
    if (pull?.stream === stream) await this.#feed(pull, { on: 'failed', reason: 'cut' })
  }

  async #next(): Promise<void> {
    const [peer] = this.#queue
    if (this.#isStopped || this.#going.size >= MAX_PULLS || peer === undefined) return
    this.#queue.delete(peer)
    const stream = this.#streamTo(peer)
    if (stream !== undefined) await this.#begin(peer, stream)
    await this.#next()
  }

  #streamTo(peer: number): Stream | undefined {
    const known = this.#streams.get(peer)
    if (known?.stream.isOpen === true) return known.stream
    const stream = this.#modules.network.open(this.#core, peer)
    if (stream !== undefined) this.#streams.set(peer, { stream, lastId: 0 })
    return stream
  }

  async #begin(peer: number, stream: Stream): Promise<void> {
    const { replica } = this.#modules
    let isTold = false
    // Later: the pull that gave something up is at work now.
    const onChange = (): void => {
      if (isTold) return
      isTold = true
      this.#modules.timeline.in(0, async () => {
        isTold = false
        await this.#feed(pull, { on: 'changed' })
      })
    }
    const claims = this.#claims.join(onChange)
    const width = new BatchSize()
    const world = {
      has: replica.has.bind(replica),
      haveList: () => haveList(replica.graph),
      fingerprints: replica.fingerprints,
      size: () => replica.knownCount,
      founder: () => replica.founder,
      // All follow whoever founds the one forum there is.
      needsFounder: () => false,
      claims,
      batchSize: () => Math.min(this.#modules.mostIds, width.ids),
      unsound: this.#fruitless.unsound.bind(this.#fruitless),
      fruitless: this.#wasFruitless(peer),
    }
    const state = newPullState({ rendezvous: replica.chain.rendezvous, world })
    const pull: Pull = {
      peer,
      stream,
      state,
      claims,
      width,
      stragglers: new Stragglers(),
      isStranger: false,
      waitsFor: (other) => holderOf(pull) === other.claims,
      asking: new Map(),
      tags: new Map(),
      effects: [],
      isPerforming: false,
    }
    this.#going.set(peer, pull)
    this.#modules.timeline.in(LOOK_MS, () => this.#look())
    await this.#feed(pull, { on: 'start' })
  }

  /** As long as several go on, nobody waits for each other for ever. */
  async #look(): Promise<void> {
    if (this.#isStopped || this.#going.size < 2) return
    const all = [...this.#going.values()]
    this.#modules.timeline.in(LOOK_MS, () => this.#look())
    const stuck = findDeadlocked(all, (one) => all.find((other) => one.waitsFor(other)))
    const late = overtaken(all, this.#modules.timeline.nowMs)
    for (const pull of new Set([...late, ...(stuck === undefined ? [] : [stuck])])) {
      this.#modules.trace.overtaken += 1
      await this.#feed(pull, { on: 'failed', reason: 'others are faster' })
    }
  }

  #wasFruitless(peer: number): Parameters<typeof newPullState>[0]['world']['fruitless'] {
    return (heads) => this.#fruitless.expectedEnd(String(peer), heads, this.#moment())
  }

  #moment(): Moment {
    return { version: this.#version, nowMs: this.#modules.clock.nowMs() }
  }

  /** What follows from an input, and from that, one after the other. */
  async #feed(pull: Pull, input: PullInput): Promise<void> {
    if (this.#isStopped) return
    const [, effects] = step(pull.state, input)
    pull.effects.push(...effects)
    if (pull.isPerforming) return
    pull.isPerforming = true
    for (let effect = pull.effects.shift(); effect !== undefined; effect = pull.effects.shift()) {
      if (effect.do === 'ask') this.#ask(pull, effect.tag, effect.request)
      else if (effect.do === 'store') await this.#store(pull, effect.blocks)
      else await this.#finish(pull, effect)
    }
    pull.isPerforming = false
  }

  #ask(pull: Pull, tag: number, request: RequestBody): void {
    const { timeline, network } = this.#modules
    const known = this.#streams.get(pull.peer)
    if (known === undefined) throw new Bug('a pull has a stream')
    const id = ++known.lastId
    pull.tags.set(id, tag)
    if (request.t === 'get') this.#askBlocks(pull, tag, request.ids)
    network.request(pull.stream, encodeRequest({ ...request, id }))
    timeline.in(REQUEST_TIMEOUT_MS, () => {
      if (this.#going.get(pull.peer) === pull && pull.tags.has(id)) network.hangUp(pull.stream)
    })
  }

  #askBlocks(pull: Pull, tag: number, ids: readonly BlockId[]): void {
    const { timeline, trace } = this.#modules
    for (const other of this.#going.values()) {
      const twice = [...other.asking.values()].some((asked) => asked.ids.some((id) => ids.includes(id)))
      if (twice) trace.problem(`core ${String(this.#core)} asks two peers for a block at the same time`)
    }
    pull.stragglers.ask(tag, ids.length, timeline.nowMs)
    pull.asking.set(tag, { ids, sentMs: timeline.nowMs })
  }

  #take(pull: Pull, tag: number, reply: Reply): void {
    const { nowMs } = this.#modules.timeline
    const asked = pull.asking.get(tag)
    if (asked === undefined || reply.t !== 'blocks') return
    pull.asking.delete(tag)
    pull.stragglers.take(tag, reply, nowMs)
    pull.width.took(reply.asked, nowMs - asked.sentMs)
  }

  async #store(pull: Pull, blocks: readonly PulledBlock[]): Promise<void> {
    const incoming = blocks.map(({ block, payload }) => ({ block, payload: payload ?? ('missing' as const) }))
    const outcomes = await this.#modules.replica.ingest(incoming, 'pull')
    this.#fruitless.noteStored(outcomes)
    await this.#feed(pull, { on: 'stored', outcomes })
  }

  async #finish({ peer, claims }: Pull, result: PullResult): Promise<void> {
    const { replica, trace, clock } = this.#modules
    const { why } = result.end
    this.#going.delete(peer)
    claims.close()
    this.#fruitless.noteEnd(String(peer), result, this.#moment())
    if (this.#going.size === 0) await replica.endPull()
    trace.exchanges += 1
    if (why === 'failed') this.#later(peer)
    else this.#failures.delete(peer)
    if (showsSync(result, replica.graph)) replica.watch.note(clock.nowMs())
    // Everybody here is honest, and has the same chain.
    if (why !== 'done' && why !== 'failed' && why !== 'stalled') {
      trace.problem(`core ${String(this.#core)} ended a pull from core ${String(peer)}: ${JSON.stringify(result.end)}`)
    }
    if (this.#again.delete(peer)) this.#queue.add(peer)
    await this.#next()
  }

  #later(peer: number): void {
    const failures = (this.#failures.get(peer) ?? 0) + 1
    if (failures > MAX_RETRIES) {
      this.#failures.delete(peer)
      return
    }
    this.#failures.set(peer, failures)
    this.#modules.timeline.in(RETRY_MS * 2 ** (failures - 1), () => this.suggest(peer))
  }
}

/** Whose pull holds the block that this one waits for. */
function holderOf({ state, claims }: Pull): ClaimHolder | undefined {
  const block = awaited(state)
  return block === undefined ? undefined : claims.holderOf(block)
}

/**
 * The network between simulated cores: who is linked with whom, and what becomes of what they send. Gossip gets lost,
 * doubled and overtaken; a sync stream delivers each message, in any order, until it is cut. Knows no message's meaning.
 */
import type { Dice } from '../support/random.ts'
import type { Scenario } from './scenario.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** A sync stream, opened by the requester. */
export interface Stream {
  readonly from: number
  readonly to: number
  isOpen: boolean
}

/** What a core does with what comes. */
export interface Port {
  /** A neighbour can be reached, for the first time or again. */
  onMet(peer: number): Promise<void>
  onGossip(from: number, bytes: Uint8Array): Promise<void>
  onRequest(stream: Stream, bytes: Uint8Array): Promise<void>
  onReply(stream: Stream, bytes: Uint8Array): Promise<void>
  /** Told to the requester. */
  onCut(stream: Stream): Promise<void>
}

export interface NetworkModules {
  readonly timeline: Timeline
  readonly dice: Dice
  readonly trace: Trace
  readonly weather: Pick<Scenario, 'latencyMs' | 'gossip' | 'streamCut' | 'pulls'>
}

export class Network {
  readonly #modules: NetworkModules
  /** By core; none while it is down. */
  readonly #ports = new Map<number, Port>()
  /** In ascending order, by core. */
  readonly #neighbours: readonly (readonly number[])[]
  readonly #slow: ReadonlySet<number>
  /** By core: only those of the same part reach each other. */
  #parts: readonly number[]
  #streams: Stream[] = []
  #isFair = false

  /** A ring, and so many more links from each core. */
  constructor(cores: number, more: number, modules: NetworkModules) {
    this.#modules = modules
    const links = Array.from({ length: cores }, () => new Set<number>())
    const link = (one: number, other: number): void => {
      if (one === other) return
      links[one]?.add(other)
      links[other]?.add(one)
    }
    for (let core = 0; core < cores; core += 1) {
      link(core, (core + 1) % cores)
      for (let n = 0; n < more; n += 1) link(core, modules.dice.below(cores))
    }
    this.#neighbours = links.map((peers) => [...peers].sort((a, b) => a - b))
    this.#parts = links.map(() => 0)
    const { dice, weather } = modules
    this.#slow = new Set(links.flatMap((_, core) => (dice.chance(weather.pulls.slow) ? [core] : [])))
  }

  /** Whom a core can reach now. */
  neighbours(core: number): number[] {
    return (this.#neighbours[core] ?? []).filter((peer) => this.#isLinked(core, peer))
  }

  goUp(core: number, port: Port): void {
    this.#change(() => this.#ports.set(core, port))
  }

  goDown(core: number): void {
    this.#change(() => this.#ports.delete(core))
  }

  /** Each core falls into one of so many parts; 1: the network is whole. */
  part(parts: number): void {
    this.#change(() => (this.#parts = this.#parts.map(() => this.#modules.dice.below(parts))))
  }

  /** No more losses and cuts from now on. */
  calmDown(): void {
    this.#isFair = true
  }

  gossip(from: number, to: number, bytes: Uint8Array): void {
    const { dice, weather, timeline, trace } = this.#modules
    if (!this.#isLinked(from, to)) return
    const { lost, doubled } = weather.gossip
    const copies = this.#happens(lost) ? 0 : this.#happens(doubled) ? 2 : 1
    for (let n = 0; n < copies; n += 1) {
      timeline.in(dice.between(...weather.latencyMs), async () => {
        if (!this.#isLinked(from, to)) return
        trace.gossip(timeline.nowMs, `gossip ${String(from)} ${String(to)}`, bytes)
        await this.#ports.get(to)?.onGossip(from, bytes)
      })
    }
  }

  /** Undefined if the peer cannot be reached. */
  open(from: number, to: number): Stream | undefined {
    if (!this.#isLinked(from, to)) return undefined
    const stream: Stream = { from, to, isOpen: true }
    this.#streams.push(stream)
    return stream
  }

  request(stream: Stream, bytes: Uint8Array): void {
    this.#send(stream, 'request', bytes, () => this.#ports.get(stream.to)?.onRequest(stream, bytes))
  }

  /** @param isOfBlocks - one that may never come */
  reply(stream: Stream, bytes: Uint8Array, isOfBlocks: boolean): void {
    const { dice, weather, trace } = this.#modules
    if (isOfBlocks && this.#happens(weather.pulls.stalled)) {
      trace.stalls += 1
      return
    }
    const lateMs = this.#slow.has(stream.to) && !this.#isFair ? dice.between(...weather.pulls.slowMs) : 0
    this.#send(stream, 'reply', bytes, () => this.#ports.get(stream.from)?.onReply(stream, bytes), lateMs)
  }

  /** This end gives the stream up. */
  hangUp(stream: Stream): void {
    this.#cut(stream)
  }

  #send(stream: Stream, what: string, bytes: Uint8Array, deliver: () => Promise<void> | undefined, lateMs = 0): void {
    const { dice, weather, timeline, trace } = this.#modules
    if (!stream.isOpen) return
    if (this.#happens(weather.streamCut)) {
      this.#cut(stream)
      return
    }
    timeline.in(lateMs + dice.between(...weather.latencyMs), async () => {
      if (!stream.isOpen) return
      trace.sync(timeline.nowMs, `${what} ${String(stream.from)} ${String(stream.to)}`, bytes)
      await deliver()
    })
  }

  #happens(share: number): boolean {
    return !this.#isFair && this.#modules.dice.chance(share)
  }

  #isLinked(one: number, other: number): boolean {
    return this.#ports.has(one) && this.#ports.has(other) && this.#parts[one] === this.#parts[other]
  }

  /** Cuts the streams of links that go, and tells both ends of links that come. */
  #change(run: () => void): void {
    const { timeline, trace, dice, weather } = this.#modules
    const before = this.#links()
    run()
    for (const stream of this.#streams) if (!this.#isLinked(stream.from, stream.to)) this.#cut(stream)
    this.#streams = this.#streams.filter(({ isOpen }) => isOpen)
    for (const link of this.#links()) {
      if (before.has(link)) continue
      const [one = 0, other = 0] = link.split(' ').map(Number)
      timeline.in(dice.between(...weather.latencyMs), async () => {
        if (!this.#isLinked(one, other)) return
        trace.note(timeline.nowMs, `met ${link}`)
        await this.#ports.get(one)?.onMet(other)
        await this.#ports.get(other)?.onMet(one)
      })
    }
  }

  #links(): Set<string> {
    return new Set(
      this.#neighbours.flatMap((_, core) =>
        this.neighbours(core)
          .filter((peer) => peer > core)
          .map((peer) => `${String(core)} ${String(peer)}`),
      ),
    )
  }

  #cut(stream: Stream): void {
    const { timeline, trace, dice, weather } = this.#modules
    if (!stream.isOpen) return
    stream.isOpen = false
    trace.cuts += 1
    timeline.in(dice.between(...weather.latencyMs), () => this.#ports.get(stream.from)?.onCut(stream))
  }
}

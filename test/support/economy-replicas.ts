/** Replicas of an economy's chain beside the slow twin: what they answer, and what the definitions say. */
import fc from 'fast-check'
import { isUnlimited } from '../../src/dag/chain.ts'
import { graphViolationsOf } from '../../src/dag/graph-invariants.ts'
import { Bug } from '../../src/dag/result.ts'
import type { AuthorKey, BlockId } from '../../src/dag/ids.ts'
import { MemoryStore } from './memory-store.ts'
import type { ChainEvent, Origin } from '../../src/node/chain/intake/chain-events.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { Replica } from '../../src/node/chain/replica.ts'
import { REWRITES_PER_DAY, Throttle, type Cost } from '../../src/reputation/throttle.ts'
import { Watch } from '../../src/reputation/watch.ts'
import { DAY, HOUR, shuffled } from './economy.ts'
import { inWords } from './replicas.ts'
import { headsOf, inOrder, withPasts, type TwinBlock, type TwinSet } from './reputation-twin.ts'
import type { SignedEconomy } from './economy-blocks.ts'

/** Numbers that stand for every choice in one run. */
export const choices = fc.array(fc.nat(9_999), { minLength: 12, maxLength: 60 })

/** Picks one of n, 0 … n − 1; a run that is longer than its numbers does not repeat itself. */
export function picker(numbers: readonly number[]): (n: number) => number {
  let at = 0
  return (n) => {
    at += 1
    return ((numbers[at % numbers.length] ?? 0) + Math.floor(at / numbers.length)) % Math.max(n, 1)
  }
}

/** Another order of arrival: pasts first, and the founder's post before all others, as everybody has it who joined. */
export function arrivals(economy: SignedEconomy, numbers: readonly number[]): TwinBlock[] {
  const [first, ...rest] = economy.blocks
  return shuffled([first!, ...rest], [-1, ...numbers])
}

export interface PeerOptions {
  /** When it starts; default: an hour after the economy's last block. */
  readonly nowMs?: number
  /** How far the clock goes on each time that it is looked at; with an hour, nobody's rewrites are rationed. */
  readonly stepMs?: number
  /** When it was in sync before (spec §5, *Throttle*). */
  readonly watch?: Watch
  /** Whether all authors have used up their rations of rewrites (spec §5, *Throttle*). */
  readonly isRationed?: boolean
}

/** All that the definitions say of a set of blocks. Blocks by number. */
export interface Answers {
  readonly accepted: readonly number[]
  readonly paid: readonly number[]
  /** In order. */
  readonly heads: readonly number[]
  readonly hidden: readonly number[]
  readonly takenBack: readonly number[]
  /** Of all blocks gone by; of limited authors. */
  readonly k: readonly string[]
  /** Of all limited authors, at several times. */
  readonly reps: readonly string[]
}

const REPS_AFTER = [0, HOUR, DAY - 1, DAY, 90 * DAY, 90 * DAY + 1]

/** One replica of an economy's chain, on a store in memory. */
export class Peer {
  readonly economy: SignedEconomy
  replica: Replica
  readonly events: ChainEvent[] = []
  readonly clock: { nowMs: () => number }
  readonly #store: MemoryStore
  readonly #time: { ms: number; step: number }

  private constructor(economy: SignedEconomy, parts: { replica: Replica; store: MemoryStore }, time: Time) {
    this.economy = economy
    this.replica = parts.replica
    this.#store = parts.store
    this.#time = time
    this.clock = clockOf(time)
    this.#listen()
  }

  static async open(economy: SignedEconomy, options: PeerOptions = {}): Promise<Peer> {
    const { nowMs = economy.lastMs + HOUR, stepMs = HOUR, watch = new Watch(), isRationed = false } = options
    const time: Time = { ms: nowMs, step: stepMs }
    const store = new MemoryStore()
    const throttle = new Throttle(watch)
    if (isRationed) throttle.take(allRewritesOf(economy), nowMs)
    const replica = await openOn(economy, store, time, throttle)
    return new Peer(economy, { replica, store }, time)
  }

  get nowMs(): number {
    return this.#time.ms
  }

  /** Sets the clock, and goes by it. */
  async settle(nowMs = this.#time.ms): Promise<void> {
    this.#time.ms = nowMs
    await this.replica.advanceClock()
  }

  /** In words what became of each. */
  async give(blocks: readonly TwinBlock[], origin: Origin = 'pull'): Promise<string[]> {
    const outcomes = await this.replica.ingest(
      blocks.map((u) => this.economy.made(u)),
      origin,
    )
    return outcomes.map(inWords)
  }

  /** All that is only in memory is lost. */
  async restart(): Promise<void> {
    const { watch, throttle } = this.replica
    const kept = new Throttle(new Watch(watch.intervals()), throttle.record())
    this.replica = await openOn(this.economy, this.#store, this.#time, kept)
    this.#listen()
  }

  /** Gives the blocks again and again until that changes nothing, and nothing is delayed; an hour each time. */
  async giveAll(blocks: readonly TwinBlock[]): Promise<void> {
    // What was forgotten because it might be paid now is not at rest: it is to be given once more.
    const had = () => this.economy.blocks.filter((u) => this.has(u)).length
    const state = () => [this.replica.delayedCount, had(), ...this.accepted(), ...this.known().map((u) => u.id)].join()
    for (let before = '', rounds = 0; before !== state() || this.replica.delayedCount > 0; rounds += 1) {
      if (rounds > 4 * blocks.length + 50) throw new Bug('it does not come to rest')
      before = state()
      await this.settle(this.#time.ms + HOUR)
      await this.give(blocks)
      await this.replica.endPull()
    }
  }

  has(u: TwinBlock): boolean {
    return this.replica.has(u.id as BlockId)
  }

  /** V: blocks in the graph that are gone by. */
  known(): TwinBlock[] {
    const { graph, state: reputation } = this.replica
    return this.economy.blocks.filter((u) => {
      const index = graph.indexOf(u.id as BlockId)
      return index !== undefined && reputation.isIn(index)
    })
  }

  /** Numbers, ascending. */
  accepted(): number[] {
    return this.economy.numbers(this.acceptedInTurn())
  }

  /** The accepted blocks in the order in which they were accepted. */
  acceptedInTurn(): TwinBlock[] {
    const { graph } = this.replica
    const found: TwinBlock[] = []
    for (let rank = 1; rank < graph.ranked; rank += 1) {
      const index = graph.atRank(rank)
      if (index !== undefined) found.push(this.economy.withId(graph.id(index)))
    }
    return found
  }

  indexOf(u: TwinBlock): number {
    const index = this.replica.graph.indexOf(u.id as BlockId)
    if (index === undefined) throw new Bug(`block ${this.economy.numberOf(u.id)} is not in the graph`)
    return index
  }

  answers(): Answers {
    const { economy } = this
    const { graph, state: reputation } = this.replica
    const known = this.known()
    const broken = graphViolationsOf(graph)
    if (broken.length > 0) throw new Bug(`the graph is broken: ${JSON.stringify(broken)}`)
    const times = REPS_AFTER.map((after) => economy.lastMs + after)
    return {
      accepted: this.accepted(),
      paid: economy.numbers(known.filter((u) => reputation.isPaid(this.indexOf(u)))),
      heads: graph.heads().flatMap((index) => (index === 0 ? [] : [economy.numberOf(graph.id(index))])),
      hidden: economy.numbers(known.filter((u) => reputation.isHidden(this.indexOf(u)))),
      takenBack: economy.numbers(known.filter((u) => reputation.isTakenBack(this.indexOf(u)))),
      k: this.#limited(known).map((u) => this.#line(u, reputation.k(this.indexOf(u)))),
      reps: this.#authors().map((by) => times.map((at) => reputation.repsOf(by as AuthorKey, at)).join(' ')),
    }
  }

  /** The same by definition, over the blocks given. */
  expected(known: readonly TwinBlock[] = this.known()): Answers {
    const { twin, lastMs } = this.economy
    const set = new Set(known)
    const paid = twin.paid(set)
    const accepted = withPasts(paid)
    const numbers = (blocks: Iterable<TwinBlock>) => this.economy.numbers(blocks)
    const ledger = twin.ledger(accepted)
    // Not before the latest head: the time that the next post would have.
    const latest = Math.max(...[...accepted].map((u) => u.time))
    const times = REPS_AFTER.map((after) => Math.max(latest, lastMs + after))
    return {
      accepted: numbers(accepted),
      paid: numbers(paid),
      heads: headsOf(accepted).map((u) => this.economy.numberOf(u.id)),
      hidden: numbers(known.filter((u) => mayBeHidden(u, set) && twin.hidden(u, set))),
      takenBack: numbers(known.filter((u) => mayBeHidden(u, set) && twin.isTakenBack(u, set))),
      k: this.#limited(known).map((u) => this.#line(u, twin.k(u))),
      reps: this.#authors().map((by) => times.map((at) => ledger.reps(by, at)).join(' ')),
    }
  }

  #line(u: TwinBlock, k: number): string {
    return `${this.economy.numberOf(u.id)}: ${k}`
  }

  #limited(blocks: readonly TwinBlock[]): TwinBlock[] {
    return inOrder(blocks).filter((u) => !this.economy.twin.isUnlimited(u.author))
  }

  #authors(): string[] {
    const { chain: on, blocks } = this.economy
    const all = new Set(blocks.flatMap(({ author: by }) => by ?? []))
    return [...all].filter((by) => !isUnlimited(on.params, by as AuthorKey)).sort()
  }

  #listen(): void {
    this.replica.listen((events) => void this.events.push(...events))
  }
}

interface Time {
  ms: number
  readonly step: number
}

function clockOf(time: Time): { nowMs: () => number } {
  return { nowMs: () => (time.ms += time.step) }
}

function openOn({ chain: on }: SignedEconomy, store: MemoryStore, time: Time, throttle: Throttle): Promise<Replica> {
  return Replica.open({ chain: on, seed: 7 }, { store, clock: clockOf(time), log: silentLogger, throttle })
}

function allRewritesOf({ blocks }: SignedEconomy): Cost {
  const authors = new Set(blocks.flatMap(({ author: by }) => (by === undefined ? [] : [by as AuthorKey])))
  const rewrites = new Map([...authors].map((by) => [by, REWRITES_PER_DAY]))
  return { id: blocks[0]!.id as BlockId, old: 0, rewrites }
}

/** Saves the twin most of its time. */
function mayBeHidden(post: TwinBlock, set: TwinSet): boolean {
  const dislikes = [...set].filter((u) => u.like?.n === -1 && u.like.target === post)
  return dislikes.length >= 5 || dislikes.some((u) => u.author === post.author)
}

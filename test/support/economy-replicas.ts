/**
 * Economies on real replicas: the blocks of the slow twin as signed blocks, made once and shared, and a replica beside
 * the twin. Ids of real blocks are others than those drawn, and the order of blocks goes by them: so the twin's blocks
 * are built again with the real ids. Blocks are shown by their number in the economy, as its picture does.
 */
import type { MadeBlock } from '../../src/dag/block.ts'
import { isUnlimited, type Chain } from '../../src/dag/chain.ts'
import { checkGraph } from '../../src/dag/check.ts'
import { encodeHeader, headerDigest } from '../../src/dag/codec.ts'
import { sha256, sign } from '../../src/dag/crypto.ts'
import { Bug } from '../../src/dag/faults.ts'
import type { Block, Header } from '../../src/dag/header.ts'
import { genesisBlockId, payloadId, type AuthorKey, type BlockId } from '../../src/dag/ids.ts'
import { MemoryStore } from '../../src/dag/memory-store.ts'
import type { ChainEvent, Origin } from '../../src/node/chain-events.ts'
import { silentLogger } from '../../src/node/log.ts'
import { Replica } from '../../src/node/replica.ts'
import { Watch } from '../../src/reputation/throttle.ts'
import { author, bytes, chain } from './blocks.ts'
import { DAY, HOUR, type Economy } from './economy.ts'
import { inWords } from './replicas.ts'
import { headsOf, inOrder, ReputationTwin, withPasts } from './reputation-twin.ts'
import type { TwinBlock, TwinChain, TwinSet } from './reputation-twin.ts'

/** An economy's blocks, signed. */
export class SignedEconomy {
  readonly chain: Chain
  readonly twin: ReputationTwin
  /** With real ids, in the economy's order. */
  readonly blocks: TwinBlock[] = []
  /** Of the latest block. */
  readonly lastMs: number
  readonly #made = new Map<TwinBlock, MadeBlock>()
  readonly #numbers = new Map<string, number>()

  constructor(economy: Economy) {
    const { kind, pioneers, owner, pioneer } = economy.chain
    const ownerKey = owner === undefined ? {} : { owner: realKey(owner) }
    const keys = pioneers.map(realKey)
    this.chain = chain(owner === undefined ? '#economy' : `@${realKey(owner)}`, ...keys)
    const twinChain: TwinChain = { kind, pioneers: keys, ...ownerKey }
    this.twin = new ReputationTwin(pioneer === undefined ? twinChain : { ...twinChain, pioneer: realKey(pioneer) })
    const real = new Map<TwinBlock, TwinBlock>()
    for (const drawn of economy.blocks) {
      const made = this.#sign(drawn, (u) => real.get(u)!)
      real.set(drawn, this.#learn(made))
    }
    this.lastMs = Math.max(...this.blocks.map((u) => u.time))
  }

  made(u: TwinBlock): MadeBlock {
    return this.#made.get(u)!
  }

  withId(id: string): TwinBlock {
    return this.blocks[this.#numbers.get(id)!]!
  }

  numberOf(id: string): number {
    return this.#numbers.get(id)!
  }

  /** Numbers, ascending. */
  numbers(blocks: Iterable<TwinBlock>): number[] {
    return [...blocks].map(({ id }) => this.numberOf(id)).sort((a, b) => a - b)
  }

  get sound(): TwinBlock[] {
    return this.blocks.filter((u) => this.twin.isSound(u))
  }

  /** A block that was made elsewhere, on blocks of the economy. */
  adopt(block: Block): TwinBlock {
    return this.#learn({ block, payload: new Uint8Array(0) })
  }

  #learn(made: MadeBlock): TwinBlock {
    const { id, header } = made.block
    const { height, time, author: by, like } = header
    const isFirst = header.backs.includes(genesisBlockId(this.chain.id))
    const u: TwinBlock = {
      id,
      height,
      time,
      backs: isFirst ? 'genesis' : header.backs.map((back) => this.withId(back)),
      ...(by === undefined ? {} : { author: by }),
      ...(like === undefined ? {} : { like: { n: like.n, target: this.withId(like.target) } }),
    }
    this.#made.set(u, made)
    this.#numbers.set(id, this.blocks.length)
    this.blocks.push(u)
    return u
  }

  /** As it is, allowed or not. */
  #sign(drawn: TwinBlock, real: (u: TwinBlock) => TwinBlock): MadeBlock {
    const { backs, height, time, author: by, like } = drawn
    const payload = bytes(`block ${this.blocks.length}`)
    const idOf = (u: TwinBlock): BlockId => real(u).id as BlockId
    const header: Header = {
      v: 1,
      height,
      time,
      backs: backs === 'genesis' ? [genesisBlockId(this.chain.id)] : backs.map(idOf).sort(),
      pay: { id: payloadId(sha256(payload)), size: payload.byteLength, seal: 'none' },
      ...(by === undefined ? {} : { author: realKey(by) }),
      ...(like === undefined ? {} : { like: { n: like.n, target: idOf(like.target) } }),
    }
    const headerBytes = encodeHeader(header)
    const id = headerDigest(headerBytes)
    const signature = by === undefined ? {} : { signature: sign(author(numberOfKey(by)).seed, id) }
    return { block: { id, header, headerBytes, ...signature }, payload }
  }
}

/** The number that `keyOf` made a key of. */
function numberOfKey(key: string): number {
  return parseInt(key, 16)
}

function realKey(key: string): AuthorKey {
  return author(numberOfKey(key)).author
}

export interface PeerOptions {
  /** When it starts; default: an hour after the economy's last block. */
  readonly nowMs?: number
  /** How far the clock goes on each time that it is looked at; with an hour, nobody's withdrawals are rationed. */
  readonly stepMs?: number
  /** When it was in sync before (spec §5, *Throttle*). */
  readonly watch?: Watch
}

/** All that the definitions say of a set of blocks. Blocks by number. */
export interface Answers {
  readonly accepted: readonly number[]
  readonly paid: readonly number[]
  /** In order. */
  readonly heads: readonly number[]
  readonly hidden: readonly number[]
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
  #watch: Watch

  private constructor(
    economy: SignedEconomy,
    parts: { replica: Replica; store: MemoryStore; watch: Watch },
    time: Time,
  ) {
    this.economy = economy
    this.replica = parts.replica
    this.#store = parts.store
    this.#watch = parts.watch
    this.#time = time
    this.clock = clockOf(time)
    this.#listen()
  }

  static async open(economy: SignedEconomy, options: PeerOptions = {}): Promise<Peer> {
    const { nowMs = economy.lastMs + HOUR, stepMs = HOUR, watch = new Watch() } = options
    const time: Time = { ms: nowMs, step: stepMs }
    const store = new MemoryStore()
    const replica = await openOn(economy, store, time, watch)
    return new Peer(economy, { replica, store, watch }, time)
  }

  get nowMs(): number {
    return this.#time.ms
  }

  /** Sets the clock, and goes by it. */
  async settle(nowMs = this.#time.ms): Promise<void> {
    this.#time.ms = nowMs
    await this.replica.settleClock()
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
    this.#watch = new Watch(this.#watch.intervals())
    this.replica = await openOn(this.economy, this.#store, this.#time, this.#watch)
    this.#listen()
  }

  /** Gives the blocks again and again until that changes nothing, and nothing is delayed; an hour each time. */
  async giveAll(blocks: readonly TwinBlock[]): Promise<void> {
    const state = () => [this.replica.delayedCount, ...this.accepted(), ...this.known().map((u) => u.id)].join()
    for (let before = '', rounds = 0; before !== state() || this.replica.delayedCount > 0; rounds += 1) {
      if (rounds > 4 * blocks.length + 50) throw new Bug('it does not come to rest')
      before = state()
      await this.give(blocks)
      await this.replica.endPull()
      await this.settle(this.#time.ms + HOUR)
    }
  }

  has(u: TwinBlock): boolean {
    return this.replica.has(u.id as BlockId)
  }

  /** V: blocks in the graph that are gone by. */
  known(): TwinBlock[] {
    const { graph, reputation } = this.replica
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
    const { graph, reputation } = this.replica
    const known = this.known()
    const broken = checkGraph(graph)
    if (broken.length > 0) throw new Bug(`the graph is broken: ${JSON.stringify(broken)}`)
    const times = REPS_AFTER.map((after) => economy.lastMs + after)
    return {
      accepted: this.accepted(),
      paid: economy.numbers(known.filter((u) => reputation.isPaid(this.indexOf(u)))),
      heads: graph.heads().flatMap((index) => (index === 0 ? [] : [economy.numberOf(graph.id(index))])),
      hidden: economy.numbers(known.filter((u) => reputation.isHidden(this.indexOf(u)))),
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
    const times = REPS_AFTER.map((after) => lastMs + after)
    return {
      accepted: numbers(accepted),
      paid: numbers(paid),
      heads: headsOf(accepted).map((u) => this.economy.numberOf(u.id)),
      hidden: numbers(known.filter((u) => isOftenDisliked(u, set) && twin.hidden(u, set))),
      k: this.#limited(known).map((u) => this.#line(u, twin.k(u))),
      reps: this.#authors().map((by) => times.map((at) => twin.reps(by, accepted, at)).join(' ')),
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

function openOn({ chain: on }: SignedEconomy, store: MemoryStore, time: Time, watch: Watch): Promise<Replica> {
  return Replica.open({ chain: on, seed: 7 }, { store, clock: clockOf(time), log: silentLogger, watch })
}

/** Saves the twin most of its time. */
function isOftenDisliked(post: TwinBlock, set: TwinSet): boolean {
  return [...set].filter((u) => u.like?.n === -1 && u.like.target === post).length >= 5
}

/**
 * Ledgers (spec §4) of what is accepted here, and of the pasts of single blocks: k(u) of §5. The first one follows what is
 * accepted. A few others stand where blocks came late, and move by taking away and putting in the difference; a new one is a
 * copy of the first that moves there, or that is cut off behind the latest block there. Decides nothing.
 */
import { isUnlimited, type Chain } from '../dag/chain.ts'
import type { Graph } from '../dag/graph.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { differenceWithin } from '../dag/walk.ts'
import type { BlockTable } from './block-table.ts'
import { Ledger } from './ledger.ts'
import { ownPastOf } from './own-past.ts'
import { RankTimes } from './rank-times.ts'
import { baseReps } from './rules.ts'
import type { Work } from './work.ts'

/**
 * Views kept. This many late branches can grow in turns at one step per block, and this many pasts can alternate for nothing.
 * One that leaves out votes at the beginning of 100,000 blocks holds some 50 KiB that others do not (2026-11).
 */
const POOL = 16

/** Steps that each candidate view may take in the first round. */
const FIRST_STEPS = 64

/** The limit grows by this factor each round: the total is a small multiple of the cheapest candidate. */
const MORE_STEPS = 4

/** A copy costs about as much as so many steps, in nodes that are copied later. */
const COPY_STEPS = 2

export interface ViewsParts {
  readonly graph: Graph
  readonly table: BlockTable
  /** Of a forum without pioneers: whoever is it here, once somebody is. */
  readonly pioneer: () => AuthorKey | undefined
  /** Told of votes that count in what is accepted, or do not any more. */
  readonly onTurn?: (vote: number, counts: boolean) => void
  readonly work?: Work
}

/** A ledger of blocks and their pasts. */
interface View {
  readonly ledger: Ledger
  /** Tips of the version: the blocks in it are these and their pasts. */
  readonly tips: readonly number[]
}

/** What would change for votes that are accepted. */
export interface VotesTurned {
  /** Counted, and would not any more, though accepted still. */
  readonly lost: readonly number[]
  /** Would count. */
  readonly counting: ReadonlySet<number>
}

export class Views {
  readonly #chain: Chain
  readonly #parts: ViewsParts
  readonly #main: Ledger
  readonly #ranks: RankTimes
  /** Last used first. */
  #pool: View[] = []

  /** Starts with nothing accepted: tell it of blocks loaded from a store as of any others. */
  constructor(chain: Chain, parts: ViewsParts) {
    const { graph, table, onTurn, work } = parts
    this.#chain = chain
    this.#parts = parts
    this.#ranks = new RankTimes(graph)
    const baseOf = (author: number): number => this.#baseOf(table.keyOf(author))
    const isWithoutLimit = (author: number): boolean => isUnlimited(chain.params, table.keyOf(author))
    const ledgerParts = { graph, table, baseOf, isUnlimited: isWithoutLimit, ...(work === undefined ? {} : { work }) }
    this.#main = new Ledger(ledgerParts, onTurn)
  }

  /** To be called for each block right after the graph accepted it; it is in the table. */
  accepted(index: number): void {
    this.#ranks.note(index)
    this.#main.add(index)
  }

  /** To be called for each block right after the graph withdrew it. */
  withdrawn(index: number): void {
    this.#main.remove(index)
  }

  /**
   * To be called for the graph's last block, not accepted, before the table and the graph forget it: another block will
   * have its index. Views that hold it go: it is one of their tips, as nothing stands on it any more.
   */
  popped(index: number): void {
    this.#pool = this.#pool.filter(({ tips }) => !tips.includes(index))
  }

  /** reps(author, accepted, now); infinite for unlimited authors. */
  repsOf(author: AuthorKey, now: number): number {
    if (isUnlimited(this.#chain.params, author)) return Number.POSITIVE_INFINITY
    const number = this.#parts.table.numberOf(author)
    return number === undefined ? this.#baseOf(author) : this.#main.repsOf(number, now)
  }

  /**
   * k of a block by a limited author with these backs, which are in the graph and, with their pasts, in the table; the block
   * itself need not be.
   * @param time - the block's, not before that of a back
   */
  kOf(author: AuthorKey, backs: readonly number[], time: number): number {
    const number = this.#parts.table.numberOf(author)
    // In its own eyes the author of a first post is the pioneer.
    if (backs.every((back) => back === 0)) return baseReps(this.#chain, author, this.#parts.pioneer() ?? author)
    if (number === undefined) return this.#baseOf(author)
    const ledger = this.#isAllAccepted(backs) ? this.#main : this.#viewAt(backs).ledger
    return ledger.repsOf(number, time)
  }

  /** Whether a vote counts in what is accepted. */
  counts(vote: number): boolean {
    return this.#main.counts(vote)
  }

  /** What would follow for votes if these blocks were accepted, pasts first, and those withdrawn, tops first. */
  wouldTurn(accepted: readonly number[], withdrawn: readonly number[]): VotesTurned {
    const turned = new Map<number, boolean>()
    const ledger = this.#main.fork((vote, counts) => turned.set(vote, counts))
    for (const block of accepted) ledger.add(block)
    for (const block of withdrawn) ledger.remove(block)
    const gone = new Set(withdrawn)
    const isLost = ([vote, counts]: readonly [number, boolean]): boolean =>
      !counts && !gone.has(vote) && this.#parts.graph.isAccepted(vote) && this.#main.counts(vote)
    const counting = accepted.filter((block) => !this.#parts.table.isPost(block) && ledger.counts(block))
    return { lost: [...turned].filter(isLost).map(([vote]) => vote), counting: new Set(counting) }
  }

  #baseOf(author: AuthorKey): number {
    return baseReps(this.#chain, author, this.#parts.pioneer())
  }

  /** Whether `tips` and their pasts are exactly the accepted blocks. */
  #isAllAccepted(tips: readonly number[]): boolean {
    const { graph } = this.#parts
    const heads = tips.filter((tip) => graph.isHead(tip))
    return heads.length === graph.headCount && tips.every((tip) => graph.isAccepted(tip))
  }

  /**
   * Every view of the pool, and two new ones, try to get there in few steps, then in more: nobody has to know beforehand how
   * much is concurrent. Of those that do, the nearest goes.
   */
  #viewAt(tips: readonly number[]): View {
    const found = this.#pool.findIndex((view) => isSameSet(view.tips, tips))
    const same = this.#pool[found]
    if (same !== undefined) {
      this.#pool = [same, ...this.#pool.toSpliced(found, 1)]
      return same
    }
    for (let steps = FIRST_STEPS; ; steps *= MORE_STEPS) {
      const view = this.#nearest(tips, steps) ?? this.#cut(tips, steps)
      if (view === undefined) continue
      this.#pool = [view, ...this.#pool].slice(0, POOL)
      return view
    }
  }

  /** A view of the pool that grows, or a copy of one, or of what is accepted, that moves. */
  #nearest(tips: readonly number[], steps: number): View | undefined {
    let best: { readonly view: View | undefined; readonly ways: Ways; readonly cost: number } | undefined
    const { graph } = this.#parts
    // The way from what is accepted takes about as many steps as there are heads.
    const isWide = graph.headCount > steps
    for (const view of isWide ? this.#pool : [undefined, ...this.#pool]) {
      const ways = this.#ways(view?.tips ?? graph.heads(), tips, steps)
      if (ways === undefined) continue
      const isCopied = view === undefined || ways.going.length > 0
      const cost = ways.coming.length + ways.going.length + (isCopied ? COPY_STEPS : 0)
      if (best === undefined || cost < best.cost) best = { view, ways, cost }
    }
    if (best === undefined) return undefined
    const { view, ways } = best
    // What only grows is the same branch; others may be asked about again, with and without what one of them has.
    const isGrowing = view !== undefined && ways.going.length === 0
    if (isGrowing) this.#pool = this.#pool.filter((other) => other !== view)
    const ledger = isGrowing ? view.ledger : (view?.ledger ?? this.#main).fork()
    for (const index of [...ways.going].reverse()) ledger.remove(index)
    for (const index of ways.coming) ledger.add(index)
    return { ledger, tips }
  }

  /** A copy of what is accepted and no later in order than the last of `tips`, without what is not in their pasts. */
  #cut(tips: readonly number[], steps: number): View | undefined {
    const { graph } = this.#parts
    const last = tips.reduce((latest, tip) => (graph.compare(tip, latest) > 0 ? tip : latest))
    const past = ownPastOf(graph, tips, steps)
    if (past === undefined) return undefined
    const late = this.#ranks.lateOnes(past.coveredRank, graph.time(last), steps)
    if (late === undefined) return undefined
    const own = new Set(past.blocks)
    const ledger = this.#main.fork(undefined, last)
    const going = late.filter((index) => !own.has(index) && graph.compare(index, last) <= 0)
    for (const index of going.reverse()) ledger.remove(index)
    for (const index of past.blocks) if (!graph.isAccepted(index)) ledger.add(index)
    return { ledger, tips }
  }

  #ways(from: readonly number[], to: readonly number[], steps: number): Ways | undefined {
    const coming = differenceWithin(this.#parts.graph, to, from, steps)
    if (coming === undefined) return undefined
    const going = differenceWithin(this.#parts.graph, from, to, steps)
    return going === undefined ? undefined : { coming, going }
  }
}

/** Of distinct tips. */
function isSameSet(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((tip) => others.includes(tip))
}

/** From one version to another; pasts first. */
interface Ways {
  readonly coming: readonly number[]
  readonly going: readonly number[]
}

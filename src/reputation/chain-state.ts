/**
 * The door to this floor: everything that is known of one chain's blocks and what it means (spec §4, §5). Keeps the graph
 * and all that counts on it in step. It knows the time only as an argument, and neither stores nor forgets by itself.
 *
 * The life of a block: {@link ChainState.stands} says whether it is sound, {@link ChainState.append} makes it known,
 * {@link ChainState.enter} goes by it. One that nobody pays for may be taken back ({@link ChainState.pop}) while it is
 * the newest, and dropped later.
 */
import { isUnlimited, type Chain } from '../dag/chain.ts'
import { fail, ok, type Result } from '../dag/result.ts'
import { Graph } from '../dag/graph.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { hasFirstPostPioneer } from '../dag/sound.ts'
import {
  isAcceptedState,
  isGoneBy,
  type BlockRow,
  type BlockState,
  type GraphRow,
  type LoadedRow,
} from '../dag/store.ts'
import { Acceptance, type LoadedState } from './acceptance.ts'
import { backsFor } from './backs.ts'
import type { ReputationFault } from './faults.ts'
import { Hidden } from './hidden.ts'
import { BlockTable, type Like } from './block-table.ts'
import { Views } from './views.ts'

/** Rows loaded before what they changed among the heads is forgotten. */
const HEAD_CHANGES_KEPT = 1024

/** What one step changed. Nothing is in two lists of a pair. */
export interface Effects {
  /** Pasts first. */
  readonly accepted: readonly number[]
  /** Was accepted, is not any more; tops first. */
  readonly withdrawn: readonly number[]
  /** Whose being paid changed, to either side. */
  readonly turned: readonly number[]
  /** Whether a block that was paid is not any more: then others of its author may be, which were not. */
  readonly isLoss: boolean
  /** Posts that are hidden now and were not (rule 3.b). */
  readonly hidden: readonly number[]
  /** Posts that were hidden and are not any more. */
  readonly shown: readonly number[]
}

/** A block to be, of which the graph's part is known. */
export type Candidate = Pick<BlockRow, 'author' | 'like'> & GraphRow

export class ChainState {
  readonly chain: Chain
  readonly graph: Graph
  readonly #table: BlockTable
  readonly #views: Views
  readonly #acceptance: Acceptance
  readonly #hidden: Hidden
  /** Posts about which votes turned since the last step, and whether they were hidden before. */
  readonly #wereHidden = new Map<number, boolean>()
  #pioneer: AuthorKey | undefined
  /** Author of a first post that is known, while none was accepted: the pioneer in the eyes of what stands on it. */
  #first: AuthorKey | undefined

  /** @param seed - any 32-bit number, best a random one; it keeps strangers from aiming at one hash bucket */
  constructor(chain: Chain, seed: number) {
    this.chain = chain
    this.graph = new Graph(chain.id, seed)
    this.#table = new BlockTable(this.graph)
    this.#views = new Views(chain, {
      graph: this.graph,
      table: this.#table,
      pioneer: () => this.#pioneer ?? this.#first,
      onTurn: (vote, counts) => {
        this.#count(vote, counts)
      },
    })
    this.#acceptance = new Acceptance({
      graph: this.graph,
      table: this.#table,
      isUnlimited: (index) => this.isUnlimited(index),
    })
    this.#hidden = new Hidden(chain, this.#table)
  }

  /** Author of the first post, in a forum joined without pioneers that has one. Whoever was it stays it. */
  get pioneer(): AuthorKey | undefined {
    return this.#pioneer
  }

  /**
   * Fills in what a store gives, row by row, and gives what it says at the end (`loaded`). Nothing is worked out anew: k, who
   * is paid and what is accepted are in the rows.
   */
  static async load<T>(
    chain: Chain,
    seed: number,
    rows: (take: (row: LoadedRow) => void) => Promise<T>,
  ): Promise<{ readonly reputation: ChainState; readonly loaded: T }> {
    const reputation = new ChainState(chain, seed)
    const states: LoadedState[] = ['outside']
    const loaded = await rows((row) => {
      reputation.#load(row)
      states.push(loadedStateOf(row.state))
      // They are stored, and a list of a million would only be dropped.
      if (states.length % HEAD_CHANGES_KEPT === 0) reputation.graph.takeHeadChanges()
    })
    reputation.#acceptance.load((index) => states[index] ?? 'outside')
    reputation.#wereHidden.clear()
    reputation.graph.takeHeadChanges()
    return { reputation, loaded }
  }

  /** Whether each back of a block to be is accepted in its past, or welcomed by it (spec §5, *sound*). */
  stands(backs: readonly number[], like?: Like): Result<true, ReputationFault> {
    const answer = this.#acceptance.backsAccepted(backs, like)
    if (answer === 'sound') return ok(true)
    return fail({ code: 'REP_UNACCEPTED_BACK', back: this.graph.id(answer) })
  }

  /** k(u) of a block to be, which never changes; 0 where nobody asks for it. */
  kOf({ author, backs, time }: Pick<Candidate, 'author' | 'backs' | 'time'>): number {
    if (author === undefined || isUnlimited(this.chain.params, author)) return 0
    return this.#views.kOf(author, backs, time)
  }

  /** Makes a block known, at the graph's end, and does not go by it yet. Returns its local index. */
  append(candidate: Candidate, k: number): number {
    const index = this.graph.add(candidate, false)
    this.#know(index, candidate, k)
    if (candidate.height === 1) this.#first = candidate.author
    return index
  }

  /**
   * Takes the newest block back, which is not accepted.
   * @throws {Bug} if it is accepted
   */
  pop(): void {
    const index = this.graph.size - 1
    if (this.#acceptance.has(index)) this.#acceptance.drop(index)
    this.#views.popped(index)
    this.#table.pop(index)
    this.graph.pop()
  }

  /** Goes by a sound block all of whose backs it goes by. */
  enter(index: number): Effects {
    const { accepted, withdrawn, paid, unpaid } = this.#acceptance.add(index)
    for (const block of accepted) {
      this.#findPioneer(block)
      this.#views.accepted(block)
    }
    for (const block of withdrawn) this.#views.withdrawn(block)
    return { accepted, withdrawn, ...this.#turn(paid, unpaid) }
  }

  /** Whether it is gone by: judged, and neither set aside, delayed nor dropped. */
  isIn(index: number): boolean {
    return this.#acceptance.has(index)
  }

  /** The accepted blocks that {@link enter} would withdraw. */
  wouldWithdraw(index: number): readonly number[] {
    const author = this.#table.authorOf(index)
    // Only blocks that come later in order can be, and mostly there is none.
    if (author === undefined || this.#table.blocksOf(author).at(-1) === index) return []
    return this.#acceptance.would(index).withdrawn
  }

  /** Accepted votes that count and, once {@link enter} has taken the block, would not, though accepted still. */
  wouldVoid(index: number): readonly number[] {
    const isPlain = this.graph.backs(index).every((back) => this.graph.isAccepted(back))
    // What comes last in order turns nothing, and mostly it is that.
    if (isPlain && this.#isBehindHeads([index])) return []
    const { accepted, withdrawn } = this.#acceptance.would(index)
    if (withdrawn.length === 0 && this.#isBehindHeads(accepted)) return []
    return this.#views.wouldTurn(accepted, withdrawn).lost
  }

  /** Whether a vote would be accepted by {@link enter} and not count in what is accepted then. */
  wouldBeVoid(index: number): boolean {
    const { accepted, withdrawn } = this.#acceptance.would(index)
    return accepted.includes(index) && !this.#views.wouldTurn(accepted, withdrawn).counting.has(index)
  }

  /**
   * Goes by a block no more that is the last of its author in order, and on which nothing stands that is gone by: what
   * happens when the clock is set back.
   */
  retreat(index: number): Effects {
    const { withdrawn, unpaid } = this.#acceptance.retreat(index)
    for (const block of withdrawn) this.#views.withdrawn(block)
    return { accepted: [], withdrawn, ...this.#turn([], unpaid) }
  }

  /** Forgets a block that is not accepted and on which nothing stands that is gone by; its row stays in the graph. */
  drop(index: number): void {
    if (this.#acceptance.has(index)) this.#acceptance.drop(index)
    this.#table.remove(index)
  }

  /** A block that was dropped came again. */
  recall(index: number, candidate: Candidate, k: number): void {
    this.#know(index, candidate, k)
  }

  isPaid(index: number): boolean {
    return this.#acceptance.isPaid(index)
  }

  isUnlimited(index: number): boolean {
    return isUnlimited(this.chain.params, this.authorOf(index))
  }

  isPost(index: number): boolean {
    return this.#table.isPost(index)
  }

  isHidden(index: number): boolean {
    return this.#hidden.isHidden(index)
  }

  likeOf(index: number): Like | undefined {
    return this.#table.likeOf(index)
  }

  /** k(u) as it was worked out when the block came in. */
  k(index: number): number {
    return this.#table.k(index)
  }

  authorOf(index: number): AuthorKey | undefined {
    const author = this.#table.authorOf(index)
    return author === undefined ? undefined : this.#table.keyOf(author)
  }

  /**
   * reps(author, accepted, t), at the time that the next post would have: that of the clock, or of the latest head. Infinite
   * for unlimited authors.
   */
  repsOf(author: AuthorKey, now: number): number {
    if (this.#pioneer === undefined && hasFirstPostPioneer(this.chain)) return 0
    return this.#views.repsOf(author, Math.max(now, this.graph.time(this.#latestHead)))
  }

  /** Whether an accepted vote counts (spec §4). */
  counts(vote: number): boolean {
    return this.#views.counts(vote)
  }

  /** Reps of a post: likes less dislikes that count, no window. */
  repsOfPost(index: number): number {
    return this.#hidden.repsOf(index)
  }

  /** Everybody of whom an accepted block is here, and the pioneers. */
  authors(): AuthorKey[] {
    const found = new Set<AuthorKey>(this.chain.params.pioneers)
    for (let author = 0; author < this.#table.authorCount; author += 1) {
      const isHeard = this.#table.blocksOf(author).some((index) => this.graph.isAccepted(index))
      if (isHeard) found.add(this.#table.keyOf(author))
    }
    return [...found]
  }

  /** What the author's next block links (spec §5, *Posting*). `isShunned`: the local rule, of heads. */
  backsFor(options: {
    readonly author?: AuthorKey
    readonly vote?: Like
    readonly isShunned: (index: number) => boolean
  }): number[] {
    const { isShunned, ...block } = options
    const { graph } = this
    const unaccepted = (backs: readonly number[], vote?: Like): readonly number[] => [
      ...this.#acceptance.unacceptedBacks(backs, vote),
    ]
    const isPaid = (index: number): boolean => this.isPaid(index)
    return backsFor({ graph, table: this.#table, isPaid, isShunned, unaccepted }, block)
  }

  #know(index: number, { author, like }: Candidate, k: number): void {
    this.#table.add(index, { author, like, k })
  }

  #load(row: LoadedRow): void {
    const isAccepted = isAcceptedState(row.state)
    const index = this.graph.add(row, isAccepted)
    this.#know(index, row, row.k)
    if (row.state === 'dropped') this.#table.remove(index)
    if (isAccepted || row.state === 'set-back') this.#findPioneer(index)
    if (isAccepted) this.#views.accepted(index)
  }

  #findPioneer(index: number): void {
    if (this.#pioneer !== undefined || this.graph.height(index) !== 1 || !hasFirstPostPioneer(this.chain)) return
    this.#pioneer = this.authorOf(index)
  }

  /** Of what is accepted, the last in order: it is always a head. */
  get #latestHead(): number {
    return this.graph.heads().at(-1) ?? 0
  }

  #isBehindHeads(blocks: readonly number[]): boolean {
    return blocks.every((block) => this.graph.compare(block, this.#latestHead) > 0)
  }

  #count(vote: number, counts: boolean): void {
    const change = counts ? this.#hidden.counted(vote) : this.#hidden.uncounted(vote)
    if (change !== undefined && !this.#wereHidden.has(change.post)) this.#wereHidden.set(change.post, !change.hidden)
  }

  #turn(paid: readonly number[], unpaid: readonly number[]): Pick<Effects, 'turned' | 'isLoss' | 'hidden' | 'shown'> {
    const changed = [...this.#wereHidden].filter(([post, was]) => this.isHidden(post) !== was).map(([post]) => post)
    this.#wereHidden.clear()
    return {
      turned: [...paid, ...unpaid],
      isLoss: unpaid.length > 0,
      hidden: changed.filter((post) => this.isHidden(post)),
      shown: changed.filter((post) => !this.isHidden(post)),
    }
  }
}

/** Where acceptance finds a stored block. */
function loadedStateOf(state: BlockState): LoadedState {
  if (!isGoneBy(state)) return 'outside'
  return state === 'paid' ? 'paid' : 'unpaid'
}

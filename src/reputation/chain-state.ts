/**
 * The entry point of this floor: the graph, acceptance and reputation of one chain, kept consistent (spec §4, §5). The time
 * is an argument. It stores nothing, and drops no block by itself.
 *
 * The life of a block: {@link ChainState.stands} says whether it is sound, {@link ChainState.append} appends it to the
 * graph, {@link ChainState.enter} adds it to V. An unaccepted block may be removed from the graph ({@link ChainState.pop})
 * while it is the newest one, and be dropped later.
 */
import { isUnlimited, type Chain } from '../dag/chain.ts'
import { fail, ok, type Result } from '../dag/result.ts'
import { Graph } from '../dag/graph.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { hasFirstPostPioneer } from '../dag/sound.ts'
import type { ResolvedBlock } from '../dag/store.ts'
import { Acceptance, type Change, type LoadedState } from './acceptance.ts'
import { backsFor } from './backs.ts'
import { isAcceptedState, isStateInV, type BlockState, type ChainRow } from './block-state.ts'
import type { ReputationFault } from './faults.ts'
import { Hidden, type HiddenChange } from './hidden.ts'
import { BlockTable, type Like } from './block-table.ts'
import { reachedFrom, type LensRule } from './lens.ts'
import { isGroupUnlimited } from './rules.ts'
import { Views } from './views.ts'
import { Work } from './work.ts'

/** Rows loaded before the head changes they caused are discarded. */
const HEAD_CHANGES_KEPT = 1024

/** What one step changed. Nothing is in two lists of a pair. */
export interface Effects {
  /** Pasts first. */
  readonly accepted: readonly number[]
  /** Accepted before, not any more; tops first. */
  readonly withdrawn: readonly number[]
  /** Became paid or unpaid. */
  readonly turned: readonly number[]
  /** Whether a paid block became unpaid: then other blocks of its author may have become paid. */
  readonly isLoss: boolean
  /** Posts that are hidden now and were not (rule 3.b). */
  readonly hidden: readonly number[]
  /** Posts that were hidden and are not any more. */
  readonly shown: readonly number[]
}

export class ChainState {
  readonly chain: Chain
  readonly graph: Graph
  readonly #table: BlockTable
  readonly #views: Views
  readonly #acceptance: Acceptance
  readonly #hidden: Hidden
  readonly #work = new Work()
  /** Posts that votes have hidden or shown since the last step, and whether they were hidden before. */
  readonly #wereHidden = new Map<number, boolean>()
  #pioneer: AuthorKey | undefined
  /** While there is no pioneer: the founder whose first post alone is sound here; `undefined`: anybody's is. */
  wanted: AuthorKey | undefined
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
      work: this.#work,
    })
    this.#acceptance = new Acceptance({
      graph: this.graph,
      table: this.#table,
      isUnlimited: (index) => this.isUnlimited(index),
      work: this.#work,
    })
    this.#hidden = new Hidden(chain, this.#table)
  }

  /** Author of the first post, in a forum joined without pioneers that has one. Never changes once it is known. */
  get pioneer(): AuthorKey | undefined {
    return this.#pioneer
  }

  /**
   * Loads the rows that a store passes to `take`; `loaded` is what the store returns at the end. Nothing is computed again:
   * k, and which blocks are paid and accepted, are in the rows.
   */
  static async load<T>(
    chain: Chain,
    seed: number,
    rows: (take: (row: ChainRow) => void) => Promise<T>,
  ): Promise<{ readonly reputation: ChainState; readonly loaded: T }> {
    const reputation = new ChainState(chain, seed)
    const states: LoadedState[] = ['outside']
    const loaded = await rows((row) => {
      reputation.#load(row)
      states.push(loadedStateOf(row.state))
      // Head changes of a load are not used: bounds their list.
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

  /** k(u) of a block to be, which never changes; 0 where no rule uses it. */
  kOf({ author, backs, time }: Pick<ResolvedBlock, 'author' | 'backs' | 'time'>): number {
    if (author === undefined || isUnlimited(this.chain.params, author)) return 0
    return this.#views.kOf(author, backs, time)
  }

  /** Makes a block known, at the graph's end, and does not go by it yet. Returns its local index. */
  append(candidate: ResolvedBlock, k: number): number {
    const index = this.graph.add(candidate, false)
    this.#know(index, candidate, k)
    if (candidate.height === 1) this.#first = candidate.author
    return index
  }

  /**
   * Removes the newest block from the graph; it is not accepted.
   * @throws {Bug} if it is accepted
   */
  pop(): void {
    const index = this.graph.size - 1
    if (this.#acceptance.has(index)) this.#acceptance.drop(index)
    this.#views.popped(index)
    this.#table.pop(index)
    this.graph.pop()
  }

  /** Adds a sound block to V; all its backs are in V. */
  enter(index: number): Effects {
    const { accepted, withdrawn, paid, unpaid } = this.#acceptance.add(index)
    for (const block of accepted) {
      this.#findPioneer(block)
      this.#accept(block)
    }
    for (const block of withdrawn) this.#withdraw(block)
    return { accepted, withdrawn, ...this.#turn(paid, unpaid) }
  }

  /** Whether it is in V: entered, and neither set aside nor dropped. */
  isIn(index: number): boolean {
    return this.#acceptance.has(index)
  }

  /** What {@link enter} would change, of a block whose backs are in V; changes nothing. */
  would(index: number): Change {
    return this.#acceptance.would(index)
  }

  /** Whether it stands on what is accepted and comes last in order: then it withdraws and turns nothing. Mostly it is so. */
  isPlain(index: number): boolean {
    const author = this.#table.authorOf(index)
    if (author !== undefined && this.#table.blocksOf(author).at(-1) !== index) return false
    return this.graph.backs(index).every((back) => this.graph.isAccepted(back)) && this.#isBehindHeads([index])
  }

  /** Accepted votes that count and, after such a change, would not, though accepted still. */
  wouldVoid({ accepted, withdrawn }: Change): readonly number[] {
    // What comes last in order turns nothing.
    if (withdrawn.length === 0 && this.#isBehindHeads(accepted)) return []
    return this.#views.wouldTurn(accepted, withdrawn).lost
  }

  /** Whether a vote would be accepted by {@link enter} and not count in what is accepted then. */
  wouldBeVoid(index: number): boolean {
    const { accepted, withdrawn } = this.#acceptance.would(index)
    return accepted.includes(index) && !this.#views.wouldTurn(accepted, withdrawn).counting.has(index)
  }

  /** What judging blocks took since this was last asked, in steps (`work.ts`). */
  takeWork(): number {
    return this.#work.take()
  }

  /**
   * Takes a block out of V when the clock was set back. It is the last of its author in order, and no block of V stands
   * on it.
   */
  retreat(index: number): Effects {
    const { withdrawn, unpaid } = this.#acceptance.retreat(index)
    for (const block of withdrawn) this.#withdraw(block)
    return { accepted: [], withdrawn, ...this.#turn([], unpaid) }
  }

  /** Drops a block that is not accepted and on which no block of V stands; its row stays in the graph. */
  drop(index: number): void {
    if (this.#acceptance.has(index)) this.#acceptance.drop(index)
    this.#table.remove(index)
  }

  /** A block that was dropped came again. */
  recall(index: number, block: ResolvedBlock, k: number): void {
    this.#know(index, block, k)
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

  /** Whether the post's author took it back (rule 3.b); then it is hidden. */
  isTakenBack(index: number): boolean {
    return this.#hidden.isTakenBack(index)
  }

  likeOf(index: number): Like | undefined {
    return this.#table.likeOf(index)
  }

  /** k(u), computed when the block was appended. */
  k(index: number): number {
    return this.#table.k(index)
  }

  authorOf(index: number): AuthorKey | undefined {
    const author = this.#table.authorOf(index)
    return author === undefined ? undefined : this.#table.keyOf(author)
  }

  /**
   * reps(author, accepted, t), at the time that the next post would have. Infinite for unlimited authors.
   */
  repsOf(author: AuthorKey, now: number): number {
    if (this.#pioneer === undefined && hasFirstPostPioneer(this.chain)) return 0
    return this.#views.repsOf(author, this.#timeOfNext(now))
  }

  /** Whether an accepted vote counts (spec §4). */
  counts(vote: number): boolean {
    return this.#views.counts(vote)
  }

  /** Reps of a post: likes less dislikes that count, no window. */
  repsOfPost(index: number): number {
    return this.#hidden.repsOf(index)
  }

  /** The accepted block of an author that came last. */
  latestBy(author: AuthorKey): number | undefined {
    const number = this.#table.numberOf(author)
    const blocks = number === undefined ? [] : this.#table.blocksOf(number)
    return blocks.findLast((index) => this.graph.isAccepted(index))
  }

  /** The authors of accepted blocks, and the pioneers. */
  authors(): AuthorKey[] {
    const found = new Set<AuthorKey>(this.chain.params.pioneers)
    for (let author = 0; author < this.#table.authorCount; author += 1) {
      const isHeard = this.#table.blocksOf(author).some((index) => this.graph.isAccepted(index))
      if (isHeard) found.add(this.#table.keyOf(author))
    }
    return [...found]
  }

  /**
   * The authors that the lens reaches (spec §4, *Lens*): from the pioneers, or the owner, and from those the reader adds. In
   * groups everybody.
   */
  lens(now: number, added: readonly AuthorKey[] = [], rule?: LensRule): Set<AuthorKey> {
    if (isGroupUnlimited(this.chain)) return new Set(this.authors())
    const { pioneers, owner } = this.chain.params
    const roots = [...pioneers, this.#pioneer, owner, ...added].filter((key) => key !== undefined)
    const numbers = roots.map((root) => this.#table.numberOf(root)).filter((root) => root !== undefined)
    const context = { graph: this.graph, table: this.#table, counts: (vote: number) => this.counts(vote) }
    const reached = reachedFrom(numbers, context, { t: this.#timeOfNext(now), ...(rule === undefined ? {} : { rule }) })
    return new Set([...roots, ...[...reached].map((author) => this.#table.keyOf(author))])
  }

  /** What the author's next block links (spec §5, *Posting*). `isAvoided`: the local rule on heads. */
  backsFor(options: {
    readonly author?: AuthorKey
    readonly vote?: Like
    readonly isAvoided: (index: number) => boolean
  }): number[] {
    const { isAvoided, ...block } = options
    const { graph } = this
    const unaccepted = (backs: readonly number[], vote?: Like): readonly number[] => [
      ...this.#acceptance.unacceptedBacks(backs, vote),
    ]
    const isPaid = (index: number): boolean => this.isPaid(index)
    return backsFor({ graph, table: this.#table, isPaid, isAvoided, unaccepted }, block)
  }

  /** The time that the next post would have: that of the clock, or of the latest head. */
  #timeOfNext(now: number): number {
    return Math.max(now, this.graph.time(this.graph.latestHead))
  }

  #know(index: number, { author, like }: ResolvedBlock, k: number): void {
    this.#table.add(index, { author, like, k })
  }

  #load(row: ChainRow): void {
    const isAccepted = isAcceptedState(row.state)
    const index = this.graph.add(row, isAccepted)
    this.#know(index, row, row.k)
    if (row.state === 'dropped') this.#table.remove(index)
    if (isAccepted || row.state === 'set-back') this.#findPioneer(index)
    if (isAccepted) this.#accept(index)
  }

  #findPioneer(index: number): void {
    if (this.#pioneer !== undefined || this.graph.height(index) !== 1 || !hasFirstPostPioneer(this.chain)) return
    this.#pioneer = this.authorOf(index)
  }

  #isBehindHeads(blocks: readonly number[]): boolean {
    return blocks.every((block) => this.graph.compare(block, this.graph.latestHead) > 0)
  }

  #accept(index: number): void {
    this.#views.accepted(index)
    this.#noteHidden(this.#hidden.accepted(index))
  }

  #withdraw(index: number): void {
    this.#views.withdrawn(index)
    this.#noteHidden(this.#hidden.withdrawn(index))
  }

  #count(vote: number, counts: boolean): void {
    this.#noteHidden(counts ? this.#hidden.counted(vote) : this.#hidden.uncounted(vote))
  }

  #noteHidden(change: HiddenChange | undefined): void {
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

/** What acceptance has to know of a stored block. */
function loadedStateOf(state: BlockState): LoadedState {
  if (!isStateInV(state)) return 'outside'
  return state === 'paid' ? 'paid' : 'unpaid'
}

/**
 * Which blocks are delayed (spec §5 *Throttle*, a local rule and never final): blocks with an old time although this node
 * was in sync at that time, blocks above delayed ones, and blocks that rewrite what is accepted here, faster than the rations
 * allow. `throttle.ts` has the rations.
 */
import { isUnlimited } from '../../../dag/chain.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import type { Change } from '../../../reputation/acceptance.ts'
import type { ChainState } from '../../../reputation/chain-state.ts'
import { isEnough } from '../../../reputation/rules.ts'
import type { Cost, Throttle } from '../../../reputation/throttle.ts'
import type { Mempool } from './mempool.ts'
import type { CheckedBlock, Delay } from './validate-block.ts'

export interface ThrottlePolicyParts {
  readonly state: ChainState
  readonly mempool: Mempool
  readonly throttle: Throttle
}

export class ThrottlePolicy {
  readonly #state: ChainState
  readonly #mempool: Mempool
  readonly #throttle: Throttle

  constructor({ state, mempool, throttle }: ThrottlePolicyParts) {
    this.#state = state
    this.#mempool = mempool
    this.#throttle = throttle
  }

  /** Blocks of authors without limit are never delayed (4.d, 4.e): neither in groups, nor an owner's in his chain. */
  isExempt({ block: { header } }: CheckedBlock): boolean {
    return isUnlimited(this.#state.chain.params, header.author)
  }

  /** Asked before the past is walked: each block of a long delayed branch would walk all the others. */
  isOnDelayedBack({ block: { header } }: CheckedBlock): boolean {
    return header.backs.some((back) => this.#mempool.get(back)?.waitsFor === 'turn')
  }

  /** The author of a block that frees delayed ones below it now; `undefined` if it frees none. */
  freerOf({ block: { header } }: CheckedBlock, nowMs: number): AuthorKey | undefined {
    const { author, time } = header
    if (author === undefined || this.#throttle.isOld(time, nowMs) || this.#mempool.hasDelayedOf(author))
      return undefined
    const mayFree = isEnough(this.#state.repsOf(author, nowMs)) && this.#throttle.mayFree(author, nowMs)
    return mayFree ? author : undefined
  }

  /** Why a block waits that stands on delayed ones. */
  delayAbove({ block: { header } }: CheckedBlock, nowMs: number): Delay {
    return { why: this.#throttle.isOld(header.time, nowMs) ? 'old' : 'above' }
  }

  /** Why a block is delayed, as far as its header tells. */
  delayByHeader({ block: { id, header } }: CheckedBlock, nowMs: number, freer?: AuthorKey): Delay | undefined {
    if (!this.#throttle.isOld(header.time, nowMs)) return undefined
    return this.#throttle.mayTakeOld(nowMs, freer) || this.#throttle.isWaitingLarge(id) ? undefined : { why: 'old' }
  }

  /**
   * Why a block that waited for a ration goes on waiting, if that has not come back and nobody frees it: what judging it again
   * would cost is told by the length of the chain, and up to 1,000 of them are tried each minute.
   */
  delayAsBefore(
    checked: CheckedBlock,
    nowMs: number,
    { before, freer }: { readonly before: Delay | undefined; readonly freer: AuthorKey | undefined },
  ): Delay | undefined {
    const { id, header } = checked.block
    if (before?.why === 'large' && !this.#throttle.mayWaitLarge(id, nowMs)) {
      return { ...before, untilMs: nowMs + before.forMs }
    }
    if (before?.why !== 'rewrite' || this.#throttle.mayRewrite(before.author, nowMs, before.count)) return undefined
    // Nobody frees rewrites of his own.
    const isOwn = before.author === header.author
    return (freer ?? (isOwn ? undefined : this.freerOf(checked, nowMs))) === undefined ? before : undefined
  }

  /**
   * Why a block of the graph is delayed, before it is added to V; its backs are in V. If it is not, it takes from the rations.
   * A block that its author has no rep for takes nothing: a stranger could use up the rations with it.
   */
  delayInGraph(index: number, nowMs: number, freer: () => AuthorKey | undefined): Delay | undefined {
    const { graph } = this.#state
    if (this.#state.isUnlimited(index) || !isEnough(this.#state.k(index))) return undefined
    if (!this.#isOld(index, nowMs) && this.#state.isPlain(index)) return undefined
    const change = this.#state.would(index)
    if (change.accepted.length === 0) return undefined
    const old = change.accepted.filter((each) => this.#isOld(each, nowMs)).length
    const rewrites = this.#rivalsIn(change, index)
    const cost: Cost = { id: graph.id(index), old, rewrites }
    if (this.#throttle.isLarge(cost)) {
      if (this.#throttle.takeLarge(cost, nowMs)) return undefined
      const untilMs = this.#throttle.largeDueMs(cost, nowMs)
      return { why: 'large', untilMs, forMs: untilMs - nowMs }
    }
    const author = this.#state.authorOf(index)
    if (author !== undefined && this.#isRewriting(change, rewrites))
      rewrites.set(author, (rewrites.get(author) ?? 0) + 1)
    if (old === 0 && rewrites.size === 0) return undefined
    if (this.#throttle.take(cost, nowMs) || this.#throttle.take(cost, nowMs, freer())) return undefined
    for (const [by, count] of rewrites) {
      if (!this.#throttle.mayRewrite(by, nowMs, count)) return { why: 'rewrite', author: by, count }
    }
    return { why: 'old' }
  }

  /** Blocks that their authors' rivals here make unpaid, and that come in under this one; how many of each author. */
  #rivalsIn({ accepted, paid }: Change, index: number): Map<AuthorKey, number> {
    const counts = new Map<AuthorKey, number>()
    const won = new Set(paid)
    for (const each of accepted) {
      const author = this.#state.authorOf(each)
      const isPaid = each === index || won.has(each) || this.#state.isPaid(each)
      if (author === undefined || isPaid || !isEnough(this.#state.k(each))) continue
      counts.set(author, (counts.get(author) ?? 0) + 1)
    }
    return counts
  }

  /**
   * Whether the block itself withdraws others, or turns votes that count. Who turns his own votes by what comes in under it
   * has paid for that already.
   */
  #isRewriting(change: Change, rivals: ReadonlyMap<AuthorKey, number>): boolean {
    if (change.withdrawn.length > 0) return true
    return this.#state.wouldVoid(change).some((vote) => {
      const voter = this.#state.authorOf(vote)
      return voter === undefined || !rivals.has(voter)
    })
  }

  #isOld(index: number, nowMs: number): boolean {
    return !this.#state.isUnlimited(index) && this.#throttle.isOld(this.#state.graph.time(index), nowMs)
  }
}

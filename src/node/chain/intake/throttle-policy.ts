/**
 * Which blocks are delayed (spec §5 *Throttle*, a local rule and never final): blocks with an old time although this node
 * was in sync at that time, blocks above delayed ones, and blocks that would withdraw others, or turn votes that count here,
 * faster than the rule allows.
 */
import type { ChainState } from '../../../reputation/chain-state.ts'
import { isEnough } from '../../../reputation/rules.ts'
import type { Throttle } from '../../../reputation/throttle.ts'
import type { Mempool } from './mempool.ts'
import type { CheckedBlock } from './validate-block.ts'

/** A block that is being judged, and the blocks that entered the graph with it: indexes `from` to `index`. */
export interface Span {
  readonly from: number
  readonly index: number
}

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

  /**
   * Whether a block is delayed for a delayed back. Asked before its past is walked: each block of a long delayed branch
   * would walk all the others.
   */
  mustWaitWithBacks({ block: { header } }: CheckedBlock, nowMs: number): boolean {
    const isOnDelayedBack = header.backs.some((back) => this.#mempool.get(back)?.waitsFor === 'turn')
    return isOnDelayedBack && !this.#mayFree(header, nowMs)
  }

  /** Whether a block is delayed, as far as its header tells. `below`: the blocks in its past that are in the mempool. */
  mustWait({ block: { header } }: CheckedBlock, below: readonly CheckedBlock[], nowMs: number): boolean {
    if (isOnDelayed(below)) return !this.#mayFree(header, nowMs)
    return this.#throttle.isSuspect(header.time, nowMs) && !this.#throttle.mayTakeOld(nowMs)
  }

  /**
   * Whether a block is delayed once it is in the graph, before it is added to V: a block that frees delayed ones must be
   * payable, and old blocks and withdrawals are rationed.
   */
  isTooMuch({ from, index }: Span, below: readonly CheckedBlock[], nowMs: number): boolean {
    const canPay = this.#state.isUnlimited(index) || isEnough(this.#state.k(index))
    if (!canPay) return isOnDelayed(below)
    if (this.#isOld(index, nowMs) && !this.#throttle.mayTakeOld(nowMs, this.#oldIn({ from, index }, nowMs).length)) {
      return true
    }
    const author = this.#state.authorOf(index)
    if (author === undefined) return false
    const isRewriting = this.#state.wouldWithdraw(index).length > 0 || this.#state.wouldVoid(index).length > 0
    return isRewriting && !this.#throttle.mayWithdraw(author, nowMs)
  }

  /** The block was accepted: if it is old, it and the old blocks below it count against the hour's ration. */
  noteAccepted(span: Span, nowMs: number): void {
    if (!this.#isOld(span.index, nowMs)) return
    for (const index of this.#oldIn(span, nowMs)) {
      if (this.#state.graph.isAccepted(index)) this.#throttle.tookOld(nowMs)
    }
  }

  #oldIn({ from, index }: Span, nowMs: number): number[] {
    const found: number[] = []
    for (let at = from; at <= index; at += 1) if (this.#isOld(at, nowMs)) found.push(at)
    return found
  }

  #isOld(index: number, nowMs: number): boolean {
    return this.#throttle.isSuspect(this.#state.graph.time(index), nowMs)
  }

  /** Only an author without delayed blocks frees those of others. */
  #mayFree({ time, author }: CheckedBlock['block']['header'], nowMs: number): boolean {
    return author !== undefined && !this.#throttle.isSuspect(time, nowMs) && !this.#mempool.hasDelayedOf(author)
  }
}

function isOnDelayed(below: readonly CheckedBlock[]): boolean {
  return below.some(({ waitsFor }) => waitsFor === 'turn')
}

/**
 * Which blocks wait (spec §5 *Throttle*, a local rule and never final): those that claim to be old although this node
 * watched the chain at that time, those on delayed ones, and those that would withdraw blocks, or turn votes that count here,
 * faster than anybody needs.
 */
import type { ChainState } from '../../../reputation/chain-state.ts'
import { isEnough } from '../../../reputation/rules.ts'
import type { Throttle } from '../../../reputation/throttle.ts'
import type { Mempool } from './mempool.ts'
import type { Entry } from './entry.ts'

/** A block that is being judged, and what came with it: local indexes. */
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
  readonly #reputation: ChainState
  readonly #mempool: Mempool
  readonly #throttle: Throttle

  constructor({ state: reputation, mempool, throttle }: ThrottlePolicyParts) {
    this.#reputation = reputation
    this.#mempool = mempool
    this.#throttle = throttle
  }

  /**
   * Whether a block waits for what its backs wait for: told before the rest below it is looked at, or each one of a long
   * row would look at all the others.
   */
  mustWaitWithBacks({ block: { header } }: Entry, nowMs: number): boolean {
    const isOnDelayedBack = header.backs.some((back) => this.#mempool.get(back)?.waitsFor === 'turn')
    return isOnDelayedBack && !this.#mayFree(header, nowMs)
  }

  /** Before the block is looked at any closer. `below`: what it stands on in the bag. */
  mustWait({ block: { header } }: Entry, below: readonly Entry[], nowMs: number): boolean {
    if (isOnDelayed(below)) return !this.#mayFree(header, nowMs)
    return this.#throttle.isSuspect(header.time, nowMs) && !this.#throttle.mayTakeOld(nowMs)
  }

  /**
   * The rest, once the block is in the graph with what it stands on, from index `from` on, and not gone by yet. Who frees
   * delayed blocks must be able to pay for it.
   */
  isTooMuch({ from, index }: Span, below: readonly Entry[], nowMs: number): boolean {
    const canPay = this.#reputation.isUnlimited(index) || isEnough(this.#reputation.k(index))
    if (!canPay) return isOnDelayed(below)
    if (this.#isOld(index, nowMs) && !this.#throttle.mayTakeOld(nowMs, this.#oldIn({ from, index }, nowMs).length)) {
      return true
    }
    const author = this.#reputation.authorOf(index)
    if (author === undefined) return false
    const isRewriting = this.#reputation.wouldWithdraw(index).length > 0 || this.#reputation.wouldVoid(index).length > 0
    return isRewriting && !this.#throttle.mayWithdraw(author, nowMs)
  }

  /** The block was accepted: an old one, and what it brought in, takes from the hour's ration. */
  noteAccepted(span: Span, nowMs: number): void {
    if (!this.#isOld(span.index, nowMs)) return
    for (const index of this.#oldIn(span, nowMs)) {
      if (this.#reputation.graph.isAccepted(index)) this.#throttle.tookOld(nowMs)
    }
  }

  #oldIn({ from, index }: Span, nowMs: number): number[] {
    const found: number[] = []
    for (let at = from; at <= index; at += 1) if (this.#isOld(at, nowMs)) found.push(at)
    return found
  }

  #isOld(index: number, nowMs: number): boolean {
    return this.#throttle.isSuspect(this.#reputation.graph.time(index), nowMs)
  }

  /** Only an author none of whose own blocks is delayed frees those of others. */
  #mayFree({ time, author }: Entry['block']['header'], nowMs: number): boolean {
    return author !== undefined && !this.#throttle.isSuspect(time, nowMs) && !this.#mempool.hasDelayedOf(author)
  }
}

function isOnDelayed(below: readonly Entry[]): boolean {
  return below.some(({ waitsFor }) => waitsFor === 'turn')
}

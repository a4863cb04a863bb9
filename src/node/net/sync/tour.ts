/**
 * A tour asks one connected peer about the chains joined here, one after the other (spec §7): whether it has those of which
 * that is not known, and for a comparison of those that it had before it came back. No topic is involved. A tour begins
 * with a connection and again every hour; a chain that is joined meanwhile is asked about at once.
 */
import { ASK_AGAIN_MS, COMPARE_MS } from '../../../protocol/sync-limits.ts'
import type { Bucket } from '../../../protocol/token-bucket.ts'
import { pause } from '../../base/deadline.ts'
import type { HasChain } from './ask-chain.ts'

/** Subscriptions come within this time: a chain whose topic the peer joins is pulled by that, and not asked about. */
const BEGIN_AFTER_MS = 3_000

/** How often a tour looks for chains that were joined meanwhile. */
const LOOK_MS = 1_000

/** How often a question that waits for a token looks for one. */
const TOKEN_MS = 250

/** Questions under way: half of what a stream may have in flight, so that pulls go on beside them. */
const AT_ONCE = 16

/** Waits between tries with a peer that does not answer, doubled from `COMPARE_MS`. It may not speak the protocol. */
const LONGEST_WAIT_MS = ASK_AGAIN_MS

/** A joined chain as a tour sees it. */
export interface TouredChain {
  /** Grows with each chain that is joined. */
  readonly sequence: number
  /** What to do about the peer: nothing, compare heads, or ask whether it has the chain. */
  next(peer: string, sinceMs: number): 'nothing' | 'compare' | 'ask'
  ask(peer: string, signal: AbortSignal): Promise<HasChain>
  compare(peer: string): void
}

export interface TourModules {
  /** Those with a higher `sequence`, in its order. */
  readonly chainsAfter: (sequence: number) => readonly TouredChain[]
  /** Paces the questions, together with those of other tours. */
  readonly budget: () => Bucket
  /** As in `base/deadline.ts`, which is the default. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<boolean>
}

/**
 * Invariants:
 * 1. Every chain up to `#asked` was asked about in this tour, is being asked about, or needed no question.
 * 2. At most `AT_ONCE` questions are under way, and at most one waits for a token.
 */
export class Tour {
  readonly #peer: string
  readonly #modules: TourModules
  readonly #ending = new AbortController()
  readonly #sinceMs = performance.now()
  readonly #running: Promise<void>
  readonly #pause: NonNullable<TourModules['pause']>
  #asked = -1

  /** Begins by itself, a little later. */
  constructor(peer: string, modules: TourModules) {
    this.#peer = peer
    this.#modules = modules
    this.#pause = modules.pause ?? pause
    this.#running = this.#run()
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    let waitMs = COMPARE_MS
    let againMs = performance.now() + ASK_AGAIN_MS
    await this.#pause(BEGIN_AFTER_MS, signal)
    while (!signal.aborted) {
      if (performance.now() >= againMs) {
        this.#asked = -1
        againMs = performance.now() + ASK_AGAIN_MS
      }
      if (await this.#goOn(signal)) {
        waitMs = COMPARE_MS
        await this.#pause(LOOK_MS, signal)
      } else {
        await this.#pause(waitMs, signal)
        waitMs = Math.min(LONGEST_WAIT_MS, 2 * waitMs)
      }
    }
  }

  /** Asks about the chains that are left. False if the peer did not answer: the next try goes on there. */
  async #goOn(signal: AbortSignal): Promise<boolean> {
    const underWay = new Set<Promise<void>>()
    let silent: number | undefined
    for (const chain of this.#modules.chainsAfter(this.#asked)) {
      const next = chain.next(this.#peer, this.#sinceMs)
      if (next !== 'nothing' && !(await this.#mayAsk(signal))) break
      if (silent !== undefined) break
      if (next === 'compare') chain.compare(this.#peer)
      if (next === 'ask') {
        if (underWay.size >= AT_ONCE) await Promise.race(underWay)
        const asking = this.#ask(chain, signal).then((answer) => {
          underWay.delete(asking)
          if (answer === 'silent') silent = Math.min(silent ?? Infinity, chain.sequence)
        })
        underWay.add(asking)
      }
      this.#asked = chain.sequence
    }
    await Promise.all(underWay)
    if (silent !== undefined) this.#asked = silent - 1
    return silent === undefined
  }

  async #ask(chain: TouredChain, signal: AbortSignal): Promise<HasChain> {
    const answer = await chain.ask(this.#peer, signal)
    if (answer === 'yes') chain.compare(this.#peer)
    return answer
  }

  async #mayAsk(signal: AbortSignal): Promise<boolean> {
    while (!this.#modules.budget().take(performance.now())) {
      if (!(await this.#pause(TOKEN_MS, signal))) return false
    }
    return !signal.aborted
  }
}

/**
 * When which peer is asked for its held posts (spec §8, *Collecting*), on the chains where this node collects them: when they
 * meet, when the peer says that some wait at it, and from time to time. It asks nobody itself; `collect-held.ts` does.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import {
  COLLECT_AT_ONCE,
  COLLECT_BACKOFF_MS,
  COLLECT_EVERY_MS,
  COLLECT_HINT_MS,
  COLLECTED,
  COLLECTED_PEERS,
} from '../../../protocol/newcomer-limits.ts'
import { Bucket } from '../../../protocol/token-bucket.ts'

/** Interval at which the peers that are due are asked. */
const LOOK_MS = 500

/** A joined chain as the rounds see it. */
export interface CollectedChain {
  readonly areCollected: boolean
  /** Connected peers that have the chain. */
  peers(): readonly string[]
  /** False if the peer did not answer in time, or wrongly. Never rejects. */
  collect(peer: string): Promise<boolean>
}

export interface HeldRoundsModules {
  readonly chains: () => readonly CollectedChain[]
  /** Of any clock that only grows. */
  readonly nowMs: () => number
}

interface Turn {
  /** Who is due longest is asked first: who comes anew stands behind those who wait, so new ids win nothing. */
  dueMs: number
  askedMs: number
  failures: number
  isAsked: boolean
}

/**
 * Invariants:
 * 1. `#turns` has at most `COLLECTED_PEERS` peers of each chain; those of a chain go with it.
 * 2. `#underWay` is the number of turns with `isAsked`, at most `COLLECT_AT_ONCE`.
 */
export class HeldRounds {
  readonly #modules: HeldRoundsModules
  readonly #turns = new WeakMap<CollectedChain, Map<string, Turn>>()
  readonly #budget: Bucket
  readonly #running = new Set<Promise<void>>()
  readonly #interval: NodeJS.Timeout
  #underWay = 0

  /** Starts at once. */
  constructor(modules: HeldRoundsModules) {
    this.#modules = modules
    this.#budget = new Bucket(COLLECTED, modules.nowMs())
    this.#interval = setInterval(() => {
      this.look()
    }, LOOK_MS).unref()
  }

  /** The peer says that posts wait at it: its word, so it is believed only so often. */
  hint(chain: CollectedChain, peer: string): void {
    if (!chain.areCollected) return
    const nowMs = this.#modules.nowMs()
    const turn = this.#turnOf(chain, peer, nowMs)
    if (turn.failures === 0) turn.dueMs = Math.min(turn.dueMs, Math.max(nowMs, turn.askedMs + COLLECT_HINT_MS))
  }

  /** Asks those who are due, of all chains together who is due longest. */
  look(): void {
    const nowMs = this.#modules.nowMs()
    const due: { chain: CollectedChain; peer: string; turn: Turn }[] = []
    for (const chain of this.#modules.chains()) {
      if (!chain.areCollected) continue
      for (const peer of chain.peers()) {
        const turn = this.#turnOf(chain, peer, nowMs)
        if (!turn.isAsked && turn.dueMs <= nowMs) due.push({ chain, peer, turn })
      }
    }
    due.sort((a, b) => a.turn.dueMs - b.turn.dueMs || (a.peer < b.peer ? -1 : 1))
    for (const { chain, peer, turn } of due) {
      if (this.#underWay >= COLLECT_AT_ONCE || !this.#budget.take(nowMs)) return
      this.#track(this.#ask(chain, peer, turn))
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#interval)
    await Promise.all(this.#running)
  }

  async #ask(chain: CollectedChain, peer: string, turn: Turn): Promise<void> {
    turn.isAsked = true
    turn.askedMs = this.#modules.nowMs()
    // A hint that comes meanwhile makes it due earlier.
    turn.dueMs = Number.POSITIVE_INFINITY
    this.#underWay += 1
    try {
      turn.failures = (await chain.collect(peer)) ? 0 : turn.failures + 1
    } finally {
      turn.isAsked = false
      this.#underWay -= 1
      const waitMs = Math.min(COLLECT_BACKOFF_MS, COLLECT_EVERY_MS * 2 ** Math.min(turn.failures, 10))
      turn.dueMs = Math.min(turn.dueMs, this.#modules.nowMs() + (turn.failures === 0 ? COLLECT_EVERY_MS : waitMs))
    }
  }

  #turnOf(chain: CollectedChain, peer: string, nowMs: number): Turn {
    const turns = this.#turns.get(chain) ?? new Map<string, Turn>()
    this.#turns.set(chain, turns)
    const turn = turns.get(peer) ?? { dueMs: nowMs, askedMs: Number.NEGATIVE_INFINITY, failures: 0, isAsked: false }
    // In order of the last look at them: who is connected stays.
    turns.delete(peer)
    turns.set(peer, turn)
    evictOldest(turns, COLLECTED_PEERS)
    return turn
  }

  #track(asking: Promise<void>): void {
    this.#running.add(asking)
    void asking.finally(() => this.#running.delete(asking))
  }
}

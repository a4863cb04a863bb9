/**
 * Chooses the chains to compare now, and the peers (spec §7). Pure: the clock and random numbers are arguments. The chains are spread over
 * the interval, so that a thousand of them do not begin in the same moment.
 */
import { COMPARE_MS, COMPARISONS_PER_SECOND, PEERS_COMPARED } from '../../../protocol/sync-limits.ts'

/** Spreads nodes that were started together. */
const JITTER = 0.3

/** Comparisons started at one look: after a pause of this process those that are due do not come all at once. */
const AT_ONCE = 2 * COMPARISONS_PER_SECOND

/** The interval at which each of so many chains is compared. */
export function compareIntervalMs(chains: number): number {
  return Math.max(COMPARE_MS, (chains * 1000) / COMPARISONS_PER_SECOND)
}

/** How many peers a chain is compared with: fewer where there are many chains. */
export function peersPerComparison(chains: number): number {
  const affordable = Math.floor((COMPARE_MS * COMPARISONS_PER_SECOND) / 1000 / Math.max(1, chains))
  return Math.max(1, Math.min(PEERS_COMPARED, affordable))
}

/**
 * Goes through the chains again and again, each pass taking one interval.
 *
 * Invariant: `#next` is the first chain of `#pass` that is not compared yet.
 */
export class CompareTimer<T> {
  #pass: readonly T[] = []
  #next = 0
  #startMs: number
  #lengthMs: number

  constructor(nowMs: number, random: () => number) {
    this.#startMs = nowMs
    this.#lengthMs = jittered(COMPARE_MS, random)
  }

  /** The chains that are due. Those of the current pass are the ones that were joined when it began. */
  due(chains: readonly T[], nowMs: number, random: () => number): readonly T[] {
    if (this.#next >= this.#pass.length) {
      this.#startMs = nowMs
      this.#lengthMs = jittered(compareIntervalMs(chains.length), random)
      this.#pass = [...chains]
      this.#next = 0
    }
    const part = Math.min(1, (nowMs - this.#startMs) / this.#lengthMs)
    const target = Math.min(Math.floor(part * this.#pass.length), this.#next + AT_ONCE)
    const due = this.#pass.slice(this.#next, target)
    this.#next = Math.max(this.#next, target)
    return due
  }
}

function jittered(ms: number, random: () => number): number {
  return ms * (1 + JITTER * (2 * random() - 1))
}

/** A connected peer that may have the chain. */
export interface Candidate {
  readonly peer: string
  /** A static peer, or one that has given blocks of the chain. */
  readonly isPreferred: boolean
  readonly comparedMs: number
}

/**
 * Half of them are preferred ones, those first that were compared longest ago; the others are any, by chance. So peers
 * that only subscribe, in whatever number, do not keep a chain from being compared with those that gave something.
 */
export function chooseCompared(candidates: readonly Candidate[], count: number, random: () => number): string[] {
  const preferred = candidates.filter(({ isPreferred }) => isPreferred).sort(byLastComparison)
  const chosen = preferred.slice(0, Math.ceil(count / 2))
  const others = candidates.filter((one) => !chosen.includes(one))
  while (chosen.length < count && others.length > 0) {
    chosen.push(...others.splice(Math.floor(random() * others.length), 1))
  }
  return chosen.map(({ peer }) => peer)
}

function byLastComparison(a: Candidate, b: Candidate): number {
  if (a.comparedMs !== b.comparedMs) return a.comparedMs < b.comparedMs ? -1 : 1
  return a.peer < b.peer ? -1 : 1
}

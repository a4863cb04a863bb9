/**
 * Token buckets, pure: a burst, and then so many per second. The time is an argument, in milliseconds of any clock; as
 * it grows the bucket refills. A clock that steps back adds nothing and takes nothing.
 */
import { evictOldest } from '../dag/evict-oldest.ts'

export interface Rate {
  /** Tokens of a full bucket. */
  readonly burst: number
  /** Tokens gained each second. */
  readonly perSecond: number
}

export class Bucket {
  readonly #rate: Rate
  #left: number
  #atMs: number

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate
    this.#left = rate.burst
    this.#atMs = nowMs
  }

  /** Takes a token, if there is one. */
  take(nowMs: number): boolean {
    if (!this.has(nowMs)) return false
    this.#left -= 1
    return true
  }

  /** Takes so many tokens, more than there are if need be. Returns after how many ms none are owed any more. */
  spend(tokens: number, nowMs: number): number {
    this.has(nowMs)
    this.#left -= tokens
    return (Math.max(0, -this.#left) * 1000) / this.#rate.perSecond
  }

  /** Whether {@link take} would succeed. */
  has(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate
    const gained = (Math.max(0, nowMs - this.#atMs) * perSecond) / 1000
    this.#left = Math.min(burst, this.#left + gained)
    this.#atMs = nowMs
    return this.#left >= 1
  }
}

/** One bucket per key. The least recently used one is forgotten first, and starts full again. */
export class Buckets {
  readonly #rate: Rate
  readonly #kept: number
  /** Least recently used first: a `Map` iterates in order of insertion. */
  readonly #buckets = new Map<string, Bucket>()

  /** @param kept - how many buckets are kept */
  constructor(rate: Rate, kept: number) {
    this.#rate = rate
    this.#kept = kept
  }

  of(key: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(key) ?? new Bucket(this.#rate, nowMs)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    evictOldest(this.#buckets, this.#kept)
    return bucket
  }

  forget(key: string): void {
    this.#buckets.delete(key)
  }
}

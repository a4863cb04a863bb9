/**
 * Rates as token buckets, pure: some at once, and from then on so many per second. The time is an argument, in
 * milliseconds of any clock; as it grows the bucket fills up again. A clock that steps back gives nothing, and takes nothing.
 */

export interface Rate {
  /** How many at once, after a time of none. */
  readonly burst: number
  /** How many more each second. */
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

  /** Takes one, if there is one left. */
  take(nowMs: number): boolean {
    if (!this.has(nowMs)) return false
    this.#left -= 1
    return true
  }

  /** Whether {@link take} would be granted. */
  has(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate
    const gained = (Math.max(0, nowMs - this.#atMs) * perSecond) / 1000
    this.#left = Math.min(burst, this.#left + gained)
    this.#atMs = nowMs
    return this.#left >= 1
  }
}

/** A bucket for each of many. Who was not seen for longest is forgotten first, and would begin with a full one again. */
export class Buckets {
  readonly #rate: Rate
  readonly #kept: number
  /** Least recently used first: a `Map` iterates in order of insertion. */
  readonly #buckets = new Map<string, Bucket>()

  /** @param kept - how many are remembered */
  constructor(rate: Rate, kept: number) {
    this.#rate = rate
    this.#kept = kept
  }

  /** The bucket of one of them. */
  of(key: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(key) ?? new Bucket(this.#rate, nowMs)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined && this.#buckets.size > this.#kept) this.#buckets.delete(oldest)
    return bucket
  }

  forget(key: string): void {
    this.#buckets.delete(key)
  }
}

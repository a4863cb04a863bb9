/** Searching sorted arrays, and counting along a line of times. */
import { Bug } from '../dag/result.ts'

/**
 * Position of the first element that is not `isBefore`. Looks around `near` first, which is the end unless told: costs
 * O(log d), d being how far from there the answer is.
 */
export function lowerBound<T>(sorted: readonly T[], isBefore: (element: T) => boolean, near = sorted.length): number {
  let low = 0
  let high = sorted.length
  const start = Math.min(near, high)
  for (let at = start, step = 1; at < high; at += step, step *= 2) {
    if (isBefore(sorted[at] as T)) low = at + 1
    else high = at
  }
  for (let at = start - 1, step = 1; at >= low; at -= step, step *= 2) {
    if (isBefore(sorted[at] as T)) low = at + 1
    else high = at
  }
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(sorted[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * A multiset of numbers in ascending order. It remembers where it was asked last: questions about times near those of
 * the last ones cost the same in a line of any length, and all others O(log n).
 */
export class Timeline {
  readonly #times: number[] = []
  #nearFrom = 0
  #nearUpTo = 0

  get length(): number {
    return this.#times.length
  }

  /** The element at a position; `undefined` outside. */
  at(position: number): number | undefined {
    return this.#times[position]
  }

  /** Shifts what is later: nothing in the usual case. */
  add(time: number): void {
    const at = lowerBound(this.#times, (other) => other <= time)
    if (at === this.#times.length) this.#times.push(time)
    else this.#times.splice(at, 0, time)
  }

  /** @throws {Bug} if it is not in */
  remove(time: number): void {
    const at = lowerBound(this.#times, (other) => other < time)
    if (this.#times[at] !== time) throw new Bug(`${String(time)} is not on the line`)
    this.#times.splice(at, 1)
  }

  /** Position of the first element ≥ `from`. */
  positionFrom(from: number): number {
    return (this.#nearFrom = lowerBound(this.#times, (time) => time < from, this.#nearFrom))
  }

  /** Position behind the last element ≤ `upTo`. */
  positionAfter(upTo: number): number {
    return (this.#nearUpTo = lowerBound(this.#times, (time) => time <= upTo, this.#nearUpTo))
  }
}

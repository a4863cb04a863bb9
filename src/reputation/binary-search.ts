/** Binary search in sorted arrays, and a sorted multiset of times. */
import { Bug } from '../dag/result.ts'

/**
 * Position of the first element for which `isBefore` is false. Searches outwards from `near`, by default the end: O(log
 * d) for a result at distance d.
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
 * A multiset of numbers in ascending order. It remembers the last positions: a query near the last one costs O(log d)
 * for its distance d, any other O(log n).
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

  /** O(log d) and a shift of the later elements; usually there are none. */
  add(time: number): void {
    const at = lowerBound(this.#times, (other) => other <= time)
    if (at === this.#times.length) this.#times.push(time)
    else this.#times.splice(at, 0, time)
  }

  /** @throws {Bug} if it is absent */
  remove(time: number): void {
    const at = lowerBound(this.#times, (other) => other < time)
    if (this.#times[at] !== time) throw new Bug(`${String(time)} is not in the timeline`)
    this.#times.splice(at, 1)
  }

  /** Position of the first element ≥ `from`. */
  positionFrom(from: number): number {
    return (this.#nearFrom = lowerBound(this.#times, (time) => time < from, this.#nearFrom))
  }

  /** Position after the last element ≤ `upTo`. */
  positionAfter(upTo: number): number {
    return (this.#nearUpTo = lowerBound(this.#times, (time) => time <= upTo, this.#nearUpTo))
  }
}

/** Searching sorted arrays. */

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

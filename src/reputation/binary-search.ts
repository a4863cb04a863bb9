/** Searching sorted arrays. */

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

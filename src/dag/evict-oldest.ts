/**
 * Bounds a map or set whose order is that of last use: a key that is used again is deleted first, then put. Most of them are
 * keyed by what strangers choose, such as peer ids. O(evicted).
 *
 * @param atMost - entries that stay; the oldest go first
 */
export function evictOldest<K>(entries: Map<K, unknown> | Set<K>, atMost: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= atMost) return
    entries.delete(oldest)
  }
}

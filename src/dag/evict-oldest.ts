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

/** Puts a key last in such a set, and evicts the oldest beyond the bound. */
export function noteLatest<K>(keys: Set<K>, key: K, atMost: number): void {
  keys.delete(key)
  keys.add(key)
  evictOldest(keys, atMost)
}

/** When this node was in sync on each chain, over restarts (spec §5, *Throttle*): a small record per chain. */
import * as dagCbor from '@ipld/dag-cbor'
import type { ChainId } from '../../dag/ids.ts'
import { Watch, type Interval } from '../../reputation/throttle.ts'
import type { Database } from './database.ts'

/** A record that does not decode counts as none: then nothing is doubted. */
export async function loadWatch(disk: Database, chain: ChainId): Promise<Watch> {
  const stored = await disk.get(nameOf(chain))
  return new Watch(stored === undefined ? [] : decode(stored))
}

export function saveWatch(disk: Database, chain: ChainId, watch: Watch): Promise<void> {
  return disk.put(nameOf(chain), dagCbor.encode(watch.intervals().flat()))
}

/** The chain was left. */
export function forgetWatch(disk: Database, chain: ChainId): Promise<void> {
  return disk.remove(nameOf(chain))
}

function nameOf(chain: ChainId): string {
  return `watch-${chain.toLowerCase()}`
}

function decode(stored: Uint8Array): Interval[] {
  const numbers = dagCbor.decode<unknown>(stored)
  if (!Array.isArray(numbers) || !numbers.every((number) => typeof number === 'number')) return []
  const intervals: Interval[] = []
  for (let at = 0; at + 1 < numbers.length; at += 2) intervals.push([numbers[at] ?? 0, numbers[at + 1] ?? 0])
  return intervals
}

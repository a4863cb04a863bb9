/**
 * How far V8 lets garbage gather before it looks at the whole heap (docs/decisions/0021). By itself it waits until the heap
 * is up to four times what was alive the last time, whatever that costs in memory that nobody uses; a node that runs all year
 * beside other programs had better be small.
 */
import { setFlagsFromString } from 'node:v8'

/**
 * Of what was alive, so much may be added before the next look. On a peer that catches up, where 30 MiB are alive, it keeps
 * 50 MiB less than V8 does, for some 2 % of the CPU; 50 keeps another 12 less, for 4 to 9 % (2026-11, docs/benchmarks.md).
 */
const GROWING_PERCENT = 100

/** V8 reads this number each time it has collected: it may be set when the program runs, and counts for all threads. */
export function boundGarbage(): void {
  setFlagsFromString(`--heap-growing-percent=${String(GROWING_PERCENT)}`)
}

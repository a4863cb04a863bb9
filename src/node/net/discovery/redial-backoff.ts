/** How long to wait before a peer is dialled once more (spec §9), and how long a dial may take. Pure. */

/** The first retry comes about this long after a failure: a peer that restarts is back within seconds. */
const FIRST_DELAY_MS = 1000

/** A peer that was away for a day is found again within this, and a dead one costs one packet a minute. */
const LONGEST_DELAY_MS = 60_000

/** At least this part of a delay is always waited; the rest is chance, so that a crowd does not come back in step. */
const STEADY_PART = 0.5

/** One attempt, name resolution included. */
export const DIAL_MS = 10_000

/** How long to wait after the `attempt`-th failure in a row (from 0). `random` gives 0 … 1. */
export function nextDelayMs(attempt: number, random: () => number): number {
  // Beyond 2^30 the doubling says nothing more.
  const longestMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 30))
  return Math.round(longestMs * (STEADY_PART + (1 - STEADY_PART) * random()))
}

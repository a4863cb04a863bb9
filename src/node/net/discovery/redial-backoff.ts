/** The delay before a redial (spec §9), and the deadline of a dial. Pure. */

/** Approximate delay of the first retry: a peer that restarts is back within seconds. */
const FIRST_DELAY_MS = 1000

/** A peer that was away for a day is found again within this time; a dead one costs one packet a minute. */
const LONGEST_DELAY_MS = 60_000

/** The same for static peers: when the line comes back after an hour, posts cross within the minute. */
export const LONGEST_STATIC_DELAY_MS = 30_000

/** The fixed part of a delay. The rest is jitter, so that many nodes do not redial at the same moment. */
const STEADY_PART = 0.5

/** One dial, name resolution included. */
export const DIAL_MS = 10_000

/** The delay after the `attempt`-th failure in a row (from 0). `random` returns 0 … 1. */
export function nextDelayMs(attempt: number, random: () => number, longestMs = LONGEST_DELAY_MS): number {
  // The cap applies long before.
  const mostMs = Math.min(longestMs, FIRST_DELAY_MS * 2 ** Math.min(attempt, 30))
  return Math.round(mostMs * (STEADY_PART + (1 - STEADY_PART) * random()))
}

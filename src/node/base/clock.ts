/**
 * The wall clock as a port (spec §3, §10 `host.now`): the floors below take the time as an argument and this is where it
 * comes from. It sets no timers.
 */
import { Bug } from '../../dag/result.ts'

export interface Clock {
  /** Milliseconds since the epoch, a safe integer. It may step backwards, as system clocks do. */
  nowMs(): number
  /** Only on a clock that a test may set (`--test-clock`). @throws {Bug} unless `ms` is an integer of 0 … 2^53 − 1 */
  set?(ms: number): void
}

/** A clock that can be set. */
export type TestClock = Clock & { set(ms: number): void }

/** The machine's own clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }

/** Starts at `base`'s time and, once set, runs on from there at the pace of `base`. */
export function testClock(base: Clock = systemClock): TestClock {
  let aheadMs = 0
  return {
    nowMs: () => base.nowMs() + aheadMs,
    set: (ms) => {
      if (!Number.isSafeInteger(ms) || ms < 0)
        throw new Bug('a clock is set to an integer of 0 … 2^53 − 1 milliseconds')
      aheadMs = ms - base.nowMs()
    },
  }
}

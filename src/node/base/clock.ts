/**
 * The wall clock as a port (spec §3, §10 `host.now`). The floors below take the time as an argument; callers in this
 * floor read it here. It sets no timers.
 */
import { Bug } from '../../dag/result.ts'

export interface Clock {
  /** Milliseconds since the epoch, a safe integer. It may step backwards, as system clocks do. */
  nowMs(): number
  /**
   * Present only on a clock that can be set (`--test-clock`). @throws {Bug} unless `ms` is an integer of 0 … 2^53 − 1
   */
  set?(ms: number): void
}

export type TestClock = Clock & { set(ms: number): void }

/** The system clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }

/** Starts at the time of `base`. After `set`, it continues from the given time at the speed of `base`. */
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

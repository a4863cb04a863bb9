import { describe, expect, test } from 'vitest'
import { Bug } from '../../../../src/dag/result.ts'
import { systemClock, testClock } from '../../../../src/node/base/clock.ts'

describe('clock', () => {
  test('the system clock gives whole milliseconds and cannot be set', () => {
    expect(Number.isSafeInteger(systemClock.nowMs())).toBe(true)
    expect('set' in systemClock).toBe(false)
  })

  test('a test clock shows its base until it is set, and then runs on from there at the same pace', () => {
    let baseMs = 1_000
    const clock = testClock({ nowMs: () => baseMs })
    expect(clock.nowMs()).toBe(1_000)
    clock.set(5_000_000)
    expect(clock.nowMs()).toBe(5_000_000)
    baseMs += 250
    expect(clock.nowMs()).toBe(5_000_250)
    clock.set(0)
    expect(clock.nowMs()).toBe(0)
  })

  test('a time that is no integer of 0 to 2^53 - 1 is a bug of the caller', () => {
    const clock = testClock()
    clock.set(Number.MAX_SAFE_INTEGER)
    for (const ms of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => {
        clock.set(ms)
      }).toThrow(Bug)
  })
})

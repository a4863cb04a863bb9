/** Spec §8: a side that is slow is waited for as long as bytes move, and not for ever. */
import { describe, expect, test } from 'vitest'
import { DRAIN_TIMEOUT_MS, PROGRESS_BYTES, SLICE_BYTES, SLOWEST_MS } from '../../../src/protocol/stream-limits.ts'
import { ProgressTimeout } from '../../../src/protocol/progress-timeout.ts'

const WINDOW_MS = DRAIN_TIMEOUT_MS

/** How long somebody is waited for who moves so many bytes in each window. */
function waitedMs(bytesEach: number, windowMs = WINDOW_MS): number {
  const timeout = new ProgressTimeout(windowMs, 1_000)
  let bytes = 1_000
  let ms = windowMs
  for (;;) {
    bytes += bytesEach
    const onMs = timeout.extend(bytes)
    if (onMs === 0) return ms
    ms += onMs
  }
}

describe('who moves', () => {
  test('nothing, or one byte less than the bound, is given up after the first window', () => {
    expect([0, PROGRESS_BYTES - 1].map((bytes) => waitedMs(bytes))).toEqual([WINDOW_MS, WINDOW_MS])
  })

  test('as much as the bound each time is waited for up to the longest time, and no longer, however much it is', () => {
    expect([PROGRESS_BYTES, 1000 * PROGRESS_BYTES].map((bytes) => waitedMs(bytes))).toEqual([SLOWEST_MS, SLOWEST_MS])
    expect(waitedMs(PROGRESS_BYTES, 0.7 * SLOWEST_MS)).toBe(SLOWEST_MS)
  })

  test('and is waited for that long by a first window alone gets no second one', () => {
    expect(waitedMs(PROGRESS_BYTES, SLOWEST_MS)).toBe(SLOWEST_MS)
  })

  test('a slice within a window has moved: a line that carries no more is not given up', () => {
    expect(waitedMs(SLICE_BYTES)).toBe(SLOWEST_MS)
  })
})

test('what moved before counts once', () => {
  const timeout = new ProgressTimeout(WINDOW_MS, 0)
  expect(timeout.extend(PROGRESS_BYTES)).toBe(WINDOW_MS)
  expect(timeout.extend(PROGRESS_BYTES)).toBe(0)
})

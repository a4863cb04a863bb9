/** Frames that carry nothing: so many, and what an honest peer sends is never one too many (spec §8). */
import { describe, expect, test } from 'vitest'
import { YamuxBudget } from '../../../../../src/node/net/host/yamux-budget.ts'
import {
  ANSWERS_PER_STREAM,
  CONTROL_FRAMES,
  CONTROL_FRAMES_PER_STREAM,
  FRAME_BYTES_EXPECTED,
  FRAMES_IN_CREDIT,
  REFUSED_PROTOCOLS,
  SMALL_FRAMES,
} from '../../../../../src/protocol/stream-limits.ts'

function budget() {
  let nowMs = 0
  const made = new YamuxBudget(() => nowMs)
  return { made, wait: (ms: number) => (nowMs += ms) }
}

/** How many are taken until one is refused. */
function taken(take: () => boolean): number {
  let count = 0
  while (take()) count += 1
  return count
}

describe('frames without data', () => {
  test('a burst, and then so many a second', () => {
    const { made, wait } = budget()
    expect(taken(() => made.takeControl())).toBe(CONTROL_FRAMES.burst)
    wait(1000)
    expect(taken(() => made.takeControl())).toBe(CONTROL_FRAMES.perSecond)
  })

  test('a keep-alive every half a minute is free for ever', () => {
    const { made, wait } = budget()
    for (let n = 0; n < 10_000; n += 1) {
      wait(30_000)
      expect(made.takeControl()).toBe(true)
    }
  })

  test('the window update for each frame of data that was sent is free, at any speed', () => {
    const { made } = budget()
    for (let n = 0; n < 1_000_000; n += 1) {
      made.onAsked()
      if (!made.takeControl()) expect.unreachable()
    }
    expect(taken(() => made.takeControl())).toBe(CONTROL_FRAMES.burst)
  })

  test('each stream pays for a few', () => {
    const { made } = budget()
    made.onStream()
    expect(taken(() => made.takeControl())).toBe(CONTROL_FRAMES.burst + CONTROL_FRAMES_PER_STREAM)
  })

  test('what is earned in advance is bounded', () => {
    const { made } = budget()
    for (let n = 0; n <= FRAMES_IN_CREDIT; n += 1) made.onAsked()
    expect(taken(() => made.takeControl())).toBe(FRAMES_IN_CREDIT + CONTROL_FRAMES.burst)
  })
})

test('answers while the protocol of a stream is agreed on: each stream pays for its own, and few more are given', () => {
  const { made, wait } = budget()
  expect(taken(() => made.takeAnswer())).toBe(REFUSED_PROTOCOLS.burst)
  wait(1000)
  expect(taken(() => made.takeAnswer())).toBe(REFUSED_PROTOCOLS.perSecond)
  for (let n = 0; n < 1000; n += 1) {
    made.onStream()
    for (let answer = 0; answer < ANSWERS_PER_STREAM; answer += 1) if (!made.takeAnswer()) expect.unreachable()
  }
})

describe('frames with data', () => {
  test('of one byte: a burst, and then so many a second', () => {
    const { made, wait } = budget()
    const paidFor = 1 - 1 / FRAME_BYTES_EXPECTED
    const count = taken(() => made.takeData(1))
    expect(count).toBeGreaterThanOrEqual(SMALL_FRAMES.burst)
    expect(count * paidFor).toBeLessThanOrEqual(SMALL_FRAMES.burst + 1)
    wait(1000)
    expect(taken(() => made.takeData(1)) * paidFor).toBeLessThanOrEqual(SMALL_FRAMES.perSecond + 1)
  })

  test('of a usual size are free at any speed, and pay for the pieces between them', () => {
    const { made } = budget()
    for (let n = 0; n < 100_000; n += 1) if (!made.takeData(FRAME_BYTES_EXPECTED)) expect.unreachable()
    for (let n = 0; n < 100_000; n += 1) if (!made.takeData(32 * 1024) || !made.takeData(12)) expect.unreachable()
  })
})

/** Asking a peer about the chains of this node, one after the other (spec §7). */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Tour, type TouredChain } from '../../../../../src/node/net/sync/tour.ts'
import type { HasChain } from '../../../../../src/node/net/sync/ask-chain.ts'
import { ASK_AGAIN_MS, STRANGERS_ASKED } from '../../../../../src/protocol/sync-limits.ts'
import { Bucket } from '../../../../../src/protocol/token-bucket.ts'
import { fakePause as pause } from '../../../../support/fake-pause.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Asked {
  readonly chain: number
  readonly atMs: number
}

/** A peer, the chains of this node by sequence, and what was asked of the peer. */
function touring(count: number, answer: (chain: number) => HasChain = () => 'no') {
  const asked: Asked[] = []
  const compared: number[] = []
  const chains: TouredChain[] = []
  const join = (next: 'nothing' | 'compare' | 'ask' = 'ask'): void => {
    const sequence = chains.length + 1
    chains.push({
      sequence,
      next: () => next,
      ask: (peer) => {
        expect(peer).toBe('ann')
        asked.push({ chain: sequence, atMs: performance.now() })
        return Promise.resolve(answer(sequence))
      },
      compare: () => compared.push(sequence),
    })
  }
  for (let n = 0; n < count; n += 1) join()
  const budget = new Bucket(STRANGERS_ASKED, performance.now())
  const tour = new Tour('ann', {
    chainsAfter: (after) => chains.slice(Math.max(0, after)),
    budget: () => budget,
    pause,
  })
  return { tour, asked, compared, join }
}

test('every chain is asked about once an hour, and one that is joined meanwhile at once', async () => {
  const { tour, asked, compared, join } = touring(3, (chain) => (chain === 2 ? 'yes' : 'no'))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked.map(({ chain }) => chain)).toEqual([1, 2, 3])
  expect(compared).toEqual([2])
  join()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(asked.map(({ chain }) => chain)).toEqual([1, 2, 3, 4])
  await vi.advanceTimersByTimeAsync(ASK_AGAIN_MS - 20_000)
  expect(asked).toHaveLength(4)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(asked.map(({ chain }) => chain)).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
  await tour.stop()
})

test('a chain that the peer had before it came back is compared, and one it is known on is left alone', async () => {
  const { tour, asked, compared, join } = touring(0)
  join('compare')
  join('nothing')
  await vi.advanceTimersByTimeAsync(10_000)
  expect([asked, compared]).toEqual([[], [1]])
  await tour.stop()
})

test('questions keep to the budget that all strangers share', async () => {
  const { tour, asked } = touring(1_000)
  await vi.advanceTimersByTimeAsync(23_000)
  expect(asked.length).toBeGreaterThan(STRANGERS_ASKED.perSecond * 10)
  expect(asked.length).toBeLessThanOrEqual(STRANGERS_ASKED.burst + STRANGERS_ASKED.perSecond * 23)
  await tour.stop()
  const before = asked.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toHaveLength(before)
})

test('a peer that does not answer is asked again after a minute, then after two, and so on', async () => {
  const { tour, asked } = touring(1, () => 'silent')
  await vi.advanceTimersByTimeAsync(3_000 + 60_000 + 120_000 + 240_000)
  const [first, ...others] = asked.map(({ atMs }) => atMs)
  expect(others.map((atMs) => Math.round((atMs - (first ?? 0)) / 60_000))).toEqual([1, 3, 7])
  await tour.stop()
})

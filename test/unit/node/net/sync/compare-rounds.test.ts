/** Every chain and every connection in turn, with no topic and no event involved (spec §7). */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CompareRounds } from '../../../../../src/node/net/sync/compare-rounds.ts'
import type { ComparedChain } from '../../../../../src/node/net/sync/compared-chain.ts'
import {
  ASK_AGAIN_MS,
  COMPARE_MS,
  PEERS_COMPARED,
  STATIC_PEERS_ASKED,
  STRANGERS_ASKED,
} from '../../../../../src/protocol/sync-limits.ts'
import { fakePause } from '../../../../support/fake-pause.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function rounds(
  chains: readonly ComparedChain[],
  connections: () => ReadonlyMap<string, string>,
  isStatic = (_peer: string): boolean => true,
) {
  return new CompareRounds({
    chains: () => chains,
    connections,
    isStatic,
    random: () => 0.5,
    pause: fakePause,
  })
}

test('each chain is compared once a minute', async () => {
  const counts: number[] = []
  const chain = { sequence: 1, compareWithSome: (count: number) => counts.push(count) } as unknown as ComparedChain
  const running = rounds([chain], () => new Map())
  vi.advanceTimersByTime(3 * COMPARE_MS + 5_000)
  expect(counts).toEqual([PEERS_COMPARED, PEERS_COMPARED, PEERS_COMPARED])
  expect(running.intervalMs).toBe(COMPARE_MS)
  await running.stop()
  vi.advanceTimersByTime(10 * COMPARE_MS)
  expect(counts).toHaveLength(3)
})

test('a peer is taken from the connections, and met anew when it has another one', async () => {
  const met: number[] = []
  const chain = {
    sequence: 1,
    next: (_peer: string, sinceMs: number) => {
      met.push(sinceMs)
      return 'nothing'
    },
    compareWithSome: () => undefined,
  } as unknown as ComparedChain
  const connections = new Map([['ann', 'first']])
  const running = rounds([chain], () => connections)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(met).toHaveLength(1)
  connections.set('ann', 'second')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(met).toHaveLength(2)
  expect(met[1]).toBeGreaterThan(met[0] ?? Infinity)
  connections.delete('ann')
  await vi.advanceTimersByTimeAsync(2 * ASK_AGAIN_MS)
  expect(met).toHaveLength(2)
  await running.stop()
})

test('all strangers share one budget of questions, and a static peer does not wait for them', async () => {
  const asked = new Map<string, number>()
  const chains = Array.from(
    { length: 500 },
    (_, sequence) =>
      ({
        sequence,
        next: () => 'ask',
        ask: (peer: string) => {
          asked.set(peer, (asked.get(peer) ?? 0) + 1)
          return Promise.resolve('no')
        },
        compareWithSome: () => undefined,
      }) as unknown as ComparedChain,
  )
  const names = ['friend', ...Array.from({ length: 6 }, (_, n) => `sybil ${String(n)}`)]
  const running = rounds(
    chains,
    () => new Map(names.map((name) => [name, name])),
    (peer) => peer === 'friend',
  )
  await vi.advanceTimersByTimeAsync(9_000)
  const friend = asked.get('friend') ?? 0
  const strangers = [...asked.values()].reduce((sum, count) => sum + count, 0) - friend
  const seconds = 9
  expect(friend).toBeGreaterThan(2 * STATIC_PEERS_ASKED.burst)
  expect(friend).toBeLessThanOrEqual(STATIC_PEERS_ASKED.burst + STATIC_PEERS_ASKED.perSecond * seconds)
  expect(strangers).toBeGreaterThan(STRANGERS_ASKED.burst)
  expect(strangers).toBeLessThanOrEqual(STRANGERS_ASKED.burst + STRANGERS_ASKED.perSecond * seconds)
  await running.stop()
})

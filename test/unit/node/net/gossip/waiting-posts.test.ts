/** How many posts wait for a like (spec §7): when it is announced, and what is known of neighbours. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WaitingPosts } from '../../../../../src/node/net/gossip/waiting-posts.ts'
import { WAITING_AGAIN_MS, WAITING_EVERY_MS, WAITING_NEIGHBOURS } from '../../../../../src/protocol/gossip-limits.ts'

let count = 0
let connected: string[] = []
let said: number[] = []
let waiting: WaitingPosts

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  count = 0
  connected = ['ann', 'bob']
  said = []
  waiting = new WaitingPosts({
    count: () => count,
    isConnected: (peer) => connected.includes(peer),
    announce: (posts) => void said.push(posts),
  })
})
afterEach(() => {
  waiting.stop()
  vi.useRealTimers()
})

function hold(posts: number): void {
  count = posts
  waiting.onChange()
}

describe('this node says its number', () => {
  test('when it changed, at most once a minute, and 0 once when the last one is welcomed', () => {
    hold(1)
    hold(2)
    vi.advanceTimersByTime(WAITING_EVERY_MS - 1)
    expect(said).toEqual([2])
    hold(3)
    hold(0)
    vi.advanceTimersByTime(WAITING_AGAIN_MS * 3)
    expect(said).toEqual([2, 0])
  })

  test('soon after the first of many changes, however many follow', () => {
    for (let n = 0; n < 100; n += 1) {
      hold(1 + (n % 2))
      vi.advanceTimersByTime(100)
    }
    expect(said).toHaveLength(1)
  })

  test('again every ten minutes while there are some, and to a neighbour that comes; else nothing', () => {
    waiting.onNeighbour()
    vi.advanceTimersByTime(WAITING_AGAIN_MS)
    expect(said).toEqual([])
    hold(1)
    vi.advanceTimersByTime(WAITING_EVERY_MS * 2)
    expect(said).toEqual([1])
    waiting.onNeighbour()
    vi.advanceTimersByTime(WAITING_EVERY_MS)
    expect(said).toEqual([1, 1])
    vi.advanceTimersByTime(WAITING_AGAIN_MS)
    expect(said).toEqual([1, 1, 1])
    waiting.stop()
    vi.advanceTimersByTime(WAITING_AGAIN_MS)
    expect(said).toEqual([1, 1, 1])
  })
})

test("a neighbour's last number counts, until it says 0 or goes", () => {
  waiting.note('ann', 3)
  waiting.note('bob', 1)
  waiting.note('ann', 2)
  // Not connected.
  waiting.note('eve', 16)
  expect(waiting.neighbours()).toEqual([
    { id: 'bob', posts: 1 },
    { id: 'ann', posts: 2 },
  ])
  waiting.note('bob', 0)
  expect(waiting.neighbours()).toEqual([{ id: 'ann', posts: 2 }])
  connected = ['bob']
  expect(waiting.neighbours()).toEqual([])
})

test('a number that is not said again is forgotten, and of ever new peers so many are kept', () => {
  waiting.note('ann', 3)
  vi.advanceTimersByTime(2 * WAITING_AGAIN_MS)
  expect(waiting.neighbours()).toHaveLength(1)
  vi.advanceTimersByTime(WAITING_AGAIN_MS)
  expect(waiting.neighbours()).toEqual([])
  for (let n = 0; n <= WAITING_NEIGHBOURS; n += 1) waiting.note(n === 0 ? 'ann' : `peer ${String(n)}`, 1)
  expect(waiting.neighbours()).toEqual([])
  waiting.note('ann', 1)
  expect(waiting.neighbours()).toEqual([{ id: 'ann', posts: 1 }])
})

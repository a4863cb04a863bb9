import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ExtraSlots, PullScheduler } from '../../../../../src/node/net/sync/pull-scheduler.ts'
import { EXTRA_PULLS, PULLS_PER_CHAIN, TURN_STALL_AGAIN_MS, TURN_STALL_MS } from '../../../../../src/protocol/limits.ts'

const forEver = new AbortController().signal

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('one at a time, in order', async () => {
  const scheduler = new PullScheduler(new ExtraSlots())
  const first = await scheduler.acquire(forEver, false)
  const second = scheduler.acquire(forEver, false)
  expect(scheduler.waiting).toBe(1)
  first?.release()
  first?.release()
  expect(await second).toBeDefined()
  expect(scheduler.waiting).toBe(0)
})

test('who makes no progress loses the lane to the next one; who makes some keeps it', async () => {
  const scheduler = new PullScheduler(new ExtraSlots())
  const first = await scheduler.acquire(forEver, false)
  let entered = false
  const second = scheduler.acquire(forEver, false).then(() => (entered = true))
  await vi.advanceTimersByTimeAsync(TURN_STALL_MS - 1)
  first?.progress(false)
  await vi.advanceTimersByTimeAsync(TURN_STALL_MS - 1)
  expect(entered).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(await second).toBe(true)
  first?.release()
  expect(scheduler.waiting).toBe(0)
})

test('who failed before is given less time', async () => {
  const scheduler = new PullScheduler(new ExtraSlots())
  await scheduler.acquire(forEver, true)
  let entered = false
  void scheduler.acquire(forEver, false).then(() => (entered = true))
  await vi.advanceTimersByTimeAsync(TURN_STALL_AGAIN_MS - 1)
  expect(entered).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(entered).toBe(true)
})

test('who gives up while waiting takes no place', async () => {
  const scheduler = new PullScheduler(new ExtraSlots())
  const first = await scheduler.acquire(forEver, false)
  const impatient = new AbortController()
  const second = scheduler.acquire(impatient.signal, false)
  impatient.abort()
  expect(await second).toBeUndefined()
  first?.release()
  expect(await scheduler.acquire(forEver, false)).toBeDefined()
})

test('while one has much to fetch others go on beside it, up to a bound', async () => {
  const scheduler = new PullScheduler(new ExtraSlots())
  const first = await scheduler.acquire(forEver, false)
  const others = Array.from({ length: PULLS_PER_CHAIN }, () => scheduler.acquire(forEver, false))
  expect(scheduler.waiting).toBe(PULLS_PER_CHAIN)
  first?.progress(true)
  expect(scheduler.waiting).toBe(1)
  first?.progress(false)
  ;(await others[0])?.release()
  expect(scheduler.waiting).toBe(1)
  first?.release()
  expect(scheduler.waiting).toBe(1)
})

test('places beside the first are shared by all chains', async () => {
  const extra = new ExtraSlots()
  const schedulers = Array.from({ length: EXTRA_PULLS }, () => new PullScheduler(extra))
  const busy = [...schedulers, new PullScheduler(extra)]
  const firsts = await Promise.all(busy.map((scheduler) => scheduler.acquire(forEver, false)))
  const beside = busy.map((scheduler) => scheduler.acquire(forEver, false))
  for (const first of firsts) first?.progress(true)
  expect(busy.map((scheduler) => scheduler.waiting)).toEqual([...schedulers.map(() => 0), 1])
  ;(await beside[0])?.release()
  firsts.at(-1)?.progress(true)
  expect(busy.at(-1)?.waiting).toBe(0)
})

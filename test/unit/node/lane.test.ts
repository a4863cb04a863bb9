import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Lane } from '../../../src/node/lane.ts'

const forEver = new AbortController().signal

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('one at a time, in order', async () => {
  const lane = new Lane()
  const first = await lane.enter(forEver, false)
  const second = lane.enter(forEver, false)
  expect(lane.waiting).toBe(1)
  first?.end()
  first?.end()
  expect(await second).toBeDefined()
  expect(lane.waiting).toBe(0)
})

test('who makes no progress loses the lane to the next one; who makes some keeps it', async () => {
  const lane = new Lane()
  const first = await lane.enter(forEver, false)
  let entered = false
  const second = lane.enter(forEver, false).then(() => (entered = true))
  await vi.advanceTimersByTimeAsync(2_900)
  first?.progress()
  await vi.advanceTimersByTimeAsync(2_900)
  expect(entered).toBe(false)
  await vi.advanceTimersByTimeAsync(200)
  expect(await second).toBe(true)
  first?.end()
  expect(lane.waiting).toBe(0)
})

test('who failed before is given less time', async () => {
  const lane = new Lane()
  await lane.enter(forEver, true)
  const second = lane.enter(forEver, false)
  await vi.advanceTimersByTimeAsync(400)
  expect(await second).toBeDefined()
})

test('who gives up while waiting takes no place', async () => {
  const lane = new Lane()
  const first = await lane.enter(forEver, false)
  const impatient = new AbortController()
  const second = lane.enter(impatient.signal, false)
  impatient.abort()
  expect(await second).toBeUndefined()
  first?.end()
  expect(await lane.enter(forEver, false)).toBeDefined()
})

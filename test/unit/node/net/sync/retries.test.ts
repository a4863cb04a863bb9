import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Retries } from '../../../../../src/node/net/sync/retries.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function watched(): { retries: Retries; story: string[] } {
  const story: string[] = []
  const retries = new Retries({
    retry: (peer) => story.push(`again ${peer}`),
    giveUp: (peer) => story.push(`gave up ${peer}`),
  })
  return { retries, story }
}

test('each failure doubles the wait; after a success it begins anew', async () => {
  const { retries, story } = watched()
  retries.later('p')
  await vi.advanceTimersByTimeAsync(1_000)
  retries.later('p')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(story).toEqual(['again p'])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(story).toEqual(['again p', 'again p'])
  expect(retries.failedBefore('p')).toBe(true)
  retries.forget('p')
  expect(retries.failedBefore('p')).toBe(false)
  retries.later('p')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(story).toHaveLength(3)
})

test('a peer that failed too often is given up, and nothing is kept waiting after a stop', async () => {
  const { retries, story } = watched()
  for (let n = 0; n < 7; n++) retries.later('p')
  expect(story).toEqual(['gave up p'])
  retries.later('q')
  retries.stop()
  await vi.advanceTimersByTimeAsync(100_000)
  expect(story).not.toContain('again q')
})

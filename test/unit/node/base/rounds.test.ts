/** Rounds that never overlap, go on after a failure, and end with `stop`. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Rounds } from '../../../../src/node/base/rounds.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('the next round waits until the one before has ended, and a failed one is told', async () => {
  const ends: PromiseWithResolvers<undefined>[] = []
  const errors: unknown[] = []
  const rounds = new Rounds({
    delayMs: () => 100,
    run: () => {
      const end = Promise.withResolvers<undefined>()
      ends.push(end)
      return end.promise
    },
    onError: (error) => errors.push(error),
  })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(ends).toHaveLength(1)
  ends[0]?.reject('no room')
  await vi.advanceTimersByTimeAsync(100)
  expect([ends.length, errors]).toEqual([2, ['no room']])
  const stopped = vi.fn()
  const stopping = rounds.stop().then(stopped)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(stopped).not.toHaveBeenCalled()
  expect(rounds.isStopped).toBe(true)
  ends[1]?.resolve(undefined)
  await stopping
  await vi.advanceTimersByTimeAsync(1_000)
  expect(ends).toHaveLength(2)
})

import { expect, test, vi } from 'vitest'
import { EventFeed, SlowReader } from '../../../../../src/node/control/server/event-feed.ts'

const open = (limitBytes = 1000, onEnd?: () => void) => {
  const abort = new AbortController()
  return { abort, feed: new EventFeed<string>({ signal: abort.signal, limitBytes, ...(onEnd && { onEnd }) }) }
}

test('events come in order, whether they wait for the reader or the reader for them', async () => {
  const { feed } = open()
  feed.push('a')
  feed.push('b')
  expect((await feed.next()).value).toBe('a')
  expect((await feed.next()).value).toBe('b')
  const waiting = feed.next()
  feed.push('c')
  expect((await waiting).value).toBe('c')
})

test('beyond the bound everything is dropped, push says so, and reading throws', async () => {
  const onEnd = vi.fn()
  const { feed } = open(10, onEnd)
  expect(feed.push('1234567')).toBe(true)
  expect(feed.push('1')).toBe(false)
  expect(onEnd).toHaveBeenCalledOnce()
  await expect(feed.next()).rejects.toThrow(SlowReader)
})

test('a reader that keeps up never meets the bound', async () => {
  const { feed } = open(10)
  for (let n = 0; n < 100; n++) {
    expect(feed.push('123456')).toBe(true)
    await feed.next()
  }
})

test('after end() what waits is still read; after an abort nothing is', async () => {
  const { feed } = open()
  feed.push('a')
  feed.end()
  expect(feed.push('b')).toBe(false)
  expect((await feed.next()).value).toBe('a')
  expect((await feed.next()).done).toBe(true)

  const onEnd = vi.fn()
  const gone = open(1000, onEnd)
  const waiting = gone.feed.next()
  gone.abort.abort()
  expect((await waiting).done).toBe(true)
  expect(gone.feed.push('c')).toBe(false)
  expect(onEnd).toHaveBeenCalledOnce()
})

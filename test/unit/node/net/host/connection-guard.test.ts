/** Silent connections are closed after a while; a slow line and a busy node do not count as silent. */
import type { Connection } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { endSilentConnections } from '../../../../../src/node/net/host/connection-guard.ts'

const LOOK_MS = 10_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A host with one connection that has received `came` chunks. */
function host(): { came: number | undefined; readonly abort: ReturnType<typeof vi.fn>; readonly libp2p: Libp2p } {
  const abort = vi.fn()
  const connection = { abort } as unknown as Connection
  const libp2p = Object.assign(new EventTarget(), { getConnections: () => [connection] }) as unknown as Libp2p
  const made = { came: 0 as number | undefined, abort, libp2p }
  endSilentConnections(libp2p, () => made.came)
  return made
}

test('what was silent at three looks in a row after it was heard is ended, and not before', () => {
  const { abort } = host()
  vi.advanceTimersByTime(4 * LOOK_MS - 1)
  expect(abort).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(abort).toHaveBeenCalledOnce()
})

test('anything that comes is a sign of life, now and then is enough', () => {
  const made = host()
  for (let n = 0; n < 20; n += 1) {
    vi.advanceTimersByTime(3 * LOOK_MS)
    made.came! += 1
  }
  expect(made.abort).not.toHaveBeenCalled()
})

test('where nobody counts what comes, nothing is ended', () => {
  const made = host()
  made.came = undefined
  vi.advanceTimersByTime(10 * LOOK_MS)
  expect(made.abort).not.toHaveBeenCalled()
})

test('a host that has stopped looks no more', () => {
  const { abort, libp2p } = host()
  libp2p.dispatchEvent(new CustomEvent('stop', { detail: libp2p }))
  vi.advanceTimersByTime(10 * LOOK_MS)
  expect(abort).not.toHaveBeenCalled()
})

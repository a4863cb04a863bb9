/** A peer that connects anew has often lost its other line (spec §9). */
import type { Connection } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { endLeftConnections, SIGN_OF_LIFE_MS } from '../../../../../src/node/net/host/older-connections.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

interface Line {
  readonly connection: Connection
  readonly abort: ReturnType<typeof vi.fn>
  chunks: number | undefined
}

function host(): { connect(): Line; readonly libp2p: Libp2p } {
  const lines: Line[] = []
  const libp2p = Object.assign(new EventTarget(), {
    getConnections: () => lines.map(({ connection }) => connection),
  }) as unknown as Libp2p
  endLeftConnections(libp2p, (connection) => lines.find((line) => line.connection === connection)?.chunks)
  const connect = (): Line => {
    const abort = vi.fn()
    const line: Line = { connection: { abort, status: 'open' } as unknown as Connection, abort, chunks: 7 }
    lines.push(line)
    libp2p.dispatchEvent(new CustomEvent('connection:open', { detail: line.connection }))
    return line
  }
  return { connect, libp2p }
}

test('when another connection opens, an older one that stays silent is ended, and the new one is not', () => {
  const { connect } = host()
  const [old, fresh] = [connect(), connect()]
  vi.advanceTimersByTime(SIGN_OF_LIFE_MS - 1)
  expect(old.abort).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(old.abort).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(10 * SIGN_OF_LIFE_MS)
  expect(fresh.abort).not.toHaveBeenCalled()
})

test('two live connections of one peer stay, and so does one of which nobody counts what comes', () => {
  const { connect } = host()
  const [old, unwatched] = [connect(), connect()]
  unwatched.chunks = undefined
  connect()
  old.chunks = 8
  vi.advanceTimersByTime(SIGN_OF_LIFE_MS)
  expect([old.abort, unwatched.abort].map((abort) => abort.mock.calls.length)).toEqual([0, 0])
})

test('after a stop nothing is ended', () => {
  const { connect, libp2p } = host()
  const [old] = [connect(), connect()]
  libp2p.dispatchEvent(new CustomEvent('stop', { detail: libp2p }))
  vi.advanceTimersByTime(SIGN_OF_LIFE_MS)
  expect(old.abort).not.toHaveBeenCalled()
})

/** Looking a chain up in the DHT (spec §9), and more so while a post of this node waits for a like (spec §5, Lobby). */
import type { PeerId } from '@libp2p/interface'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { DhtProvider } from '../../../../../src/node/net/discovery/dht-provider.ts'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import { SEEK_DIALS, SEEK_EVERY_MS } from '../../../../../src/protocol/newcomer-limits.ts'

const MINUTE_MS = 60_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  pauses.length = 0
})

afterEach(() => {
  vi.useRealTimers()
})

const { pauses } = vi.hoisted(() => ({ pauses: [] as { ms: number; end: () => void }[] }))
vi.mock('../../../../../src/node/base/deadline.ts', async (original) => ({
  ...(await original<object>()),
  pause: (ms: number, signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const end = (): void => resolve(!signal.aborted)
      if (signal.aborted) end()
      else signal.addEventListener('abort', end)
      pauses.push({ ms, end })
    }),
}))

const peer = (n: number): PeerId => ({ toString: () => `p${String(n)}`, equals: () => false }) as unknown as PeerId

/** A network with so many providers; the first of them are connected. */
function network(providers: number, connected: number) {
  const there = new Set(Array.from({ length: connected }, (_, n) => `p${String(n)}`))
  const dialled: string[] = []
  let lookups = 0
  const host = {
    peerId: peer(-1),
    isConnected: (id: string) => there.has(id),
    connections: () => [...there],
    connect: (id: PeerId) => {
      dialled.push(id.toString())
      there.add(id.toString())
      return Promise.resolve({ ok: true, value: id })
    },
    libp2p: {
      peerStore: { merge: () => Promise.resolve() },
      contentRouting: {
        provide: () => Promise.resolve(),
        async *findProviders() {
          lookups += 1
          for (let n = 0; n < providers; n += 1) yield await Promise.resolve({ id: peer(n), multiaddrs: [] })
        },
      },
    },
  } as unknown as Host
  const found: string[] = []
  const provider = new DhtProvider(new Uint8Array(32), { host, log: silentLogger, random: () => 0.5 }, (id) =>
    found.push(id.toString()),
  )
  return { provider, dialled, lookups: () => lookups, found }
}

test('while a post waits, the chain is looked up at once and often, and peers are dialled that are not connected', async () => {
  const { provider, dialled, lookups } = network(100, 40)
  await vi.waitUntil(() => pauses.some(({ ms }) => ms === 5 * MINUTE_MS))
  expect([lookups(), dialled.filter((id) => Number(id.slice(1)) >= 40)]).toEqual([1, []])
  pauses.length = 0
  provider.seek(true)
  await vi.waitUntil(() => pauses.length > 0)
  expect(lookups()).toBe(2)
  expect(dialled.filter((id) => Number(id.slice(1)) >= 40).length).toBeLessThanOrEqual(SEEK_DIALS)
  expect(dialled).toContain('p40')
  expect(pauses.map(({ ms }) => ms)).toEqual([SEEK_EVERY_MS])
  // The next lookup goes on to those that are left, and after the welcome it is as before.
  pauses.splice(0)[0]!.end()
  await vi.waitUntil(() => pauses.length > 0)
  expect(dialled).toContain('p80')
  provider.seek(false)
  pauses.splice(0)[0]!.end()
  await vi.waitUntil(() => pauses.length > 0)
  expect(pauses.map(({ ms }) => ms)).toEqual([5 * MINUTE_MS])
  await provider.stop()
})

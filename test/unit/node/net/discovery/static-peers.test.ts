import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { Discovery } from '../../../../../src/node/net/discovery/discovery.ts'
import { LONGEST_STATIC_DELAY_MS, nextDelayMs } from '../../../../../src/node/net/discovery/redial-backoff.ts'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import { UsefulPeers } from '../../../../../src/node/net/host/useful-peers.ts'
import { checkProperty } from '../../../../support/property.ts'

const chance = fc.double({ min: 0, max: 1, noNaN: true })

test('a delay never exceeds a minute and never falls below half a second, however long a peer is away', () => {
  checkProperty(
    'redial-delay-bounds',
    fc.property(fc.nat({ max: 1_000_000 }), chance, (attempt, random) => {
      const delayMs = nextDelayMs(attempt, () => random)
      expect(delayMs).toBeGreaterThanOrEqual(500)
      expect(delayMs).toBeLessThanOrEqual(60_000)
    }),
  )
})

test('delays double until the cap, and half of each is chance', () => {
  expect([0, 1, 2, 5, 6, 7].map((attempt) => nextDelayMs(attempt, () => 1))).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000,
  ])
  expect([0, 1, 6].map((attempt) => nextDelayMs(attempt, () => 0))).toEqual([500, 1000, 30_000])
  expect(nextDelayMs(1_000, () => 1, LONGEST_STATIC_DELAY_MS)).toBe(30_000)
})

test('a static address whose peer got another key: the new peer is static, for slots as well, and the old one is not', async () => {
  const [before, after] = await Promise.all(
    [1, 2].map(async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))),
  )
  const useful = new UsefulPeers()
  const met = Promise.withResolvers<undefined>()
  const found = [before, after]
  const host = {
    useful,
    isSelf: () => false,
    isConnected: (peer: string) => found.length === 0 && peer === after?.toString(),
    onLanPeer: () => () => undefined,
    onDisconnect: () => () => undefined,
    connect: () => Promise.resolve({ ok: true, value: found.shift() }),
    libp2p: { peerStore: { merge: () => (found.length === 0 ? met.resolve(undefined) : undefined) } },
  } as unknown as Host
  const address = multiaddr('/ip4/192.0.2.1/tcp/8331')
  const modules = { host, log: silentLogger, isLonely: () => false, random: () => 0 }
  const discovery = new Discovery({ dht: false, cachePeers: false, peers: [address] }, modules)
  await discovery.start()
  await met.promise
  const isStatic = [before, after].map((peer) => useful.isStatic(String(peer)))
  expect(isStatic).toEqual([false, true])
  expect([before, after].map((peer) => discovery.isStatic(String(peer)))).toEqual(isStatic)
  await discovery.stop()
})

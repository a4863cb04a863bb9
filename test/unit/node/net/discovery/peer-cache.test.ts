import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MAX_ADDRESSES_PER_PEER,
  MAX_CACHED_PEERS,
  withPeer,
  PeerCache,
} from '../../../../../src/node/net/discovery/peer-cache.ts'
import { checkProperty } from '../../../../support/property.ts'

const ends = (list: readonly string[]): string[] => list.map((address) => address.split('/p2p/')[1] ?? '')

describe('the list of remembered peers', () => {
  test('the peer met last comes first, and its old addresses are gone', () => {
    let list = withPeer([], 'ann', ['/ip4/10.0.0.1/tcp/1'])
    list = withPeer(list, 'bob', ['/ip4/10.0.0.2/tcp/1/p2p/bob'])
    list = withPeer(list, 'ann', ['/ip4/10.0.0.3/tcp/1'])
    expect(list).toEqual(['/ip4/10.0.0.3/tcp/1/p2p/ann', '/ip4/10.0.0.2/tcp/1/p2p/bob'])
  })

  test('a peer without addresses changes nothing', () => {
    expect(withPeer(['/ip4/10.0.0.2/tcp/1/p2p/bob'], 'bob', [])).toEqual(['/ip4/10.0.0.2/tcp/1/p2p/bob'])
  })

  test('it is bounded, as is each peer in it, and holds nothing twice', () => {
    const meetings = fc.array(fc.tuple(fc.nat({ max: 99 }), fc.array(fc.nat({ max: 9 }), { minLength: 1 })), {
      maxLength: 150,
    })
    checkProperty(
      'peer-cache-bounds',
      fc.property(meetings, (met) => {
        let list: string[] = []
        for (const [peer, hosts] of met)
          list = withPeer(
            list,
            `peer${peer}`,
            hosts.map((host) => `/ip4/10.0.0.${host}/tcp/1`),
          )
        expect(list.length).toBeLessThanOrEqual(MAX_CACHED_PEERS)
        expect(new Set(list).size).toBe(list.length)
        const counts = new Map<string, number>()
        for (const peer of ends(list)) counts.set(peer, (counts.get(peer) ?? 0) + 1)
        expect(Math.max(0, ...counts.values())).toBeLessThanOrEqual(MAX_ADDRESSES_PER_PEER)
        const last = met.at(-1)
        if (last !== undefined) expect(ends(list)[0]).toBe(`peer${last[0]}`)
      }),
    )
  })
})

test('a new peer is written at once; a mere change of order only when flushed', async () => {
  const saved: (readonly string[])[] = []
  const peers = new PeerCache({
    load: async () => ['/ip4/10.0.0.1/tcp/1/p2p/ann', '/ip4/10.0.0.2/tcp/1/p2p/bob'],
    save: async (list) => void saved.push(list),
  })
  await peers.load()
  await peers.note('bob', ['/ip4/10.0.0.2/tcp/1'])
  expect(saved).toEqual([])
  await peers.note('cid', ['/ip4/10.0.0.3/tcp/1'])
  expect(saved.map(ends)).toEqual([['cid', 'bob', 'ann']])
  await peers.note('ann', ['/ip4/10.0.0.1/tcp/1'])
  await peers.flush()
  await peers.flush()
  expect(saved.map(ends)).toEqual([
    ['cid', 'bob', 'ann'],
    ['ann', 'cid', 'bob'],
  ])
})

test('a peer that is to be forgotten is, with all its addresses, on disk too', async () => {
  const saved: (readonly string[])[] = []
  const list = ['/ip4/10.0.0.1/tcp/1/p2p/ann', '/ip4/10.0.0.2/tcp/1/p2p/bob', '/ip4/10.0.0.3/tcp/1/p2p/ann']
  const peers = new PeerCache({ load: async () => list, save: async (now) => void saved.push(now) })
  await peers.load()
  await peers.forget('cid')
  expect(saved).toEqual([])
  await peers.forget('ann')
  expect([saved.map(ends), ends(peers.list)]).toEqual([[['bob']], ['bob']])
})

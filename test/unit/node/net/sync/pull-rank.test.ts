/** Ranks of peers, and picking among equals (spec §8, step 3). */
import { expect, test } from 'vitest'
import { inOrderOfRank, pickByGroup, ProvenPeers } from '../../../../../src/node/net/sync/pull-rank.ts'
import { PROVEN_PEERS } from '../../../../../src/protocol/sync-limits.ts'

test('so many peers are remembered to have given something; whose gift is oldest is forgotten', () => {
  const proven = new ProvenPeers()
  for (let n = 0; n < PROVEN_PEERS; n += 1) proven.note(String(n))
  proven.note('0')
  proven.note('one more')
  expect(['0', '1', '2', 'one more'].map((peer) => proven.has(peer))).toEqual([true, false, true, true])
})

test('a group is picked first, then one of it; the ends of the draw are peers, too', () => {
  const all = [...Array.from({ length: 9 }, (_, n) => ({ peer: n, group: 'many' })), { peer: 9, group: 'one' }]
  const drawn = (...draws: number[]): number | undefined => pickByGroup(all, () => draws.shift() ?? 0)?.peer
  expect([drawn(0, 0), drawn(0.49, 0.99), drawn(0.5, 0), drawn(1, 1)]).toEqual([0, 8, 9, 9])
  const nobody: { group: string }[] = []
  expect(pickByGroup(nobody, () => 0)).toBe(undefined)
})

test('in order of rank; an address with one peer is not behind one with fifty', () => {
  const crowd = Array.from(
    { length: 50 },
    (_, n) => ({ id: `sybil ${String(n)}`, rank: 'stranger', group: 'a' }) as const,
  )
  const others = [
    { id: 'honest', rank: 'stranger', group: 'b' },
    { id: 'gave', rank: 'proven', group: 'a' },
    { id: 'friend', rank: 'static', group: 'a' },
  ] as const
  let draws = 0
  const ordered = inOrderOfRank([...crowd, ...others], () => (draws++ % 7) / 7).map(({ id }) => id)
  expect(ordered).toHaveLength(53)
  expect(ordered.slice(0, 2)).toEqual(['friend', 'gave'])
  expect(ordered.indexOf('honest')).toBeLessThan(10)
})

import { expect, test } from 'vitest'
import { ProviderRecords } from '../../../../src/node/storage/provider-records.ts'
import { KAD_PEERS, PROVIDER_RECORDS, PROVIDER_RECORDS_PER_PEER } from '../../../../src/protocol/peer-limits.ts'

const value = new Uint8Array(6)

function fill(records: ProviderRecords, peer: string, count: number): void {
  for (let n = 0; n < count; n++) records.put({ rendezvous: `${peer} ${String(n)}`, peer, value })
}

function countOf(records: ProviderRecords, peer: string): number {
  return [...records.all()].filter((record) => record.peer === peer).length
}

test('a peer has so many records, and a new one takes the place of its oldest', () => {
  const records = new ProviderRecords('self')
  fill(records, 'peer', PROVIDER_RECORDS_PER_PEER + 1)
  expect(countOf(records, 'peer')).toBe(PROVIDER_RECORDS_PER_PEER)
  expect([records.get('peer 0', 'peer'), records.get('peer 1', 'peer')]).toEqual([undefined, value])
})

test('there are so many in all, and the peer with the most makes room', () => {
  const records = new ProviderRecords('self')
  fill(records, 'honest', 10)
  for (let liar = 0; countOf(records, `liar ${String(liar - 1)}`) > 0 || liar === 0; liar++) {
    if (liar > PROVIDER_RECORDS / PROVIDER_RECORDS_PER_PEER + 1) break
    fill(records, `liar ${String(liar)}`, PROVIDER_RECORDS_PER_PEER)
  }
  expect([...records.all()]).toHaveLength(PROVIDER_RECORDS)
  fill(records, 'late', 10)
  expect([countOf(records, 'honest'), countOf(records, 'late')]).toEqual([10, 10])
  expect([...records.all()]).toHaveLength(PROVIDER_RECORDS)
})

test('records of this node are not counted and stay', () => {
  const records = new ProviderRecords('self', { perPeer: 2, inAll: 3 })
  fill(records, 'self', 100)
  for (const peer of ['a', 'b', 'c']) fill(records, peer, 3)
  expect(['self', 'a', 'b', 'c'].map((peer) => countOf(records, peer))).toEqual([100, 1, 1, 1])
})

test('of many providers of one rendezvous some are told, each in its turn', () => {
  const records = new ProviderRecords('self')
  const peers = Array.from({ length: 3 * KAD_PEERS }, (_, n) => `peer ${String(n)}`)
  for (const peer of peers) records.put({ rendezvous: 'chain', peer, value })
  const told = new Set<string>()
  for (let time = 0; time < 1000 && told.size < peers.length; time++) {
    const some = records.of('chain')
    expect(some).toHaveLength(KAD_PEERS)
    for (const { peer } of some) told.add(peer)
  }
  expect(told.size).toBe(peers.length)
})

test('deleting a record, or all of a peer, leaves nothing of it', () => {
  const records = new ProviderRecords('self', { perPeer: 9, inAll: 3 })
  fill(records, 'a', 2)
  records.put({ rendezvous: 'chain', peer: 'b', value })
  records.delete('chain', 'b')
  records.delete('chain', 'b')
  records.deletePeer('a')
  expect([...records.all(), ...records.of('chain')]).toEqual([])
  fill(records, 'c', 3)
  expect(countOf(records, 'c')).toBe(3)
})

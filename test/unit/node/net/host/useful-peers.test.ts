/** What is remembered of peers' use is bounded: peer ids are free. */
import { expect, test } from 'vitest'
import { UsefulPeers } from '../../../../../src/node/net/host/useful-peers.ts'
import { USEFUL_PEERS } from '../../../../../src/protocol/stream-limits.ts'

test('one over the bound, the one that showed itself useful longest ago is forgotten', () => {
  const useful = new UsefulPeers()
  for (let n = 0; n < USEFUL_PEERS; n += 1) {
    useful.noteGave(String(n))
    useful.noteShares(String(n))
  }
  useful.noteGave('0')
  useful.noteShares('0')
  useful.noteGave('new')
  useful.noteShares('new')
  for (const peer of ['0', 'new', '2']) expect([useful.hasGiven(peer), useful.sharesChain(peer)]).toEqual([true, true])
  expect([useful.hasGiven('1'), useful.sharesChain('1')]).toEqual([false, false])
})

test('a peer is static if whoever keeps the static peers says so; before anybody does, none is', () => {
  const useful = new UsefulPeers()
  expect(useful.isStatic('a')).toBe(false)
  const kept = new Set(['a'])
  useful.askWhoIsStatic((peer) => kept.has(peer))
  expect([useful.isStatic('a'), useful.isStatic('b')]).toEqual([true, false])
  kept.delete('a')
  expect(useful.isStatic('a')).toBe(false)
})

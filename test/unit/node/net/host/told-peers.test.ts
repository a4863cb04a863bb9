import { expect, test } from 'vitest'
import { ToldPeers } from '../../../../../src/node/net/host/told-peers.ts'
import {
  DIALS_ASKED,
  DIALS_PER_TARGET,
  DIALS_TOLD,
  DIALS_WANTED,
  TOLD_PEERS,
} from '../../../../../src/protocol/peer-limits.ts'

/** How many of so many dials to different targets go through. */
function dials(told: ToldPeers, peers: readonly string[], isWanted = false, nowMs = 0): number {
  return peers.filter((peer) => told.takeDial({ peer, target: `of ${peer}`, isWanted }, nowMs)).length
}

function named(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${String(n)}`)
}

test('one informant causes so many dials, and others cause theirs meanwhile', () => {
  const told = new ToldPeers(0)
  const fakes = named(100, 'fake')
  for (const fake of fakes) told.note(fake, 'liar', 'public')
  expect(dials(told, fakes)).toBe(DIALS_ASKED.burst)
  told.note('honest', 'friend', 'public')
  expect(dials(told, ['honest'])).toBe(1)
  // The budget fills again, slowly.
  expect(dials(told, fakes, false, 20_000)).toBe(2)
})

test('queries leave the budget for peers that are wanted alone', () => {
  const told = new ToldPeers(0)
  const fakes = named(100, 'fake')
  for (const fake of fakes) told.note(fake, 'liar', 'public')
  expect(dials(told, fakes)).toBe(DIALS_ASKED.burst)
  expect(dials(told, fakes, true)).toBe(DIALS_WANTED.burst)
})

test('many informants together cause no more than so many dials', () => {
  const told = new ToldPeers(0)
  const fakes = named(1000, 'fake')
  for (const fake of fakes) told.note(fake, `liar of ${fake}`, 'public')
  expect(dials(told, fakes)).toBe(DIALS_TOLD.burst)
})

test('one host and port is dialled a few times, whoever is said to be there', () => {
  const told = new ToldPeers(0)
  const fakes = named(100, 'fake')
  for (const fake of fakes) told.note(fake, `liar of ${fake}`, 'public')
  const hits = fakes.filter((peer) => told.takeDial({ peer, target: '20.0.0.1 22', isWanted: true }, 0))
  expect(hits).toHaveLength(DIALS_PER_TARGET.burst)
})

test('a peer that was met pays for its own addresses, whatever others tell of it', () => {
  const told = new ToldPeers(0)
  const fakes = named(100, 'fake')
  for (const fake of [...fakes, 'friend']) told.note(fake, 'liar', 'private')
  told.noteMet('friend')
  expect(told.scopeOf('friend')).toBeUndefined()
  expect(dials(told, fakes)).toBe(DIALS_ASKED.burst)
  told.note('friend', 'liar', 'public')
  expect(dials(told, ['friend'])).toBe(1)
})

test('the narrowest scope of those who told it counts', () => {
  const told = new ToldPeers(0)
  told.note('peer', 'far', 'public')
  told.note('peer', 'near', 'private')
  told.note('peer', 'far again', 'public')
  expect(told.scopeOf('peer')).toBe('private')
})

test('of so many peers it is remembered who told them', () => {
  const told = new ToldPeers(0)
  for (const peer of named(TOLD_PEERS + 1, 'peer')) told.note(peer, 'somebody', 'public')
  expect([told.scopeOf('peer0'), told.scopeOf('peer1')]).toEqual([undefined, 'public'])
})

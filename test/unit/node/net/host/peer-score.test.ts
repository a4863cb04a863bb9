import { expect, test } from 'vitest'
import { PeerScore } from '../../../../../src/node/net/host/peer-score.ts'
import { BAN_AT_POINTS, BAN_MS, POINTS_HALF_LIFE_MS, SCORED_PEERS } from '../../../../../src/protocol/peer-limits.ts'

const PEER = 'peer'

test('the fourth breach in a row bans, and the ban ends by itself', () => {
  const peerScore = new PeerScore()
  const banned = Array.from({ length: BAN_AT_POINTS }, (_, index) => peerScore.penalise(PEER, index * 1000))
  expect(banned).toEqual([false, false, false, true])
  expect(peerScore.isBanned(PEER, BAN_MS)).toBe(true)
  expect(peerScore.isBanned(PEER, BAN_MS + 3000)).toBe(false)
})

test('breaches far apart never add up to a ban: points fade by half', () => {
  const peerScore = new PeerScore()
  for (let count = 0; count < 100; count += 1) expect(peerScore.penalise(PEER, count * POINTS_HALF_LIFE_MS)).toBe(false)
  const nowMs = 99 * POINTS_HALF_LIFE_MS
  expect(peerScore.points(PEER, nowMs + POINTS_HALF_LIFE_MS)).toBeCloseTo(peerScore.points(PEER, nowMs) / 2)
})

test('a clock that steps back adds nothing to what a peer owes', () => {
  const peerScore = new PeerScore()
  peerScore.penalise(PEER, 1_000_000)
  expect(peerScore.points(PEER, 0)).toBe(1)
})

test('thousands of fresh peer ids push the oldest out, not each other', () => {
  const peerScore = new PeerScore()
  for (let index = 0; index < SCORED_PEERS; index += 1) peerScore.ban(`peer${index}`, 0)
  expect(peerScore.isBanned('peer0', 1)).toBe(true)
  peerScore.ban(`peer${SCORED_PEERS}`, 0)
  expect([0, 1, SCORED_PEERS].map((index) => peerScore.isBanned(`peer${index}`, 1))).toEqual([false, true, true])
})

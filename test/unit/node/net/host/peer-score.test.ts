import { expect, test } from 'vitest'
import { Standing } from '../../../../../src/node/net/host/peer-score.ts'
import { BAN_AT_POINTS, BAN_MS, POINTS_HALF_LIFE_MS, STANDINGS } from '../../../../../src/protocol/limits.ts'

const PEER = 'peer'

test('the fourth breach in a row bans, and the ban ends by itself', () => {
  const standing = new Standing()
  const banned = Array.from({ length: BAN_AT_POINTS }, (_, index) => standing.penalise(PEER, index * 1000))
  expect(banned).toEqual([false, false, false, true])
  expect(standing.isBanned(PEER, BAN_MS)).toBe(true)
  expect(standing.isBanned(PEER, BAN_MS + 3000)).toBe(false)
})

test('breaches far apart never add up to a ban: points fade by half', () => {
  const standing = new Standing()
  for (let count = 0; count < 100; count += 1) expect(standing.penalise(PEER, count * POINTS_HALF_LIFE_MS)).toBe(false)
  const nowMs = 99 * POINTS_HALF_LIFE_MS
  expect(standing.points(PEER, nowMs + POINTS_HALF_LIFE_MS)).toBeCloseTo(standing.points(PEER, nowMs) / 2)
})

test('a clock that steps back adds nothing to what a peer owes', () => {
  const standing = new Standing()
  standing.penalise(PEER, 1_000_000)
  expect(standing.points(PEER, 0)).toBe(1)
})

test('thousands of fresh peer ids push the oldest out, not each other', () => {
  const standing = new Standing()
  for (let index = 0; index < STANDINGS; index += 1) standing.ban(`peer${index}`, 0)
  expect(standing.isBanned('peer0', 1)).toBe(true)
  standing.ban(`peer${STANDINGS}`, 0)
  expect([0, 1, STANDINGS].map((index) => standing.isBanned(`peer${index}`, 1))).toEqual([false, true, true])
})

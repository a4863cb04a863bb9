/** How many announcements of a neighbour are read (spec §7), and when it is held against it. */
import { expect, test } from 'vitest'
import {
  ANNOUNCEMENT_FLOOD,
  ANNOUNCEMENTS,
  OWN_ANNOUNCEMENTS,
  RATE_LIMITED_PEERS,
} from '../../../src/protocol/gossip-limits.ts'
import { AnnounceRateLimit, type RateVerdict } from '../../../src/protocol/announce-rate-limit.ts'

/** So many at once, in words and how often. */
function take(pace: AnnounceRateLimit, peer: string, count: number, nowMs = 0): Partial<Record<RateVerdict, number>> {
  const told: Partial<Record<RateVerdict, number>> = {}
  for (let n = 0; n < count; n += 1) {
    const paced = pace.take(peer, nowMs)
    told[paced] = (told[paced] ?? 0) + 1
  }
  return told
}

const { burst, perSecond } = ANNOUNCEMENTS

test('as many as the bound are read, one more is skipped, and other neighbours are read all the same', () => {
  const pace = new AnnounceRateLimit()
  expect(take(pace, 'loud', burst)).toEqual({ read: burst })
  expect(take(pace, 'loud', 1)).toEqual({ skip: 1 })
  expect(take(pace, 'quiet', 1)).toEqual({ read: 1 })
  expect(take(pace, 'loud', perSecond + 1, 1000)).toEqual({ read: perSecond, skip: 1 })
})

test('an hour at the rate that is read is never held against anybody, nor ten times of it', () => {
  const pace = new AnnounceRateLimit()
  for (let second = 1; second <= 3600; second += 1) {
    expect(take(pace, 'busy', perSecond, second * 1000)).toEqual({ read: perSecond })
  }
  for (let second = 1; second <= 600; second += 1) {
    expect(take(pace, 'frantic', 10 * perSecond, second * 1000)).not.toHaveProperty('flood')
  }
})

test('one more than any honest peer sends is a flood, told once and counted anew', () => {
  const pace = new AnnounceRateLimit()
  expect(take(pace, 'flooder', ANNOUNCEMENT_FLOOD.burst)).not.toHaveProperty('flood')
  expect(take(pace, 'flooder', ANNOUNCEMENT_FLOOD.burst)).toMatchObject({ flood: 1 })
  expect(take(pace, 'flooder', 2)).toMatchObject({ flood: 1 })
  expect(take(pace, 'flooder', 1, 1000)).toEqual({ read: 1 })
})

test('what goes out from here leaves room at the other end for what is passed on', () => {
  expect(2 * OWN_ANNOUNCEMENTS.burst).toBeLessThanOrEqual(burst)
  expect(2 * OWN_ANNOUNCEMENTS.perSecond).toBeLessThanOrEqual(perSecond)
})

test('of thousands of peer ids the one longest silent is forgotten', () => {
  const pace = new AnnounceRateLimit()
  take(pace, 'first', burst)
  for (let n = 1; n < RATE_LIMITED_PEERS; n += 1) pace.take(`peer${String(n)}`, 0)
  expect(take(pace, 'first', 1)).toEqual({ skip: 1 })
  for (let n = 0; n < RATE_LIMITED_PEERS; n += 1) pace.take(`other${String(n)}`, 0)
  expect(take(pace, 'first', 1)).toEqual({ read: 1 })
})

/** Who has a chain, as far as peers have shown it (spec §7). */
import { expect, test } from 'vitest'
import { Sharers } from '../../../../../src/node/net/sync/sharers.ts'
import { ASK_AGAIN_MS, SHARERS_PER_CHAIN } from '../../../../../src/protocol/sync-limits.ts'

test('who showed the chain is a sharer until it says that it has not got it, and then is not asked for a while', () => {
  const sharers = new Sharers()
  sharers.note('ann', { comparedMs: 5 })
  expect([sharers.has('ann'), sharers.comparedMs('ann'), sharers.hasGiven('ann')]).toEqual([true, 5, false])
  sharers.note('ann', { hasGiven: true })
  sharers.note('ann')
  expect([sharers.comparedMs('ann'), sharers.hasGiven('ann')]).toEqual([5, true])
  sharers.noteLacking('ann', 100)
  expect([sharers.has('ann'), sharers.isLacking('ann', 100 + ASK_AGAIN_MS - 1)]).toEqual([false, true])
  expect(sharers.isLacking('ann', 100 + ASK_AGAIN_MS)).toBe(false)
})

test('who subscribes to the topic, or opens the chain here, is asked again at once', () => {
  const sharers = new Sharers()
  sharers.noteLacking('ann', 0)
  sharers.noteSubscribed('ann')
  expect([sharers.has('ann'), sharers.isLacking('ann', 1)]).toEqual([false, false])
  sharers.noteLacking('ann', 0)
  sharers.note('ann')
  expect([sharers.has('ann'), sharers.isLacking('ann', 1)]).toEqual([true, false])
})

test('peers under ever new ids push out each other, and none that gave something', () => {
  const sharers = new Sharers()
  sharers.note('ann', { hasGiven: true })
  for (let n = 0; n <= SHARERS_PER_CHAIN; n += 1) sharers.note(`peer ${String(n)}`)
  expect(sharers.list()).toHaveLength(SHARERS_PER_CHAIN)
  expect([sharers.has('ann'), sharers.has('peer 0'), sharers.has('peer 1'), sharers.has('peer 2')]).toEqual([
    true,
    false,
    false,
    true,
  ])
  for (let n = 0; n <= SHARERS_PER_CHAIN; n += 1) sharers.note(`giver ${String(n)}`, { hasGiven: true })
  expect(sharers.list()).toHaveLength(SHARERS_PER_CHAIN)
  expect(sharers.has('ann')).toBe(false)
})

test('of peers that lack the chain, so many are remembered: the rest is asked again sooner', () => {
  const sharers = new Sharers()
  for (let n = 0; n <= SHARERS_PER_CHAIN; n += 1) sharers.noteLacking(`peer ${String(n)}`, 0)
  expect([sharers.isLacking('peer 0', 1), sharers.isLacking('peer 1', 1)]).toEqual([false, true])
})

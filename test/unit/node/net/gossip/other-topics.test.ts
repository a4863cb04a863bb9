/** Topics of neighbours that nobody here follows (spec §7): each has a share, and there is one for all beyond that. */
import { expect, test } from 'vitest'
import { OtherTopics } from '../../../../../src/node/net/gossip/other-topics.ts'
import { OTHER_TOPICS, OTHER_TOPICS_PER_PEER } from '../../../../../src/protocol/gossip-limits.ts'

/** How many of so many are taken. */
function taken(topics: OtherTopics, peer: string, count: number): number {
  let accepted = 0
  for (let n = 0; n < count; n += 1) if (topics.add(peer)) accepted += 1
  return accepted
}

test('one peer may have its share and all that is for everybody, and then not one more', () => {
  const topics = new OtherTopics()
  const most = OTHER_TOPICS_PER_PEER + OTHER_TOPICS
  expect(taken(topics, 'greedy', most)).toBe(most)
  expect(topics.add('greedy')).toBe(false)
  topics.remove('greedy')
  expect(taken(topics, 'greedy', 2)).toBe(1)
})

test('who took all leaves the others their shares, and gives back when it is gone', () => {
  const topics = new OtherTopics()
  taken(topics, 'greedy', OTHER_TOPICS_PER_PEER + OTHER_TOPICS)
  expect(taken(topics, 'late', OTHER_TOPICS_PER_PEER + 1)).toBe(OTHER_TOPICS_PER_PEER)
  topics.forget('greedy')
  expect(topics.add('late')).toBe(true)
  expect(topics.count('late')).toBe(OTHER_TOPICS_PER_PEER + 1)
})

test('what was never counted cannot be given back', () => {
  const topics = new OtherTopics()
  topics.remove('liar')
  topics.forget('liar')
  expect(topics.count('liar')).toBe(0)
})

/** What came since a reader looked (spec §10). */
import { expect, test } from 'vitest'
import { newsOf } from '../../../../src/node/api/news.ts'
import { METHODS } from '../../../../src/node/control/schema.ts'
import { showId } from '../../../../src/dag/ids.ts'
import { author, like, post } from '../../../support/blocks.ts'
import { takeIn } from '../../../support/replicas.ts'
import { ANN, BOB, CID, forumOf, openForumReplica, says, THEN_MS } from '../../../support/forum-replicas.ts'

test('posts that are not under the cursor, however old they say they are; none made here, voted, or of those left out', async () => {
  const forum = forumOf(7)
  const on = await openForumReplica(forum)
  const first = post(forum, { author: ANN, time: THEN_MS })
  const bobs = post(forum, { author: BOB, time: THEN_MS + 9, backs: [first.block] })
  await takeIn(on, [first, bobs])
  const seen = newsOf(on.replica, {})
  expect(seen).toMatchObject({ name: '#forum', posts: 2, first: true, ids: { length: 2 } })
  const from = { '#forum': seen.heads }
  expect(newsOf(on.replica, { from })).toEqual({ name: '#forum', heads: seen.heads, posts: 0, ids: [] })
  const old = post(forum, { author: CID, time: THEN_MS + 1, backs: [first.block] })
  await takeIn(on, [old, like(forum, 1, bobs.block, { author: ANN, backs: [bobs.block] })])
  await says(on, ANN, 'mine')
  const news = newsOf(on.replica, { from })
  expect(news).toMatchObject({ posts: 1, ids: [showId(2, old.block.id)] })
  expect(METHODS['chains.news'].result.parse([news])).toEqual([news])
  expect(newsOf(on.replica, { from, without: [author(CID).author.toLowerCase()] })).toMatchObject({ posts: 0, ids: [] })
  expect(newsOf(on.replica, { from, last: 0 })).toMatchObject({ posts: 1, ids: [] })
  expect(newsOf(on.replica, { from: { '#forum': ['9_ABCDEF'] } }).first).toBe(true)
})

/** Pages of `chain.blocks` (spec §10): the work of a call, and held posts; what they find is in `test/property/pages.test.ts`. */
import { describe, expect, test } from 'vitest'
import { pageOf } from '../../../../src/node/api/block-page.ts'
import { METHODS } from '../../../../src/node/control/schema.ts'
import { author, chain, post } from '../../../support/blocks.ts'
import { openReplica, takeIn } from '../../../support/replicas.ts'
import {
  ANN,
  BOB,
  forumOf,
  indexOf,
  NED,
  NIA,
  openForumReplica,
  says,
  THEN_MS,
} from '../../../support/forum-replicas.ts'

test('a call reads so many headers and looks at so many blocks, whatever it finds, and says where the next goes on', async () => {
  const group = chain('$busy', '09'.repeat(32))
  const on = await openReplica(group)
  const line = [post(group, { author: BOB, time: THEN_MS })]
  while (line.length < 50) {
    line.push(
      post(group, { author: ANN, time: THEN_MS + line.length, backs: line.slice(-1).map(({ block }) => block) }),
    )
  }
  await takeIn(on, line)
  const limits = { lookedAt: 40, headersRead: 10 }
  let read = 0
  const block = on.replica.block.bind(on.replica)
  on.replica.block = (index) => {
    read += 1
    return block(index)
  }
  const pictures = await pageOf(on.replica, { atMost: 10, type: 'image/*' }, limits)
  expect([read, pictures]).toEqual([10, { blocks: [], next: 50 - 10 + 1 }])
  const ofBob = await pageOf(on.replica, { atMost: 10, author: author(BOB).author }, limits)
  expect([read, ofBob]).toEqual([10, { blocks: [], next: 50 - 40 + 1 }])
  const next = await pageOf(on.replica, { atMost: 10, author: author(BOB).author, before: ofBob.next ?? 0 }, limits)
  expect(next).toEqual({ blocks: [1] })
})

describe('held posts', () => {
  const forum = forumOf(7)

  test('that pass are behind the first page, and on no other', async () => {
    const on = await openForumReplica(forum)
    const first = post(forum, { author: ANN, time: THEN_MS })
    await takeIn(on, [first, post(forum, { author: ANN, time: THEN_MS + 1, backs: [first.block] })])
    const ned = indexOf(on, (await says(on, NED, 'may I?')).id)
    await says(on, NIA, 'and I?')
    expect(await pageOf(on.replica, { atMost: 1, author: author(NED).author })).toEqual({ blocks: [ned] })
    const page = await pageOf(on.replica, { atMost: 1 })
    expect([page.blocks.length, page.blocks[0], page.next]).toEqual([2, 2, 2])
    expect(await pageOf(on.replica, { atMost: 1, before: 2 })).toEqual({ blocks: [1] })
    expect(await pageOf(on.replica, { atMost: 5, until: THEN_MS })).toEqual({ blocks: [1] })
  })
})

test('filters and a cursor belong to pages', () => {
  const { params } = METHODS['chain.blocks']
  expect(params.safeParse({ chain: '#a', page: 1000, before: '1_AB', since: 0, type: 'image/*' }).success).toBe(true)
  for (const wrong of [
    { page: 1001 },
    { page: 0 },
    { page: 1, last: 1 },
    { last: 1, since: 0 },
    { ids: [], before: 'x' },
  ])
    expect(params.safeParse({ chain: '#a', ...wrong }).success).toBe(false)
})

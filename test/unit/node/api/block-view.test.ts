/** What `chain.get` says of a post that is hidden (spec §4, §10), and what its author is told who cannot take it back yet. */
import { expect, test } from 'vitest'
import { blockView, openPayload } from '../../../../src/node/api/block-view.ts'
import { listBlocks } from '../../../../src/node/api/chain-blocks.ts'
import { controlErrorOf } from '../../../../src/node/api/fault-reports.ts'
import { METHODS } from '../../../../src/node/control/schema.ts'
import type { BlockView } from '../../../../src/node/control/shapes.ts'
import type { BlockId } from '../../../../src/dag/ids.ts'
import { author, chain, must, post } from '../../../support/blocks.ts'
import { DAY } from '../../../support/economy.ts'
import { takeIn } from '../../../support/replicas.ts'
import {
  ANN,
  BOB,
  forumOf,
  indexOf,
  NED,
  openForumReplica,
  says,
  THEN_MS,
  votes,
  type ForumReplica,
} from '../../../support/forum-replicas.ts'

const forum = forumOf(1)
const first = post(forum, { author: ANN, time: THEN_MS, payload: 'first' })

async function viewOf(on: ForumReplica, id: BlockId): Promise<BlockView> {
  const index = indexOf(on, id)
  return blockView(on.replica, index, await on.replica.block(index), on.clock)
}

async function payloadOf(on: ForumReplica, id: BlockId): Promise<string> {
  const index = indexOf(on, id)
  return (await openPayload(on.replica, index, await on.replica.block(index), undefined)).toString()
}

test('a newcomer takes his post back when he has a rep, and is told so before', async () => {
  const on = await openForumReplica(forum)
  await takeIn(on, [first])
  const said = await says(on, NED, 'I did not mean it')
  must(await votes(on, ANN, 1, said.id))
  const refused = await votes(on, NED, -1, said.id)
  expect(refused).toEqual({ ok: false, fault: { code: 'REP_NO_REPS', reps: 0, isTakingBack: true } })
  if (!refused.ok) expect(controlErrorOf(refused.fault).message).toContain('at most a day after the welcome')
  expect(await viewOf(on, said.id)).toMatchObject({ state: 'accepted' })
  expect(await viewOf(on, said.id)).not.toHaveProperty('takenBack')
  on.clock.set(on.clock.nowMs() + DAY)
  must(await votes(on, NED, -1, said.id))
  expect(await viewOf(on, said.id)).toMatchObject({
    state: 'hidden',
    reps: 0,
    why: 'taken back by its author',
    takenBack: true,
  })
})

test('what is taken back is not taken back again: that would cost a rep and change nothing', async () => {
  const on = await openForumReplica(forum)
  await takeIn(on, [first])
  const said = await says(on, ANN, 'I did not mean it')
  must(await votes(on, ANN, -1, said.id))
  const reps = on.replica.state.repsOf(author(ANN).author, on.clock.nowMs())
  expect(await votes(on, ANN, -1, said.id)).toEqual({ ok: false, fault: { code: 'REP_TAKEN_BACK' } })
  expect(on.replica.state.repsOf(author(ANN).author, on.clock.nowMs())).toBe(reps)
})

test('nothing gives away what was taken back; likes do not bring it back', async () => {
  const on = await openForumReplica(forum)
  await takeIn(on, [first])
  must(await votes(on, ANN, -1, first.block.id))
  const listed = await listBlocks(on.replica, { last: 2, payloadBytes: 100 }, on.clock)
  expect(listed[0]).toMatchObject({ takenBack: true, content: { is: 'hidden' } })
  expect(METHODS['chain.blocks'].result.parse(JSON.parse(JSON.stringify(listed)))).toEqual(listed)
  await expect(payloadOf(on, first.block.id)).rejects.toMatchObject({ code: 'payload-hidden' })
  await expect(payloadOf(on, first.block.id)).rejects.toThrow('is not shown: the post is taken back by its author')
})

test('in a group, by who signed it', async () => {
  const group = chain('$group', 'AB'.repeat(32))
  const on = await openForumReplica(group)
  const said = await says(on, BOB, 'among us')
  must(await votes(on, ANN, -1, said.id))
  expect([(await viewOf(on, said.id)).state, await payloadOf(on, said.id)]).toEqual(['accepted', 'among us'])
  must(await votes(on, BOB, -1, said.id))
  expect(await viewOf(on, said.id)).toMatchObject({ state: 'hidden', why: 'taken back by its author' })
})

test('what dislikes hid says how many there are, and that likes bring it back', async () => {
  const on = await openForumReplica(forumOf(7))
  const shout = await says(on, ANN, 'SHOUT')
  for (const by of [2, 3, 4, 5, 6]) must(await votes(on, by, -1, shout.id))
  const { state, why } = await viewOf(on, shout.id)
  expect([state, why]).toEqual(['hidden', expect.stringContaining('likes can bring it back')])
  expect(await viewOf(on, shout.id)).not.toHaveProperty('takenBack')
})

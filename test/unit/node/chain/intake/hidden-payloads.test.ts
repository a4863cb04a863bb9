/**
 * Hidden posts (spec §4, rule 3.b) where their payloads are not kept aside: these are deleted at once, here and in the store,
 * and fetched when the posts come back. `kept-aside.test.ts` has the rest.
 */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import type { Chain } from '../../../../../src/dag/chain.ts'
import { readPayload } from '../../../../../src/node/chain/payloads.ts'
import { author, chain, like, post } from '../../../../support/blocks.ts'
import { DAY } from '../../../../support/economy.ts'
import { takeIn } from '../../../../support/replicas.ts'
import {
  ANN,
  forumOf,
  idsOf,
  indexOf,
  NED,
  openOnDisk,
  openForumReplica,
  reopened,
  stands,
  THEN_MS,
  told,
  votes,
  welcomed,
  type ForumReplica,
} from '../../../../support/forum-replicas.ts'

const AT_ONCE = { keepHiddenMs: 0 }

/** Four reps each. */
const forum = forumOf(7)
const shout = post(forum, { author: ANN, time: THEN_MS, payload: 'something that nobody wants to read' })

/** Votes by authors, each on the one before. */
function votesOn(of: Chain, target: MadeBlock, on: MadeBlock, n: 1 | -1, ...authors: readonly number[]): MadeBlock[] {
  const line: MadeBlock[] = []
  for (const by of authors) line.push(like(of, n, target.block, { author: by, backs: [(line.at(-1) ?? on).block] }))
  return line
}

const dislikes = votesOn(forum, shout, shout, -1, 2, 3, 4, 5, 6)
const lastDislike = dislikes.at(-1) ?? shout

interface Look {
  readonly isHidden: boolean
  readonly isHere: boolean
  readonly isMissing: boolean
}

async function look(on: ForumReplica, { block }: MadeBlock): Promise<Look> {
  const index = indexOf(on, block.id)
  return {
    isHidden: on.replica.state.isHidden(index),
    isHere: (await on.store.frame(block.id, 0)) !== undefined,
    isMissing: on.replica.missing.has(index),
  }
}

const SHOWN: Look = { isHidden: false, isHere: true, isMissing: false }
const HIDDEN: Look = { isHidden: true, isHere: false, isMissing: false }
const WANTED: Look = { isHidden: false, isHere: false, isMissing: true }

async function forumReplica(...lists: readonly MadeBlock[][]): Promise<ForumReplica> {
  const on = await openForumReplica(forum, AT_ONCE)
  for (const list of lists) await takeIn(on, list)
  told(on)
  return on
}

describe('§4 a post with 5 paid dislikes, and twice as many as its paid likes', () => {
  test('is hidden: its payload is deleted, not asked for; its header stays, and it is told of', async () => {
    const on = await forumReplica([shout], dislikes.slice(0, 4))
    expect(await look(on, shout)).toEqual(SHOWN)
    const { bytes } = on.replica
    await takeIn(on, [lastDislike])
    const { headerBytes, signature } = lastDislike.block
    const added = headerBytes.byteLength + (signature?.byteLength ?? 0)
    expect(await look(on, shout)).toEqual(HIDDEN)
    expect(on.replica.bytes).toBe(bytes + added - shout.payload.byteLength)
    expect([stands(on, shout), (await on.replica.block(1)).id]).toEqual(['paid', shout.block.id])
    expect(told(on)).toEqual([
      ['like', lastDislike.block.id],
      ['hidden', shout.block.id],
    ])
  })

  test('stays hidden after a restart, on the disk too', async () => {
    const disk = await openOnDisk(forum)
    const on = await openForumReplica(forum, { store: disk.store, ...AT_ONCE })
    await takeIn(on, [shout])
    await takeIn(on, dislikes)
    const { bytes } = on.replica
    await on.replica.close()
    const again = await openForumReplica(forum, { store: await disk.reopen(), ...AT_ONCE })
    expect([await look(again, shout), again.replica.bytes]).toEqual([HIDDEN, bytes])
  })

  test('hidden in the batch in which it came, it was never stored', async () => {
    const [at, once] = [await forumReplica([shout], dislikes), await forumReplica([shout, ...dislikes])]
    expect(await look(once, shout)).toEqual(HIDDEN)
    expect(once.replica.bytes).toBe(at.replica.bytes)
    expect(await look(await reopened(once), shout)).toEqual(HIDDEN)
  })

  test('is not looked for if its payload has not come yet', async () => {
    const on = await openForumReplica(forum, AT_ONCE)
    await on.replica.ingest([{ block: shout.block, payload: 'missing' }], 'pull')
    expect(await look(on, shout)).toEqual(WANTED)
    const { bytes } = on.replica
    await takeIn(on, dislikes.slice(0, 4))
    const headers = on.replica.bytes - bytes
    await takeIn(on, [lastDislike])
    expect([await look(on, shout), on.replica.bytes]).toEqual([HIDDEN, bytes + (headers / 4) * 5])
    expect((await reopened(on)).replica.missing.size).toBe(0)
  })

  test('takes no payload that arrives while it is hidden', async () => {
    const on = await openForumReplica(forum, AT_ONCE)
    await on.replica.ingest([{ block: shout.block, payload: 'missing' }], 'pull')
    await on.store.putFrame(shout.block.id, 0, shout.payload)
    await takeIn(on, dislikes)
    const { bytes } = on.replica
    await on.replica.payloadArrived(indexOf(on, shout.block.id), shout.payload.byteLength)
    expect([await look(on, shout), on.replica.bytes]).toEqual([HIDDEN, bytes])
  })

  test('an empty one has nothing to delete, and nothing to fetch when it comes back', async () => {
    const empty = post(forum, { author: ANN, time: THEN_MS, payload: '' })
    const against = votesOn(forum, empty, empty, -1, 2, 3, 4, 5, 6)
    const on = await forumReplica([empty], against)
    expect([on.replica.state.isHidden(1), on.replica.missing.size]).toEqual([true, 0])
    await takeIn(on, votesOn(forum, empty, against.at(-1) ?? empty, 1, 2, 3, 4))
    expect([on.replica.state.isHidden(1), on.replica.missing.size]).toEqual([false, 0])
  })
})

describe('§4 only paid votes count', () => {
  test('dislikes of authors without reps hide nothing', async () => {
    const strangers = [101, 102, 103, 104, 105, 106].map((by) =>
      like(forum, -1, shout.block, { author: by, backs: [shout.block] }),
    )
    const on = await forumReplica([shout, ...strangers])
    expect([on.replica.blocks, await look(on, shout)]).toEqual([1, SHOWN])
    expect(await votes(on, NED, -1, shout.block.id)).toMatchObject({ fault: { code: 'REP_NO_REPS' } })
  })

  test('a post that was hidden by a dislike that is withdrawn is wanted again', async () => {
    const poor = forumOf(30)
    const target = post(poor, { author: ANN, time: THEN_MS })
    const line = votesOn(poor, target, target, -1, 2, 3, 4, 5)
    const below = (line.at(-1) ?? target).block
    const fifth = like(poor, -1, target.block, { author: 6, backs: [below], time: THEN_MS + 1 })
    const on = await openForumReplica(poor, AT_ONCE)
    await takeIn(on, [target, ...line, fifth])
    expect(await look(on, target)).toEqual(HIDDEN)
    await takeIn(on, [post(poor, { author: 6, backs: [below], payload: 'I was elsewhere' })])
    expect([stands(on, fifth), await look(on, target)]).toEqual(['surplus', WANTED])
    expect(await look(await reopened(on), target)).toEqual(WANTED)
  })
})

describe('§4 likes can bring it back', () => {
  test('with less than twice as many dislikes as likes its payload is wanted, and kept when it comes', async () => {
    const on = await forumReplica([shout], dislikes)
    const likes = votesOn(forum, shout, lastDislike, 1, 2, 3, 4)
    await takeIn(on, likes.slice(0, 2))
    expect(await look(on, shout)).toEqual(HIDDEN)
    await takeIn(on, likes.slice(2))
    expect(await look(on, shout)).toEqual(WANTED)
    const again = await reopened(on)
    expect(await look(again, shout)).toEqual(WANTED)
    const { bytes } = again.replica
    await again.store.putFrame(shout.block.id, 0, shout.payload)
    await again.replica.payloadArrived(indexOf(again, shout.block.id), shout.payload.byteLength)
    expect([await look(again, shout), again.replica.bytes]).toEqual([SHOWN, bytes + shout.payload.byteLength])
    expect(await readPayload(again.replica, shout.block)).toEqual(shout.payload)
    expect(await look(await reopened(again), shout)).toEqual(SHOWN)
  })

  test('hidden and shown in one batch, it keeps its payload or is wanted', async () => {
    const likes = votesOn(forum, shout, lastDislike, 1, 2, 3, 4)
    const [whole, known] = [await forumReplica([shout, ...dislikes, ...likes]), await forumReplica([shout])]
    await takeIn(known, [...dislikes, ...likes])
    expect([await look(whole, shout), await look(known, shout)]).toEqual([SHOWN, SHOWN])
    expect(known.replica.bytes).toBe(whole.replica.bytes)
  })

  test('and dislikes hide it anew, with what had come', async () => {
    const likes = votesOn(forum, shout, lastDislike, 1, 2, 3, 4)
    const on = await forumReplica([shout], dislikes, likes)
    await on.store.putFrame(shout.block.id, 0, shout.payload)
    await on.replica.payloadArrived(1, shout.payload.byteLength)
    await takeIn(on, votesOn(forum, shout, likes.at(-1) ?? shout, -1, 7))
    expect(await look(on, shout)).toEqual(HIDDEN)
  })
})

describe("§4 the owner's posts in @ and posts in groups are never hidden", () => {
  test('in a group', async () => {
    const group = chain('$group', 'AB'.repeat(32))
    const said = post(group, { author: ANN, payload: 'among us' })
    const on = await openForumReplica(group, AT_ONCE)
    await takeIn(on, [said, ...votesOn(group, said, said, -1, 2, 3, 4, 5, 6, 7)])
    expect([on.replica.blocks, on.replica.state.repsOfPost(1), await look(on, said)]).toEqual([7, -6, SHOWN])
  })

  test("the owner's in @; those of guests are", async () => {
    const owned = chain(`@${author(ANN).author}`)
    const said = post(owned, { author: ANN, time: THEN_MS })
    const on = await openForumReplica(owned, AT_ONCE)
    let head = said
    await takeIn(on, [said])
    for (const guest of [101, 102, 103, 104, 105, 106]) {
      const pair = welcomed(owned, ANN, guest, [head])
      await takeIn(on, pair)
      head = pair[1]
    }
    const day = post(owned, { author: ANN, backs: [head.block], time: THEN_MS + DAY })
    const guestsPost = post(owned, { author: 106, backs: [day.block] })
    const onOwner = votesOn(owned, said, guestsPost, -1, 101, 102, 103, 104, 105)
    await takeIn(on, [day, guestsPost, ...onOwner])
    expect([on.replica.state.repsOfPost(indexOf(on, said.block.id)), await look(on, said)]).toEqual([-5, SHOWN])
    const guestHead = onOwner.at(-1) ?? day
    const onGuest = votesOn(owned, guestsPost, guestHead, -1, ANN, ANN, 101, 102, 103)
    await takeIn(on, onGuest)
    expect(await look(on, guestsPost)).toEqual(HIDDEN)
    expect(idsOf(on, on.replica.missing)).toEqual([])
  })
})

/**
 * A post must always be possible (spec §5, *Posting*): also where heads that are accepted here cannot be linked together. And
 * a vote made here counts, or is refused.
 */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../src/dag/block.ts'
import { author, like, must, post } from '../../../support/blocks.ts'
import { MINUTE } from '../../../support/economy.ts'
import { takeIn } from '../../../support/replicas.ts'
import {
  allStand,
  forumOf,
  indexOf,
  openForumReplica,
  reps,
  says,
  stands,
  THEN_MS,
  votes,
} from '../../../support/forum-replicas.ts'
import type { ForumReplica } from '../../../support/forum-replicas.ts'

/** Fifteen authors with two reps each. */
const forum = forumOf(15)
const [XAN, YVE, ZOE, WIM, BEA] = [1, 2, 3, 4, 15]
const at = (by: number, ms: number, ...backs: readonly MadeBlock[]) => ({
  author: by,
  time: THEN_MS + ms,
  backs: backs.map(({ block }) => block),
  payload: `by ${String(by)} at ${String(ms)}`,
})

/**
 *                 ┌ x1                          the lowest of 17 heads; with it, neither x2 nor x3 is paid
 *   base ◄─ p ◄───┼ x2 ◄ y2 ◄ like ◄ x3 ◄ y3    Yve stands on both
 *                 ├ like ◄ x4                   paid beside x1; beside x2 and x3 it is not
 *   base ◄────────┴ 14 more
 */
const base = post(forum, at(BEA, 0))
const p = post(forum, at(XAN, 1, base))
const x1 = post(forum, at(XAN, 2, p))
const x2 = post(forum, at(XAN, 3, p))
const y2 = post(forum, at(YVE, 4, x2))
const l3 = like(forum, 1, p.block, at(ZOE, 5, y2))
const x3 = post(forum, at(XAN, 6, l3))
const y3 = post(forum, at(YVE, 7, x3))
const l4 = like(forum, 1, p.block, at(WIM, 8, p))
const x4 = post(forum, at(XAN, 9, l4))
const many = Array.from({ length: 14 }, (_, n) => post(forum, at(5 + (n >> 1), 20 + n, base)))

async function crowded(): Promise<ForumReplica> {
  const on = await openForumReplica(forum)
  await takeIn(on, [base, p, x1, x2, y2, l3, x3, y3, l4, x4, ...many])
  expect(allStand(on, x1, x2, x3, x4)).toBe('paid unpaid unpaid paid')
  expect(on.replica.graph.heads()).toHaveLength(17)
  return on
}

async function backsOf(on: ForumReplica, posted: { readonly id: MadeBlock['block']['id'] }): Promise<string[]> {
  const { header } = await on.replica.block(indexOf(on, posted.id))
  return [...header.backs].sort()
}

const idsOf = (made: readonly MadeBlock[]) => made.map(({ block }) => block.id).sort()

describe('where a head cannot be linked beside the others', () => {
  test('it is left out, and the post is accepted; the next one links it', async () => {
    const on = await crowded()
    const made = await says(on, BEA, 'all the same')
    expect([made.state, await backsOf(on, made)]).toEqual(['accepted', idsOf([y3, ...many])])
    const next = await says(on, 12, 'and all')
    expect(await backsOf(on, next)).toEqual([...idsOf([x1, x4]), made.id].sort())
  })

  test('a dislike of it is refused, and leaves nothing behind; a like lets it in as it would a held one', async () => {
    const on = await crowded()
    const outcome = await votes(on, BEA, -1, x4.block.id)
    expect(outcome).toEqual({ ok: false, fault: expect.objectContaining({ code: 'DAG_BAD_LIKE' }) as unknown })
    expect(on.replica.graph.heads()).toHaveLength(17)
    const liked = must(await votes(on, BEA, 1, x4.block.id))
    expect(await backsOf(on, liked)).toEqual(idsOf([x4, y3, ...many]))
  })

  test('one’s own goes too, if it alone is in the way', async () => {
    const on = await crowded()
    expect(await backsOf(on, await says(on, XAN, 'mine'))).toEqual(idsOf([y3, ...many]))
  })
})

test('a vote that would be accepted and not count here is refused, and leaves nothing behind', async () => {
  const on = await openForumReplica(forum, { nowMs: THEN_MS + MINUTE })
  const ned = 101
  const guest = post(forum, at(ned, 1, base))
  const welcome = like(forum, 1, guest.block, at(WIM, 2, base, guest))
  const again = like(forum, 1, guest.block, at(WIM, 3, welcome))
  // Xan dislikes Ned's post, and is below zero by what others did then: Xan's head is not linked.
  const said = post(forum, at(XAN, 2, base))
  const dislikes = [5, 6].flatMap((by) => {
    const one = like(forum, -1, said.block, at(by, 5, said))
    return [one, like(forum, -1, said.block, at(by, 6, one))]
  })
  const dislike = like(forum, -1, guest.block, at(XAN, 4, again, said))
  await takeIn(on, [base, guest, welcome, again, said, ...dislikes, dislike])
  expect([stands(on, dislike), reps(on, XAN) < 0, reps(on, ned)]).toEqual(['paid', true, 0])
  const before = on.replica.graph.acceptedCount
  // What a vote of Ned's would link says that there is a rep.
  const linked = [again, ...dislikes].map(({ block }) => indexOf(on, block.id))
  expect(on.replica.state.kOf({ author: author(ned).author, backs: linked, time: THEN_MS + MINUTE })).toBe(1)
  const outcome = await votes(on, ned, 1, base.block.id)
  expect(outcome).toEqual({ ok: false, fault: { code: 'REP_NO_REPS', reps: 0 } })
  expect(on.replica.graph.acceptedCount).toBe(before)
})

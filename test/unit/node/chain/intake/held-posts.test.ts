/** Posts made here that nobody pays for yet (spec §5, *Held*): how they wait, how they get out, and how they go. */
import { describe, expect, test, vi } from 'vitest'
import { MAX_AHEAD_MS } from '../../../../../src/dag/block-limits.ts'
import type { BlockId } from '../../../../../src/dag/ids.ts'
import { isForPeers } from '../../../../../src/node/chain/intake/chain-events.ts'
import type { Posted } from '../../../../../src/node/chain/posting.ts'
import { clockTime } from '../../../../../src/node/base/clock-time.ts'
import { nextRepsMs } from '../../../../../src/reputation/explain.ts'
import { post } from '../../../../support/blocks.ts'
import { DAY, HOUR } from '../../../../support/economy.ts'
import { NOW_MS, takeIn, viewOf } from '../../../../support/replicas.ts'
import {
  allStand,
  ANN,
  BOB,
  forumOf,
  hears,
  idsOf,
  indexOf,
  madeHere,
  NED,
  NIA,
  openOnDisk,
  openForumReplica,
  reopened,
  says,
  stands,
  THEN_MS,
  told,
  votes,
  type ForumReplica,
} from '../../../../support/forum-replicas.ts'

const forum = forumOf(3)
const first = post(forum, { author: ANN, time: THEN_MS })

/** With one accepted post by ann. */
async function forumReplica(): Promise<ForumReplica> {
  const on = await openForumReplica(forum)
  await takeIn(on, [first])
  told(on)
  return on
}

async function saysMany(on: ForumReplica, by: number, count: number, from = 0): Promise<Posted[]> {
  const all: Posted[] = []
  for (let n = from; n < from + count; n += 1) all.push(await says(on, by, `number ${String(n)}`))
  return all
}

const idsOfPosts = (posts: readonly Posted[]): BlockId[] => posts.map(({ id }) => id)

describe('§5 a post made here that is sound and not accepted', () => {
  test('is held, and its author is told in words why, and how it gets out', async () => {
    const on = await forumReplica()
    const posted = await says(on, NED, 'may I come in?')
    expect(posted).toMatchObject({ height: 2, state: 'held' })
    expect(posted.why).toMatch(
      /author has 0 reps, needs 1 or a like by somebody who has reps; it stays on this node, which tells nodes/,
    )
    expect(idsOf(on, on.replica.blocked())).toEqual([posted.id])
    expect(stands(on, await madeHere(on, posted))).toBe('held')
  })

  test('is held too if it is unsigned, for that reason', async () => {
    const on = await forumReplica()
    const posted = await says(on, 'nobody', 'guess who')
    expect([posted.state, posted.why]).toEqual(['held', expect.stringContaining('it is unsigned')])
    expect(idsOf(on, on.replica.held())).toEqual([posted.id])
  })

  test('is no head, not linked, and not announced', async () => {
    const on = await forumReplica()
    const posted = await says(on, NED, 'may I come in?')
    expect([viewOf(on).heads, on.replica.blocks]).toEqual([[first.block.id], 1])
    expect(on.events.map((event) => [event.kind, event.id, isForPeers(event)])).toEqual([['held', posted.id, false]])
    const next = await madeHere(on, await says(on, BOB, 'hello'))
    expect(next.block.header.backs).toEqual([first.block.id])
  })

  test('is held too if it is the second of a first day: its author is told why, and when he has a rep again', async () => {
    const on = await forumReplica()
    const welcomed = await says(on, NED, 'may I come in?')
    await votes(on, BOB, 1, welcomed.id)
    on.clock.set(NOW_MS + 2 * HOUR)
    const second = await says(on, NED, 'and another thing')
    expect(second.state).toBe('held')
    expect(second.why).toMatch(
      /a welcome pays for one post: he has a rep again from about (\d{4}-\d\d-\d\d )?\d\d:\d\d on/,
    )
    const { author: ned } = (await on.replica.block(indexOf(on, second.id))).header
    const nextMs = nextRepsMs(on.replica.state, ned!, NOW_MS + 2 * HOUR)!
    expect(on.replica.state.repsOf(ned!, nextMs)).toBeGreaterThanOrEqual(1)
    expect(Math.abs(nextMs - NOW_MS - DAY)).toBeLessThan(5000)
    expect(second.why).toContain(clockTime(nextMs, NOW_MS + 2 * HOUR))
    const stranger = await says(on, NIA, 'nobody knows me')
    expect(stranger.why).not.toContain('again from about')
  })

  test('comes in by itself only with 1 rep: none a moment before a post is a day old, 1 then', async () => {
    const on = await forumReplica()
    const held = await says(on, NED, 'may I come in?')
    await votes(on, BOB, 1, held.id)
    on.clock.set(NOW_MS + DAY - 1)
    // One like, less one fresh post.
    expect((await says(on, NED, 'too soon')).why).toContain('author has 0 reps')
    on.clock.set(NOW_MS + DAY)
    expect((await says(on, NED, 'a day later')).state).toBe('accepted')
  })
})

describe('§5 at most 16 per chain (oldest arrival out)', () => {
  test('the seventeenth takes the place of the first; the others keep their order', async () => {
    const on = await forumReplica()
    const posts = await saysMany(on, NED, 16)
    expect(idsOf(on, on.replica.held())).toEqual(idsOfPosts(posts))
    const [oldest] = posts
    const gone = await madeHere(on, oldest ?? expect.unreachable('there are 16'))
    const late = await says(on, NIA, 'one more')
    expect(idsOf(on, on.replica.held())).toEqual([...idsOfPosts(posts).slice(1), late.id])
    expect(stands(on, gone)).toBe('gone')
    expect(await on.store.frame(gone.block.id, 0)).toBeUndefined()
  })

  test('across restarts, on the disk too', async () => {
    const disk = await openOnDisk(forum)
    const on = await openForumReplica(forum, { store: disk.store })
    await takeIn(on, [first])
    const posts = await saysMany(on, NED, 20)
    await on.replica.close()
    const again = await openForumReplica(forum, { store: await disk.reopen() })
    expect(idsOf(again, again.replica.heldHere())).toEqual(idsOfPosts(posts).slice(4))
    const later = await saysMany(again, NED, 2, 20)
    expect(idsOf(again, again.replica.heldHere())).toEqual([...idsOfPosts(posts).slice(6), ...idsOfPosts(later)])
    await again.replica.close()
  })
})

describe('§5 anyone with reps can like it here', () => {
  test('post and like are accepted in one commit, told at once, the post first', async () => {
    const on = await forumReplica()
    const held = await says(on, NED, 'may I come in?')
    told(on)
    const commits = vi.spyOn(on.store, 'commit')
    const batches: number[] = []
    on.replica.listen((events) => batches.push(events.length))
    const liked = await votes(on, BOB, 1, held.id)
    const like = liked.ok ? liked.value : expect.unreachable('bob has reps')
    expect(like.state).toBe('accepted')
    expect(told(on)).toEqual([
      ['post', held.id],
      ['like', like.id],
    ])
    expect([commits.mock.calls.length, batches]).toEqual([1, [2]])
    expect(allStand(on, await madeHere(on, held), await madeHere(on, like))).toBe('unpaid paid')
    expect([on.replica.held(), on.replica.blocks, viewOf(on).heads]).toEqual([[], 3, [like.id]])
  })

  test('one that was accepted leaves a slot, and a restart knows it', async () => {
    const on = await forumReplica()
    const posts = await saysMany(on, NED, 16)
    await votes(on, BOB, 1, (posts[3] ?? expect.unreachable('there are 16')).id)
    const late = await says(on, NED, 'one more')
    const expected = [...posts.slice(0, 3), ...posts.slice(4), late]
    expect(idsOf(on, on.replica.held())).toEqual(idsOfPosts(expected))
    const again = await reopened(on)
    expect(idsOf(again, again.replica.held())).toEqual(idsOfPosts(expected))
  })

  test('a like by an author without reps is refused, says how many there are, and leaves nothing', async () => {
    const on = await forumReplica()
    const held = await says(on, NED, 'may I come in?')
    told(on)
    const commits = vi.spyOn(on.store, 'commit')
    const before = [on.replica.graph.size, on.replica.bytes, on.replica.knownCount]
    for (const target of [held.id, first.block.id]) {
      expect(await votes(on, NIA, 1, target)).toEqual({ ok: false, fault: { code: 'REP_NO_REPS', reps: 0 } })
    }
    expect([on.replica.graph.size, on.replica.bytes, on.replica.knownCount]).toEqual(before)
    expect([commits.mock.calls.length, told(on)]).toEqual([0, []])
  })

  test('one that comes from a peer that liked it elsewhere lets it out as well', async () => {
    const [here, there] = [await forumReplica(), await forumReplica()]
    const held = await says(here, NED, 'may I come in?')
    await there.replica.ingest([await madeHere(here, held)], 'held')
    await there.replica.keepGuests([held.id])
    const liked = await votes(there, BOB, 1, held.id)
    const like = await madeHere(there, liked.ok ? liked.value : expect.unreachable('bob has reps'))
    told(here)
    expect(await hears(here, like)).toBe('accepted')
    expect(told(here)).toEqual([
      ['post', held.id],
      ['like', like.block.id],
    ])
    expect(viewOf(here)).toEqual(viewOf(there))
  })
})

describe('remove', () => {
  test('forgets a held post with its payload, for good', async () => {
    const on = await forumReplica()
    const before = viewOf(on)
    const held = await says(on, NED, 'may I come in?')
    const block = await madeHere(on, held)
    expect(await on.replica.drop(indexOf(on, held.id))).toBe(true)
    expect([stands(on, block), on.replica.blocked(), viewOf(on)]).toEqual(['gone', [], before])
    expect(await on.store.frame(held.id, 0)).toBeUndefined()
    expect(await on.replica.drop(indexOf(on, held.id))).toBe(false)
    const again = await reopened(on)
    expect([stands(again, block), again.replica.missing.size, again.replica.bytes]).toEqual([
      'gone',
      0,
      on.replica.bytes,
    ])
  })

  test('does nothing to an accepted block', async () => {
    const on = await forumReplica()
    expect(await on.replica.drop(indexOf(on, first.block.id))).toBe(false)
    expect([stands(on, first), told(on)]).toEqual(['paid', []])
  })

  test('takes what stands on the post with it, and leaves the rest', async () => {
    const poor = forumOf(30)
    const on = await openForumReplica(poor, { nowMs: THEN_MS })
    const other = await madeHere(on, await says(on, NED, 'may I come in?'))
    const below = await madeHere(on, await says(on, ANN, 'first day'))
    on.clock.set(THEN_MS + DAY)
    const above = await madeHere(on, await says(on, ANN, 'second day'))
    const guest = await madeHere(on, await says(on, NIA, 'on top'))
    await takeIn(on, [post(poor, { author: ANN, time: THEN_MS - 1, payload: 'elsewhere' })])
    expect(allStand(on, below, above, guest, other)).toBe('held held held held')
    expect(await on.replica.drop(indexOf(on, below.block.id))).toBe(true)
    expect(allStand(on, below, above, guest, other)).toBe('gone gone gone held')
    expect(allStand(await reopened(on), below, above, guest, other)).toBe('gone gone gone held')
  })
})

describe('§3 a block ahead of the clock, even one made here, is set aside', () => {
  test('`blocked` shows it, also after a restart, and remove drops it', async () => {
    const on = await forumReplica()
    const soon = post(forum, { author: BOB, backs: [first.block], time: NOW_MS + MAX_AHEAD_MS })
    await takeIn(on, [soon])
    on.clock.set(NOW_MS - 1)
    const early = await says(on, ANN, 'on what is ahead')
    expect([early.state, early.why]).toEqual(['held', expect.stringContaining('clock')])
    expect([idsOf(on, on.replica.blocked()), on.replica.held()]).toEqual([[early.id], []])
    const again = await reopened(on)
    expect(idsOf(again, again.replica.blocked())).toEqual([early.id])
    expect(await again.replica.drop(indexOf(again, early.id))).toBe(true)
    expect([again.replica.blocked(), again.replica.has(early.id)]).toEqual([[], false])
  })

  test('a clock that was wrong does not brick an author: what it made waits, can be removed, and is not in the way', async () => {
    const on = await forumReplica()
    on.clock.set(NOW_MS + 300 * DAY)
    const wrong = await says(on, ANN, 'from next year')
    on.clock.set(NOW_MS)
    await on.replica.advanceClock()
    expect(idsOf(on, on.replica.blocked())).toEqual([wrong.id])
    expect((await says(on, ANN, 'today')).state).toBe('accepted')
    const wrongBlock = await madeHere(on, wrong)
    const again = await reopened(on)
    expect([stands(again, wrongBlock), await again.replica.drop(indexOf(again, wrong.id))]).toEqual(['set-back', true])
    expect(again.replica.blocked()).toEqual([])
  })

  test('blocks of others that wait for their time are not shown', async () => {
    const on = await forumReplica()
    await takeIn(on, [post(forum, { author: BOB, backs: [first.block], time: NOW_MS + HOUR })])
    expect([on.replica.aheadCount, on.replica.blocked()]).toEqual([1, []])
  })
})

/**
 * What a fresh block frees of the delayed blocks below it (spec §5, *Throttle*): what is left of the hour's ration, and 100
 * more per author and hour, if its author has reps here.
 */
import { describe, expect, test } from 'vitest'
import { OLD_BLOCKS_PER_HOUR } from '../../../../../src/reputation/throttle.ts'
import { floodOf } from '../../../../support/flood.ts'
import { like, post } from '../../../../support/blocks.ts'
import { DAY, HOUR } from '../../../../support/economy.ts'
import { BOB, NED, openForumReplica, reopened, stands, type ForumReplica } from '../../../../support/forum-replicas.ts'
import { NOW_MS, takeIn, viewOf } from '../../../../support/replicas.ts'
import {
  branch,
  FAY,
  first,
  forum,
  founding,
  longBranch,
  many,
  runs,
  settleAt,
  standing,
  tip,
  watchAll,
  watcher,
} from '../../../../support/throttled.ts'

const over = (by: number, time = NOW_MS, backs = [tip.block]) => post(forum, { author: by, backs, time })

/** A hundred of the branch are in, the others wait. */
async function withDelayed(): Promise<ForumReplica> {
  const on = await watcher()
  await takeIn(on, branch)
  return on
}

describe('§5 a fresh block by an author with reps here', () => {
  test('frees 100 more, pasts first, and waits itself for the rest', async () => {
    const on = await withDelayed()
    const late = over(FAY)
    expect(await takeIn(on, [late])).toEqual(['delayed'])
    expect([standing(on, branch), on.replica.delayedCount]).toEqual(['200 paid, 30 waiting', 31])
    expect(viewOf(on).heads).toEqual([branch[199]!.block.id])
    // Another of hers frees nothing more in that hour, nor does the same one each minute.
    await takeIn(on, [over(FAY, NOW_MS + 1, [late.block])])
    await settleAt(on, NOW_MS + HOUR - 1)
    expect(standing(on, branch)).toBe('200 paid, 30 waiting')
    await settleAt(on, NOW_MS + HOUR)
    expect([standing(on, [...branch, late]), on.replica.delayedCount]).toEqual(['231 paid', 0])
    expect(viewOf(await reopened(on))).toEqual(viewOf(on))
  })

  test('frees what is left of the hour’s ration too, and a second author 100 for himself', async () => {
    const on = await watcher()
    const some = branch.slice(0, 130)
    const late = over(FAY, NOW_MS, [some.at(-1)!.block])
    expect(runs(await takeIn(on, some))).toBe('100 accepted, 30 delayed')
    const [outcome] = await on.replica.ingest([late], 'pull')
    expect([outcome, on.replica.delayedCount]).toEqual([{ id: late.block.id, state: 'accepted', others: 30 }, 0])
  })

  test('so does a like, by gossip too', async () => {
    const on = await withDelayed()
    await settleAt(on, NOW_MS + HOUR)
    const liked = like(forum, 1, tip.block, { author: FAY, backs: [tip.block], time: NOW_MS })
    expect(standing(on, branch)).toBe('200 paid, 30 waiting')
    expect((await on.replica.ingest([liked], 'gossip'))[0]?.state).toBe('accepted')
    expect([standing(on, branch), on.replica.missing.size]).toEqual(['230 paid', 0])
  })

  test('lets what was delayed above it in when it comes in', async () => {
    const on = await withDelayed()
    await settleAt(on, NOW_MS + HOUR)
    const late = over(BOB)
    await takeIn(on, [late, over(FAY)])
    expect(stands(on, late)).toBe('waiting')
    await on.replica.advanceClock()
    expect([stands(on, late), on.replica.delayedCount]).toEqual(['paid', 0])
  })
})

describe('§5 nothing is freed by', () => {
  test('a block of an author who has a delayed one, nor one by nobody', async () => {
    const on = await withDelayed()
    const nobody = post(forum, { backs: [tip.block], time: NOW_MS })
    expect(await takeIn(on, [over(BOB), nobody])).toEqual(['delayed', 'delayed'])
    expect([standing(on, branch), on.replica.delayedCount]).toEqual(['100 paid, 130 waiting', 132])
  })

  test('a block of an author without reps, be it a post or a like', async () => {
    const on = await withDelayed()
    const liked = like(forum, 1, tip.block, { author: NED + 1, backs: [tip.block], time: NOW_MS })
    expect(await takeIn(on, [over(NED), liked])).toEqual(['delayed', 'delayed'])
    expect(standing(on, branch)).toBe('100 paid, 130 waiting')
  })

  test('a block of an author who has reps in the branch alone', async () => {
    const on = await watcher()
    const hello = post(forum, { author: NED, backs: [tip.block], time: tip.block.header.time })
    const welcome = like(forum, 1, hello.block, { author: BOB, backs: [tip.block, hello.block] })
    const fresh = over(NED, NOW_MS, [welcome.block])
    const free = await openForumReplica(forum)
    expect((await takeIn(free, [first, ...branch, hello, welcome, fresh])).at(-1)).toBe('accepted')
    expect(runs(await takeIn(on, [...branch, hello, welcome, fresh]))).toBe('100 accepted, 133 delayed')
  })

  test('a block that claims to be old itself', async () => {
    const on = await withDelayed()
    expect(await takeIn(on, [over(FAY, NOW_MS - DAY - 1)])).toEqual(['delayed'])
    expect(standing(on, branch)).toBe('100 paid, 130 waiting')
  })
})

describe('§5 a private branch of 15,001 blocks with a fresh block by a second public account on it', () => {
  /** As many in a quick run as are more than are kept between pulls. */
  const BLOCKS = floodOf(1_300, 15_001)
  test(
    'comes in by a ration and what one author frees in each hour, where somebody watched',
    { timeout: 300_000 },
    async () => {
      const dark = longBranch(BLOCKS)
      const late = post(many, { author: 30, backs: [dark.at(-1)!.block], time: NOW_MS })
      const on = await openForumReplica(many)
      await takeIn(on, [founding])
      watchAll(on, NOW_MS - 80 * DAY)
      expect(runs(await takeIn(on, [...dark, late]))).toBe(`100 accepted, ${String(BLOCKS - 99)} delayed`)
      expect([on.replica.blocks, on.replica.delayedCount]).toEqual([201, BLOCKS - 199])
      await on.replica.endPull()
      expect([on.replica.blocks, on.replica.delayedCount]).toEqual([201, BLOCKS - 199])
      // An hour later the ration, and what is pulled anew with the fresh block on it.
      for (const hour of [1, 2]) {
        await settleAt(on, NOW_MS + hour * HOUR)
        await takeIn(on, [...dark, late])
        await on.replica.endPull()
        expect([on.replica.blocks, on.replica.delayedCount]).toEqual([201 + 200 * hour, BLOCKS - 199 - 200 * hour])
      }
      expect(on.replica.delays()?.untilMs).toBeGreaterThan(NOW_MS + ((BLOCKS - 601) / OLD_BLOCKS_PER_HOUR) * HOUR)
    },
  )

  test('all at once where nobody watched', { timeout: 300_000 }, async () => {
    const dark = longBranch(BLOCKS)
    const on = await openForumReplica(many)
    expect(runs(await takeIn(on, [founding, ...dark]))).toBe(`${String(BLOCKS + 1)} accepted`)
  })
})

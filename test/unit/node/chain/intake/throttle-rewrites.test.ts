/**
 * What a peer delays because it rewrites what is accepted here (spec §5, *Throttle*): 60 blocks of one author at once, back
 * after a day, and one an hour besides.
 */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import type { BlockId } from '../../../../../src/dag/ids.ts'
import { REWRITES_PER_DAY } from '../../../../../src/reputation/throttle.ts'
import { author, like, post } from '../../../../support/blocks.ts'
import { DAY, HOUR, MINUTE } from '../../../../support/economy.ts'
import {
  allStand,
  ANN,
  BOB,
  CID,
  DOT,
  forumOf,
  openForumReplica,
  stands,
  THEN_MS,
  type ForumReplica,
} from '../../../../support/forum-replicas.ts'
import { NOW_MS, takeIn, viewOf } from '../../../../support/replicas.ts'
import { runs, settleAt } from '../../../../support/throttled.ts'

const left = (on: ForumReplica, by: number): number => {
  let count = 0
  while (on.replica.throttle.mayRewrite(author(by).author, on.clock.nowMs(), count + 1)) count += 1
  return count
}

/** Takes so many from an author's ration. */
function used(on: ForumReplica, by: number, count: number): void {
  const cost = { id: 'some' as BlockId, old: 0, rewrites: new Map([[author(by).author, count]]) }
  expect(on.replica.throttle.take(cost, on.clock.nowMs())).toBe(true)
}

/** Everybody has one rep. */
const poor = forumOf(30)
const base = post(poor, { author: BOB, time: THEN_MS })
/** The n-th in order of those that exclude each other. */
const rival = (n: number, by = CID) =>
  post(poor, { author: by, backs: [base.block], time: THEN_MS + n, payload: `rival ${String(n)}` })

describe('§5 blocks that would withdraw another of their author', () => {
  test('come in 60 at once, then one an hour, and 60 again a day later', async () => {
    const on = await openForumReplica(poor)
    const latestFirst = Array.from({ length: 160 }, (_, n) => rival(200 - n))
    expect(runs(await takeIn(on, [base, ...latestFirst]))).toBe('62 accepted, 99 delayed')
    const paid = () => latestFirst.findIndex((made) => stands(on, made) === 'paid')
    const seen: number[] = []
    for (const ms of [HOUR - 1, HOUR, 2 * HOUR - 1, 2 * HOUR, DAY - 1, DAY, DAY + HOUR]) {
      await settleAt(on, NOW_MS + ms)
      seen.push(paid())
    }
    expect(seen).toEqual([60, 61, 61, 62, 63, 123, 124])
    expect(on.replica.delayedCount).toBe(159 - 124)
  })

  test('of each author apart, and of no block that withdraws none', async () => {
    const on = await openForumReplica(poor)
    await takeIn(on, [base, rival(3), rival(2), rival(2, DOT), rival(1, DOT)])
    expect(await takeIn(on, [rival(5), rival(4)])).toEqual(['surplus', 'surplus'])
    expect([left(on, CID), left(on, DOT), left(on, BOB)]).toEqual([59, 59, 60])
  })

  test('not of what is made here', async () => {
    const on = await openForumReplica(poor)
    await takeIn(on, [base, rival(3)])
    used(on, CID, REWRITES_PER_DAY)
    expect(await takeIn(on, [rival(2)])).toEqual(['delayed'])
    const [outcome] = await on.replica.ingest([rival(1)], 'here')
    expect([outcome?.state, allStand(on, rival(3), rival(1))]).toEqual(['accepted', 'surplus paid'])
  })

  test('a delayed one comes in with a fresh block of somebody else on it, as far as that frees', async () => {
    const on = await openForumReplica(poor)
    await takeIn(on, [base, rival(3)])
    used(on, CID, REWRITES_PER_DAY)
    await takeIn(on, [rival(2)])
    // Nobody frees his own.
    expect(await takeIn(on, [post(poor, { author: CID, backs: [rival(2).block], time: NOW_MS })])).toEqual(['delayed'])
    const over = post(poor, { author: DOT, backs: [rival(2).block], time: NOW_MS })
    expect(await takeIn(on, [over])).toEqual(['accepted'])
    expect(allStand(on, rival(3), rival(2), over)).toBe('surplus paid paid')
  })
})

describe('§5 blocks that rivals make unpaid here, and that come in under somebody else’s block', () => {
  /** An equivocator with one rep raises a fresh key on each branch, which posts on it. */
  const branches = (count: number, from = 0): MadeBlock[] =>
    Array.from({ length: count }, (_, n) => {
      const key = 2000 + from + n
      const hello = post(poor, { author: key, backs: [base.block], time: THEN_MS + 1 })
      const backs = [base.block, hello.block]
      const welcome = like(poor, 1, hello.block, { author: CID, backs, time: THEN_MS + DAY + from + n + 2 })
      return [hello, welcome, post(poor, { author: key, backs: [welcome.block], time: THEN_MS + 2 * DAY })]
    }).flat()
  const tops = (list: readonly MadeBlock[]): MadeBlock[] => list.filter((_, n) => n % 3 === 2)
  const count = (on: ForumReplica, list: readonly MadeBlock[]): number =>
    tops(list).filter((made) => stands(on, made) === 'paid').length

  test('take from the ration of their own author: 60 branches at once, then one an hour', async () => {
    const on = await openForumReplica(poor)
    const all = branches(100)
    await takeIn(on, [base, ...all])
    await on.replica.endPull()
    // The first like is paid.
    expect([count(on, all), left(on, CID), on.replica.delays()?.blocks]).toEqual([61, 0, 3 * 39])
    await settleAt(on, NOW_MS + HOUR - 1)
    expect(count(on, all)).toBe(61)
    await settleAt(on, NOW_MS + HOUR)
    expect(count(on, all)).toBe(62)
    await settleAt(on, NOW_MS + DAY)
    expect([count(on, all), on.replica.delayedCount]).toEqual([100, 0])
  })

  test('those who are welcomed by them have their own rations left', async () => {
    const on = await openForumReplica(poor)
    await takeIn(on, [base, ...branches(10)])
    expect([left(on, CID), left(on, 2001), left(on, 2009)]).toEqual([51, 60, 60])
  })

  test('beyond it a fresh block by somebody with reps here brings them in', async () => {
    const on = await openForumReplica(poor)
    await takeIn(on, [base, ...branches(1)])
    used(on, CID, REWRITES_PER_DAY)
    const dark = branches(1, 1)
    expect((await takeIn(on, dark)).at(-1)).toBe('delayed')
    const over = post(poor, { author: DOT, backs: [dark.at(-1)!.block], time: NOW_MS })
    expect([await takeIn(on, [over]), count(on, dark)]).toEqual([['accepted'], 1])
  })
})

describe('§5 one author on two devices that were apart, 30 posts on each', () => {
  const solo = forumOf(1)
  const start = post(solo, { author: ANN, time: THEN_MS - 2 * DAY })
  const device = (n: number): MadeBlock[] => {
    const made: MadeBlock[] = []
    for (let at = 0; at < 30; at += 1) {
      const time = THEN_MS + at * 10 * MINUTE + n * 5 * MINUTE
      made.push(
        post(solo, { author: ANN, backs: [(made.at(-1) ?? start).block], time, payload: `${String(n)} ${String(at)}` }),
      )
    }
    return made
  }
  const [one, other] = [device(0), device(1)]

  test.each([
    ['first to last', (list: MadeBlock[]) => list],
    ['interleaved', (list: MadeBlock[]) => list],
  ])('two nodes agree at once, %s', async (how, inTurn) => {
    const [here, there] = [await openForumReplica(solo), await openForumReplica(solo)]
    await takeIn(here, [start, ...one])
    await takeIn(there, [start, ...other])
    const mixed = one.flatMap((made, n) => [made, other[n]!])
    for (const on of [here, there]) {
      await takeIn(on, how === 'interleaved' ? mixed : inTurn([...one, ...other]))
      await on.replica.endPull()
      await takeIn(on, [...one, ...other])
    }
    expect([here.replica.delayedCount, there.replica.delayedCount]).toEqual([0, 0])
    expect(viewOf(here)).toEqual(viewOf(there))
    expect(here.events.filter(({ kind }) => kind === 'withdrawn').length).toBeGreaterThan(10)
  })
})

describe('§5 blocks that would turn votes which count here take from the same ration, whatever their age', () => {
  /** Two reps each. Cid gives both, and Dot stands on it. */
  const two = forumOf(15)
  const target = post(two, { author: BOB, time: THEN_MS })
  const given = [like(two, 1, target.block, { author: CID, backs: [target.block], time: THEN_MS + 10 })]
  given.push(like(two, 1, target.block, { author: CID, backs: [given[0]!.block], time: THEN_MS + 11 }))
  const over = post(two, { author: DOT, backs: [given[1]!.block], time: THEN_MS + 12 })
  const early = (n: number) =>
    like(two, 1, target.block, { author: CID, backs: [target.block], time: THEN_MS + n, payload: `early ${String(n)}` })
  const counting = (on: ForumReplica): boolean[] =>
    given.map(({ block }) => on.replica.state.counts(on.replica.graph.indexOf(block.id) ?? 0))

  test('one for each', async () => {
    const on = await openForumReplica(two)
    await takeIn(on, [target, ...given, over])
    expect([counting(on), left(on, CID)]).toEqual([[true, true], 60])
    // Nothing is withdrawn: Dot stands on what is not paid any more. Yet it does not count any more.
    expect(await takeIn(on, [early(5)])).toEqual(['accepted'])
    expect([counting(on), left(on, CID), allStand(on, ...given)]).toEqual([[true, false], 59, 'paid unpaid'])
  })

  test('and wait when it is used up', async () => {
    const on = await openForumReplica(two)
    await takeIn(on, [target, ...given, over])
    used(on, CID, REWRITES_PER_DAY)
    expect(await takeIn(on, [early(5), early(4)])).toEqual(['delayed', 'delayed'])
    await settleAt(on, NOW_MS + HOUR)
    expect([on.replica.delayedCount, counting(on)]).toEqual([1, [true, false]])
    await settleAt(on, NOW_MS + 2 * HOUR)
    expect([on.replica.delayedCount, counting(on)]).toEqual([0, [false, false]])
  })

  test('not of what is made here, nor of what turns none', async () => {
    const on = await openForumReplica(two)
    await takeIn(on, [target, ...given, over])
    used(on, CID, REWRITES_PER_DAY)
    expect(await takeIn(on, [post(two, { author: 5, backs: [target.block], time: THEN_MS + 1 })])).toEqual(['accepted'])
    const [outcome] = await on.replica.ingest([early(4)], 'here')
    expect([outcome?.state, counting(on), left(on, 5)]).toEqual(['accepted', [true, false], 60])
  })
})

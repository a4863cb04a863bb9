/** What a peer delays (spec §5, *Throttle*): old blocks that it should have seen, and withdrawals in a row. Never for good. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import { MemoryStore } from '../../../../support/memory-store.ts'
import { testClock } from '../../../../../src/node/base/clock.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { Replica } from '../../../../../src/node/chain/replica.ts'
import { author, chain, like, post } from '../../../../support/blocks.ts'
import { DAY, HOUR, MINUTE } from '../../../../support/economy.ts'
import { NOW_MS, takeIn, viewOf } from '../../../../support/replicas.ts'
import {
  allStand,
  ANN,
  BOB,
  CID,
  DOT,
  forumOf,
  NED,
  openForumReplica,
  reopened,
  stands,
  THEN_MS,
  type ForumReplica,
} from '../../../../support/forum-replicas.ts'

/** Seven authors with four reps each. */
const forum = forumOf(7)
/** Where Ann posts without limit. */
const owned = chain(`@${author(ANN).author}`)
const START_MS = NOW_MS - 12 * DAY
const first = post(forum, { author: ANN, time: START_MS - DAY })

/** A branch by six of them that grew for ten days while nobody else saw it. */
const branch: MadeBlock[] = []
for (let n = 0; n < 230; n += 1) {
  const backs = [(branch.at(-1) ?? first).block]
  branch.push(post(forum, { author: 1 + (n % 6), backs, time: START_MS + n * 62 * MINUTE }))
}
/** The one who has no part in it. */
const FAY = 7
const tip = branch.at(-1) ?? first

function watch(on: ForumReplica, fromMs: number, toMs: number): void {
  for (let ms = fromMs; ms <= toMs; ms += 3 * MINUTE) on.replica.watch.note(ms)
}

/** With the first post, online and in sync ever since. */
async function watcher(): Promise<ForumReplica> {
  const on = await openForumReplica(forum)
  watch(on, START_MS, NOW_MS)
  await takeIn(on, [first])
  return on
}

/** The runs of equal words: `3 accepted, 2 delayed`. */
function runs(words: readonly string[]): string {
  const found: [string, number][] = []
  for (const word of words) {
    const last = found.at(-1)
    if (last?.[0] === word) last[1] += 1
    else found.push([word, 1])
  }
  return found.map(([word, count]) => `${String(count)} ${word}`).join(', ')
}

const standing = (on: ForumReplica, list: readonly MadeBlock[]): string => runs(list.map((made) => stands(on, made)))

async function settleAt(on: ForumReplica, ms: number): Promise<void> {
  on.clock.set(ms)
  await on.replica.settleClock()
}

describe('§5 blocks that claim to be more than 24 h old when it was online and in sync on the chain at that time', () => {
  test('at most 100 per chain and hour; the rest is delayed, and comes in by itself, exactly an hour later', async () => {
    const on = await watcher()
    expect(runs(await takeIn(on, branch))).toBe('100 accepted, 130 delayed')
    expect([on.replica.delayedCount, on.replica.blocks]).toEqual([130, 101])
    await on.replica.endPull()
    await settleAt(on, NOW_MS + HOUR - 1)
    expect(standing(on, branch)).toBe('100 paid, 130 waiting')
    await settleAt(on, NOW_MS + HOUR)
    expect(standing(on, branch)).toBe('200 paid, 30 waiting')
    await settleAt(on, NOW_MS + 2 * HOUR - 1)
    expect(on.replica.delayedCount).toBe(30)
    await settleAt(on, NOW_MS + 2 * HOUR)
    expect([standing(on, branch), on.replica.delayedCount]).toEqual(['230 paid', 0])
    expect(viewOf(on).heads).toEqual([tip.block.id])
  })

  test('a delayed block is no head and in no store, known while it waits, and one that stands on it waits too', async () => {
    const on = await watcher()
    await takeIn(on, branch.slice(0, 101))
    const last = branch.slice(99, 100)
    expect(await takeIn(on, branch.slice(100, 102))).toEqual(['known', 'delayed'])
    expect(viewOf(on).heads).toEqual(last.map(({ block }) => block.id))
    const again = await reopened(on)
    expect([standing(again, branch.slice(99, 102)), again.replica.delayedCount]).toEqual(['1 paid, 2 gone', 0])
  })

  test('what nobody pays for takes nothing from the ration: it costs little, and a stranger could use the ration up', async () => {
    const crowd = (age: number) =>
      Array.from({ length: 120 }, (_, n) =>
        post(forum, { backs: [first.block], time: NOW_MS - age, payload: `anonymous ${String(n)}` }),
      )
    const on = await watcher()
    expect(runs(await takeIn(on, crowd(DAY + 1)))).toBe('120 surplus')
    expect(runs(await takeIn(on, branch))).toBe('100 accepted, 130 delayed')
  })

  test('the 24 h are passed at one millisecond more', async () => {
    const line = (age: number): MadeBlock[] => {
      const made: MadeBlock[] = []
      for (let n = 0; n < 120; n += 1) {
        const backs = [(made.at(-1) ?? first).block]
        made.push(post(owned, { author: ANN, backs: n === 0 ? [] : backs, time: NOW_MS - age, payload: String(n) }))
      }
      return made
    }
    for (const [age, words] of [
      [DAY, '120 accepted'],
      [DAY + 1, '100 accepted, 20 delayed'],
    ] as const) {
      const on = await openForumReplica(owned)
      watch(on, START_MS, NOW_MS)
      expect(runs(await takeIn(on, line(age)))).toBe(words)
    }
  })

  test('nothing is delayed that is from a time when it was not there', async () => {
    const never = await openForumReplica(forum)
    expect(runs(await takeIn(never, [first, ...branch]))).toBe('231 accepted')
    const before = await openForumReplica(forum)
    watch(before, tip.block.header.time + 1, NOW_MS)
    expect(runs(await takeIn(before, [first, ...branch]))).toBe('231 accepted')
  })

  test('nor what is made here', async () => {
    const on = await watcher()
    await takeIn(on, branch)
    const old = post(forum, { author: FAY, backs: [first.block], time: START_MS })
    const [outcome] = await on.replica.ingest([old], 'here')
    expect([outcome?.state, stands(on, old)]).toEqual(['accepted', 'paid'])
  })

  test('the operator is told, once', async () => {
    const told: [string, object | undefined][] = []
    const log = { ...silentLogger, warn: (event: string, facts?: object) => told.push([event, facts]) }
    let nowMs = NOW_MS
    const clock = { ...testClock({ nowMs: () => nowMs }), nowMs: () => nowMs }
    const replica = await Replica.open({ chain: forum, seed: 1 }, { store: new MemoryStore(), clock, log })
    for (let ms = START_MS; ms <= NOW_MS; ms += MINUTE) replica.watch.note(ms)
    await replica.ingest([first, ...branch], 'pull')
    nowMs += MINUTE
    await replica.settleClock()
    expect(told).toEqual([['chain.delayed', { chain: forum.id, blocks: 130 }]])
  })
})

describe('§5 not what lies under a block of an author none of whose own blocks is delayed', () => {
  const over = (by: number, time = NOW_MS) => post(forum, { author: by, backs: [tip.block], time })

  async function withDelayed(): Promise<ForumReplica> {
    const on = await watcher()
    await takeIn(on, branch)
    return on
  }

  test('such a block brings all of it in at once', async () => {
    const on = await withDelayed()
    const [outcome] = await on.replica.ingest([over(FAY)], 'pull')
    expect(outcome).toMatchObject({ state: 'accepted', others: 130 })
    expect([standing(on, branch), on.replica.delayedCount, on.replica.missing.size]).toEqual(['230 paid', 0, 0])
    expect(viewOf(await reopened(on))).toEqual(viewOf(on))
  })

  test('so does a like, by gossip too', async () => {
    const on = await withDelayed()
    const liked = like(forum, 1, tip.block, { author: FAY, backs: [tip.block], time: NOW_MS })
    expect((await on.replica.ingest([liked], 'gossip'))[0]?.state).toBe('accepted')
    expect(standing(on, branch)).toBe('230 paid')
  })

  test('a block of an author who has a delayed one does not, nor one by nobody', async () => {
    const on = await withDelayed()
    const nobody = post(forum, { backs: [tip.block], time: NOW_MS })
    expect(await takeIn(on, [over(BOB), nobody])).toEqual(['delayed', 'delayed'])
    expect([standing(on, branch), on.replica.delayedCount]).toEqual(['100 paid, 130 waiting', 132])
  })

  test('a block of an author without reps does not, be it a post or a like', async () => {
    const on = await withDelayed()
    const liked = like(forum, 1, tip.block, { author: NED + 1, backs: [tip.block], time: NOW_MS })
    expect(await takeIn(on, [over(NED), liked])).toEqual(['delayed', 'delayed'])
    expect(standing(on, branch)).toBe('100 paid, 130 waiting')
  })

  test('a block that claims to be old itself does not', async () => {
    const on = await withDelayed()
    expect(await takeIn(on, [over(FAY, NOW_MS - DAY - 1)])).toEqual(['delayed'])
    expect(standing(on, branch)).toBe('100 paid, 130 waiting')
  })

  test('what was delayed above it comes in when it does', async () => {
    const on = await withDelayed()
    const late = over(BOB)
    await takeIn(on, [late, over(FAY)])
    expect(stands(on, late)).toBe('waiting')
    await on.replica.settleClock()
    expect([stands(on, late), on.replica.delayedCount]).toEqual(['paid', 0])
  })
})

describe('§5 blocks that would withdraw another of their author: one per author and minute, one per hour after the third', () => {
  const poor = forumOf(30)
  const base = post(poor, { author: BOB, time: THEN_MS })
  /** The n-th in order of those that exclude each other. */
  const rival = (n: number, by = CID) =>
    post(poor, { author: by, backs: [base.block], time: THEN_MS + n, payload: `rival ${String(n)}` })
  const rivals = Array.from({ length: 8 }, (_, n) => rival(n))

  test('the second waits until a minute has passed, the fourth until an hour has', async () => {
    const on = await openForumReplica(poor)
    const latestFirst = rivals.slice(2).reverse()
    const [best, ...others] = latestFirst
    expect(await takeIn(on, [base, best ?? base, ...others])).toEqual([
      ...['accepted', 'accepted', 'accepted'],
      ...['delayed', 'delayed', 'delayed', 'delayed'],
    ])
    const paid = () => latestFirst.findIndex((made) => stands(on, made) === 'paid')
    const seen: number[] = []
    for (const ms of [MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE]) {
      await settleAt(on, NOW_MS + ms)
      seen.push(paid())
    }
    const third = 2 * MINUTE
    for (const ms of [third + HOUR - 1, third + HOUR, third + 2 * HOUR - 1, third + 2 * HOUR]) {
      await settleAt(on, NOW_MS + ms)
      seen.push(paid())
    }
    expect([seen, on.replica.delayedCount]).toEqual([[1, 2, 2, 3, 3, 4, 4, 5], 0])
  })

  test('of each author apart, and of no block that withdraws none', async () => {
    const on = await openForumReplica(poor)
    const dots = [rival(2, DOT), rival(1, DOT)]
    await takeIn(on, [base, rival(3), rival(2), ...dots])
    expect(allStand(on, rival(3), rival(2), ...dots)).toBe('surplus paid surplus paid')
    expect(await takeIn(on, [rival(5), rival(4), rival(1)])).toEqual(['surplus', 'surplus', 'delayed'])
  })

  test('not of what is made here', async () => {
    const on = await openForumReplica(poor)
    await takeIn(on, [base, rival(3), rival(2)])
    const [outcome] = await on.replica.ingest([rival(1)], 'here')
    expect([outcome?.state, allStand(on, rival(3), rival(2), rival(1))]).toEqual(['accepted', 'surplus surplus paid'])
  })

  test('a delayed one comes in at once with a block of somebody else on it', async () => {
    const on = await openForumReplica(poor)
    await takeIn(on, [base, rival(3), rival(2), rival(1)])
    const over = post(poor, { author: DOT, backs: [rival(1).block] })
    expect(await takeIn(on, [over])).toEqual(['accepted'])
    expect(allStand(on, rival(3), rival(2), rival(1), over)).toBe('surplus surplus paid paid')
  })
})

describe('§5 blocks that would turn votes which count here take from the same ration, whatever their age', () => {
  /** Two reps each. Cid gives both, and Dot stands on it. */
  const two = forumOf(15)
  const base = post(two, { author: BOB, time: THEN_MS })
  const given = [like(two, 1, base.block, { author: CID, backs: [base.block], time: THEN_MS + 10 })]
  given.push(like(two, 1, base.block, { author: CID, backs: [given[0]!.block], time: THEN_MS + 11 }))
  const over = post(two, { author: DOT, backs: [given[1]!.block], time: THEN_MS + 12 })
  const early = (n: number) =>
    like(two, 1, base.block, { author: CID, backs: [base.block], time: THEN_MS + n, payload: `early ${String(n)}` })
  const counting = (on: ForumReplica): boolean[] =>
    given.map(({ block }) => on.replica.state.counts(on.replica.graph.indexOf(block.id) ?? 0))

  test('one per author and minute', async () => {
    const on = await openForumReplica(two)
    await takeIn(on, [base, ...given, over])
    expect(counting(on)).toEqual([true, true])
    // Nothing is withdrawn: Dot stands on what is not paid any more. Yet it does not count any more.
    expect(await takeIn(on, [early(5), early(4)])).toEqual(['accepted', 'delayed'])
    expect([counting(on), allStand(on, ...given)]).toEqual([[true, false], 'paid unpaid'])
    await settleAt(on, NOW_MS + MINUTE)
    expect([on.replica.delayedCount, counting(on)]).toEqual([0, [false, false]])
  })

  test('not of what is made here, nor of what turns none', async () => {
    const on = await openForumReplica(two)
    await takeIn(on, [base, ...given, over])
    await takeIn(on, [early(5)])
    expect(await takeIn(on, [post(two, { author: 5, backs: [base.block], time: THEN_MS + 1 })])).toEqual(['accepted'])
    const [outcome] = await on.replica.ingest([early(4)], 'here')
    expect([outcome?.state, counting(on)]).toEqual(['accepted', [false, false]])
  })
})

/** What a peer delays for its age (spec §5, *Throttle*): blocks that it should have seen. Never for good. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import type { Chain } from '../../../../../src/dag/chain.ts'
import { MemoryStore } from '../../../../support/memory-store.ts'
import { testClock } from '../../../../../src/node/base/clock.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { Replica } from '../../../../../src/node/chain/replica.ts'
import { author, chain, like, post } from '../../../../support/blocks.ts'
import { DAY, HOUR, MINUTE } from '../../../../support/economy.ts'
import { NOW_MS, takeIn, viewOf } from '../../../../support/replicas.ts'
import { ANN, BOB, openForumReplica, reopened, stands } from '../../../../support/forum-replicas.ts'
import {
  branch,
  FAY,
  first,
  forum,
  runs,
  settleAt,
  standing,
  START_MS,
  tip,
  watchAll,
  watcher,
} from '../../../../support/throttled.ts'

/** Where Ann posts without limit. */
const owned = chain(`@${author(ANN).author}`)
const group = chain('$friends', '07'.repeat(32))

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
    for (const [age, state] of [
      [DAY, 'accepted'],
      [DAY + 1, 'delayed'],
    ] as const) {
      const on = await watcher()
      await takeIn(on, branch)
      expect(await takeIn(on, [post(forum, { author: FAY, backs: [first.block], time: NOW_MS - age })])).toEqual([
        state,
      ])
    }
  })

  test('nothing is delayed that is from a time when it was not there', async () => {
    const never = await openForumReplica(forum)
    expect(runs(await takeIn(never, [first, ...branch]))).toBe('231 accepted')
    const before = await openForumReplica(forum)
    watchAll(before, tip.block.header.time + 1)
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
    await replica.advanceClock()
    expect(told).toEqual([['chain.delayed', { chain: forum.id, blocks: 130 }]])
  })
})

describe('§5 of authors without limit nothing is delayed (4.d, 4.e)', () => {
  /** What somebody wrote in two days offline, and a fresh message on it. */
  const notes = (on: Chain, by: number): MadeBlock[] => {
    const made: MadeBlock[] = []
    for (let n = 0; n <= 300; n += 1) {
      const backs = made.slice(-1).map(({ block }) => block)
      const time = n < 300 ? NOW_MS - 2 * DAY + n * MINUTE : NOW_MS
      made.push(post(on, { author: by, backs, time, payload: `note ${String(n)}` }))
    }
    return made
  }

  test.each([
    ['a member’s in a group', group, BOB],
    ['the owner’s in an identity chain', owned, ANN],
    ['the owner’s in a chain of his alone', chain(`@!${author(ANN).author}`), ANN],
  ])('%s: 300 notes of two days offline come in at once, with the fresh message', async (_, on, by) => {
    const here = await openForumReplica(on)
    watchAll(here)
    expect(runs(await takeIn(here, notes(on, by)))).toBe('301 accepted')
    expect(here.replica.delayedCount).toBe(0)
  })

  test('unsigned notes in a group neither', async () => {
    const here = await openForumReplica(group)
    watchAll(here)
    const made: MadeBlock[] = []
    for (let n = 0; n < 150; n += 1) {
      made.push(post(group, { backs: made.slice(-1).map(({ block }) => block), time: NOW_MS - 2 * DAY + n }))
    }
    expect(runs(await takeIn(here, made))).toBe('150 accepted')
  })

  test('a guest’s in an identity chain is, and comes in with the owner’s block on it', async () => {
    const here = await openForumReplica(owned)
    const made = [post(owned, { author: ANN, time: START_MS - 2 * DAY })]
    const add = (make: (backs: MadeBlock[]) => MadeBlock): MadeBlock => {
      const next = make(made.slice(-1))
      made.push(next)
      return next
    }
    for (const guest of [1001, 1002, 1003, 1004, 1005]) {
      const [below] = made.slice(-1)
      const hello = add((backs) => post(owned, { author: guest, backs: backs.map(({ block }) => block) }))
      const seen = [below!.block, hello.block]
      for (let n = 0; n < 25; n += 1) {
        const backs = n === 0 ? seen : made.slice(-1).map(({ block }) => block)
        add(() => like(owned, 1, hello.block, { author: ANN, backs }))
      }
    }
    await takeIn(here, made)
    watchAll(here)
    const old: MadeBlock[] = []
    for (let n = 0; n < 125; n += 1) {
      const backs = [(old.at(-1) ?? made.at(-1)!).block]
      old.push(post(owned, { author: 1001 + (n % 5), backs, time: NOW_MS - 2 * DAY + n }))
    }
    expect(runs(await takeIn(here, old))).toBe('100 accepted, 25 delayed')
    const answer = post(owned, { author: ANN, backs: [old.at(-1)!.block], time: NOW_MS })
    expect(await here.replica.ingest([answer], 'pull')).toMatchObject([{ state: 'accepted', others: 25 }])
    expect(here.replica.delayedCount).toBe(0)
  })
})

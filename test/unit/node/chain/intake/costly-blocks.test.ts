/**
 * Blocks that take much longer to judge than others (spec §5, *Throttle*): who sends such that do not get in is charged for it, and
 * what waits for a ration is not judged before that has come back.
 */
import { afterEach, expect, test, vi } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import { ORDINARY_STEPS, STEPS_PER_RECHECK } from '../../../../../src/protocol/intake-limits.ts'
import { ChainState } from '../../../../../src/reputation/chain-state.ts'
import { post } from '../../../../support/blocks.ts'
import { HOUR } from '../../../../support/economy.ts'
import { ANN, BOB, CID, forumOf, openForumReplica, type ForumReplica } from '../../../../support/forum-replicas.ts'
import { inWords, NOW_MS, takeIn } from '../../../../support/replicas.ts'
import { settleAt } from '../../../../support/throttled.ts'

/** Everybody has one rep. */
const poor = forumOf(30)
const POSTS = ORDINARY_STEPS + 50
const startMs = NOW_MS - (POSTS + 2) * 25 * HOUR
const base = post(poor, { author: BOB, time: startMs })

/** One author's posts, each when the one before has its rep back. */
const line: MadeBlock[] = []
for (let n = 0; n < POSTS; n += 1) {
  const backs = [(line.at(-1) ?? base).block]
  line.push(post(poor, { author: CID, backs, time: startMs + (n + 1) * 25 * HOUR }))
}

/** Beside the last of the line, and beside the first. */
const sibling = post(poor, { author: CID, backs: [line.at(-2)!.block], time: NOW_MS - HOUR })
const rival = post(poor, { author: CID, backs: [base.block], time: startMs + 1 })

/** What two late posts of one author are in a past without an early one of theirs is evaluated from there on. */
const STRANGER = 99
const above = ['one', 'two', 'three'].map((payload) =>
  post(poor, { author: STRANGER, backs: [line.at(-1)!.block, sibling.block], time: NOW_MS, payload }),
)

async function withLine(): Promise<ForumReplica> {
  const on = await openForumReplica(poor)
  expect(new Set(await takeIn(on, [base, ...line, sibling, rival]))).toEqual(new Set(['accepted']))
  return on
}

/** A budget that notes what is spent, and what is left of it. */
function budget(left: number): { readonly may: (spent?: number) => boolean; readonly spent: number[] } {
  const spent: number[] = []
  const may = (count = 1): boolean => {
    if (count > 0) spent.push(count)
    return spent.reduce((sum, each) => sum + each, 0) < left
  }
  return { may, spent }
}

afterEach(() => {
  vi.restoreAllMocks()
})

test('what does not get in and takes much longer than others is charged to the sender; when nothing is left, the rest is put off', async () => {
  const on = await withLine()
  const plenty = budget(100)
  const all = await on.replica.ingest(above, 'pull', plenty.may)
  expect(all.map(inWords)).toEqual(['surplus', 'surplus', 'surplus'])
  expect(plenty.spent).toHaveLength(3)
  expect(Math.min(...plenty.spent)).toBeGreaterThan(POSTS / STEPS_PER_RECHECK)
  const little = budget(plenty.spent[0]!)
  const few = await (await withLine()).replica.ingest(above, 'pull', little.may)
  expect([few.map(inWords), little.spent.length]).toEqual([['surplus', 'postponed', 'postponed'], 1])
})

test('what gets in costs its sender nothing, nor does an ordinary block that does not', async () => {
  const on = await openForumReplica(poor)
  const none = budget(0)
  const stranger = post(poor, { author: STRANGER, backs: [base.block], time: startMs + 1 })
  const outcomes = await on.replica.ingest([base, ...line, stranger], 'pull', none.may)
  expect(outcomes.map(inWords)).toEqual([...[base, ...line].map(() => 'accepted'), 'surplus'])
  expect(none.spent).toEqual([])
})

test('gossip of a peer that owes is put off; the same block comes in by a pull', async () => {
  const on = await openForumReplica(poor)
  await takeIn(on, [base])
  const next = post(poor, { author: ANN, backs: [base.block], time: NOW_MS })
  expect((await on.replica.ingest([next], 'gossip', budget(0).may)).map(inWords)).toEqual(['postponed'])
  expect((await on.replica.ingest([next], 'pull', budget(0).may)).map(inWords)).toEqual(['accepted'])
})

test('what waits for a ration is judged again when that has come back, and not each minute', async () => {
  const on = await openForumReplica(poor)
  const latestFirst = Array.from({ length: 80 }, (_, n) =>
    post(poor, { author: CID, backs: [base.block], time: startMs + 200 - n }),
  )
  await takeIn(on, [base, ...latestFirst])
  expect(on.replica.delayedCount).toBe(19)
  const judged = vi.spyOn(ChainState.prototype, 'would')
  await settleAt(on, NOW_MS + HOUR / 2)
  expect([judged.mock.calls.length, on.replica.delayedCount]).toEqual([0, 19])
  await settleAt(on, NOW_MS + HOUR)
  expect([judged.mock.calls.length, on.replica.delayedCount]).toEqual([1, 18])
})

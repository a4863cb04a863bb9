/** Sound blocks that nobody pays for (spec §5, *Surplus*): how long they wait for a payer, and that they cost little. */
import { describe, expect, test, vi } from 'vitest'
import { graphViolationsOf } from '../../../../../src/dag/graph-invariants.ts'
import { MEMPOOL_BLOCKS } from '../../../../../src/protocol/intake-limits.ts'
import { like, post } from '../../../../support/blocks.ts'
import { DAY, HOUR, MINUTE } from '../../../../support/economy.ts'
import { floodOf } from '../../../../support/flood.ts'
import { NOW_MS, takeIn, viewOf } from '../../../../support/replicas.ts'
import {
  allStand,
  ANN,
  BOB,
  CID,
  forumOf,
  hears,
  indexOf,
  madeHere,
  NED,
  NIA,
  openForumReplica,
  reopened,
  says,
  THEN_MS,
  told,
  welcomed,
  type ForumReplica,
} from '../../../../support/forum-replicas.ts'

const forum = forumOf(3)
const first = post(forum, { author: ANN, time: THEN_MS })
const [guest, payer] = welcomed(forum, BOB, NED, [first])
const [other, otherPayer] = welcomed(forum, CID, NIA, [first])

/** With one accepted post by ann. */
async function forumReplica(): Promise<ForumReplica> {
  const on = await openForumReplica(forum)
  await takeIn(on, [first])
  told(on)
  return on
}

describe('§5 a newcomer gets in when somebody with reps likes the post', () => {
  test('who comes in the same batch: both in one commit, the post told first', async () => {
    const on = await forumReplica()
    const commits = vi.spyOn(on.store, 'commit')
    expect(await takeIn(on, [guest, payer])).toEqual(['surplus', 'accepted'])
    expect([allStand(on, guest, payer), commits.mock.calls.length]).toEqual(['unpaid paid', 1])
    expect(told(on)).toEqual([
      ['post', guest.block.id],
      ['like', payer.block.id],
    ])
  })

  test('who comes in the next batch of the pull, or by gossip meanwhile', async () => {
    const on = await forumReplica()
    expect(await takeIn(on, [guest, other])).toEqual(['surplus', 'surplus'])
    expect([allStand(on, guest, other), told(on)]).toEqual(['waiting waiting', []])
    expect(await takeIn(on, [payer])).toEqual(['accepted'])
    expect(await hears(on, otherPayer)).toBe('accepted')
    expect(allStand(on, guest, payer, other, otherPayer)).toBe('unpaid paid unpaid paid')
  })

  test('who comes long after the pull has ended', async () => {
    const on = await forumReplica()
    await takeIn(on, [guest])
    await on.replica.endPull()
    expect([allStand(on, guest), on.replica.graph.size, viewOf(on).heads]).toEqual(['waiting', 2, [first.block.id]])
    expect(await takeIn(on, [guest, payer])).toEqual(['known', 'accepted'])
    expect(allStand(await reopened(on), guest, payer)).toBe('unpaid paid')
  })

  test('two newcomers and two payers, interleaved in any way', async () => {
    for (const list of [
      [guest, other, payer, otherPayer],
      [guest, other, otherPayer, payer],
      [other, guest, payer, otherPayer],
    ]) {
      const on = await forumReplica()
      expect(await takeIn(on, list)).toEqual(['surplus', 'surplus', 'accepted', 'accepted'])
      expect([allStand(on, ...list), graphViolationsOf(on.replica.graph)]).toEqual([
        expect.not.stringMatching('waiting'),
        [],
      ])
      expect(viewOf(await reopened(on))).toEqual(viewOf(on))
    }
  })

  test('whatever the past of the block holds comes in with it: a whole line that nobody paid for', async () => {
    const poor = forumOf(30)
    const on = await openForumReplica(poor)
    const base = post(poor, { author: ANN, time: THEN_MS })
    const won = post(poor, { author: CID, backs: [base.block], time: THEN_MS, payload: 'this one came first' })
    const line = [post(poor, { author: CID, backs: [base.block], time: THEN_MS + 1, payload: 'the line begins' })]
    for (let day = 1; day <= 3; day += 1) {
      const below = line.at(-1) ?? base
      line.push(post(poor, { author: CID, backs: [below.block], time: THEN_MS + 1 + day * DAY }))
    }
    expect(await takeIn(on, [base, won, ...line])).toEqual(['accepted', 'accepted', ...line.map(() => 'surplus')])
    await on.replica.endPull()
    const over = post(poor, { author: BOB, backs: [(line.at(-1) ?? base).block] })
    const [outcome] = await on.replica.ingest([over], 'pull')
    expect(outcome).toMatchObject({ state: 'accepted', others: line.length })
    expect(allStand(on, won, ...line, over)).toBe('paid unpaid unpaid unpaid unpaid paid')
  })

  test('a payload that did not come is missed from when the post is accepted, not before', async () => {
    const on = await forumReplica()
    await on.replica.ingest([{ block: guest.block, payload: 'missing' }], 'pull')
    expect(on.replica.missing.size).toBe(0)
    await takeIn(on, [payer])
    expect([...on.replica.missing]).toEqual([indexOf(on, guest.block.id)])
  })
})

describe('§5 nothing is ever pushed, and unaccepted posts that come any other way are not kept', () => {
  test('by gossip nothing is kept that nobody pays for', async () => {
    const on = await forumReplica()
    const before = [on.replica.knownCount, on.replica.bytes]
    expect(await hears(on, guest)).toBe('surplus')
    expect([allStand(on, guest), on.replica.knownCount, on.replica.bytes]).toEqual(['gone', ...before])
    const [refused] = await on.replica.ingest([payer], 'gossip')
    expect(refused).toMatchObject({ state: 'refused', fault: { code: 'DAG_MISSING_BACK', back: guest.block.id } })
  })

  test('what waits is in no store, and gone after a restart', async () => {
    const on = await forumReplica()
    const { bytes } = on.replica
    await takeIn(on, [guest])
    const again = await reopened(on)
    expect([allStand(again, guest), again.replica.bytes, bytes]).toEqual(['gone', bytes, bytes])
  })

  test('a block on an unaccepted one is not sound, but for the like that welcomes it', async () => {
    const on = await forumReplica()
    const poorLike = like(forum, 1, guest.block, { author: NIA, backs: [guest.block] })
    const onPost = post(forum, { author: BOB, backs: [guest.block] })
    const onLike = post(forum, { author: BOB, backs: [poorLike.block] })
    expect(await takeIn(on, [guest, poorLike, onPost, onLike])).toEqual([
      'surplus',
      'surplus',
      'REP_UNACCEPTED_BACK',
      'REP_UNACCEPTED_BACK',
    ])
  })
})

describe('§5 kept until the pull ends, then at most 1,000 per chain', () => {
  test('in a pull more of it waits; at its end the oldest go, and come in when they are sent again', async () => {
    const on = await forumReplica()
    const crowd = Array.from({ length: 1010 }, (_, n) =>
      post(forum, { backs: [first.block], payload: `anonymous ${String(n)}` }),
    )
    await takeIn(on, [guest, ...crowd])
    expect(on.replica.knownCount).toBe(2 + 1011)
    await on.replica.endPull()
    expect(on.replica.knownCount).toBe(2 + 1000)
    expect(allStand(on, guest, ...crowd.slice(8, 12))).toBe('gone gone gone waiting waiting')
    expect(await takeIn(on, [payer, guest, payer])).toEqual(['DAG_MISSING_BACK', 'surplus', 'accepted'])
  })

  test('sound posts by fresh keys, more than are kept for a while, leave the graph, the authors and the store as they were', async () => {
    const on = await forumReplica()
    const before = [on.replica.graph.size, on.replica.state.authors().length, on.replica.bytes]
    const commits = vi.spyOn(on.store, 'commit')
    const perPull = Math.ceil(floodOf(MEMPOOL_BLOCKS, 5_000) / 10)
    for (let pull = 0; pull < 10; pull += 1) {
      const crowd = Array.from({ length: perPull }, (_, n) =>
        post(forum, { author: 10_000 + perPull * pull + n, backs: [first.block] }),
      )
      await takeIn(on, crowd)
      await on.replica.endPull()
    }
    expect([on.replica.graph.size, on.replica.state.authors().length, on.replica.bytes]).toEqual(before)
    expect([on.replica.knownCount, commits.mock.calls.length]).toEqual([2 + 1000, 0])
    expect(graphViolationsOf(on.replica.graph)).toEqual([])
  })
})

describe('§5 fetched again if needed', () => {
  test('when an author lost a block, others by the same author may be paid now: the surplus is forgotten', async () => {
    const poor = forumOf(15)
    const on = await openForumReplica(poor)
    const by = (backs: typeof first, time: number) => post(poor, { author: CID, backs: [backs.block], time })
    const base = post(poor, { author: CID, time: THEN_MS })
    const low = by(base, THEN_MS + HOUR)
    const middle = by(low, THEN_MS + 3 * DAY)
    const high = by(middle, THEN_MS + 3 * DAY + HOUR)
    const aside = by(base, THEN_MS + 4 * DAY)
    expect(await takeIn(on, [base, low, middle, high, aside])).toEqual([
      ...['accepted', 'accepted', 'accepted', 'accepted'],
      'surplus',
    ])
    await on.replica.endPull()
    expect(await takeIn(on, [by(base, THEN_MS + 30 * MINUTE)])).toEqual(['accepted'])
    expect(allStand(on, base, low, middle, high, aside)).toBe('paid surplus surplus surplus waiting')
    await on.replica.endPull()
    expect(allStand(on, aside)).toBe('gone')
    expect(await takeIn(on, [aside])).toEqual(['accepted'])
  })

  test('a payer over something that stands on a removed block is refused without harm, and taken after that block', async () => {
    const poor = forumOf(30)
    const on = await openForumReplica(poor, { nowMs: THEN_MS })
    const mine = await madeHere(on, await says(on, ANN, 'mine'))
    const above = post(poor, { author: NED, backs: [mine.block], time: THEN_MS })
    await takeIn(on, [above])
    await on.replica.endPull()
    const rival = post(poor, { author: ANN, time: THEN_MS - 1, payload: 'on my other device' })
    expect(await hears(on, rival)).toBe('accepted')
    expect(allStand(on, mine, above)).toBe('held waiting')
    await on.replica.drop(indexOf(on, mine.block.id))
    expect(allStand(on, mine, above)).toBe('gone gone')
    const pays = like(poor, 1, above.block, { author: BOB, backs: [above.block] })
    expect(await takeIn(on, [pays])).toEqual(['DAG_MISSING_BACK'])
    expect([allStand(on, mine, above, pays), viewOf(on).heads]).toEqual(['gone gone gone', [rival.block.id]])
    expect(await takeIn(on, [mine, above, pays])).toEqual(['surplus', 'surplus', 'accepted'])
    expect([allStand(on, mine, above, pays), on.replica.missing.size]).toEqual(['unpaid unpaid paid', 0])
    expect(await on.store.frame(mine.block.id, 0)).toEqual(mine.payload)
  })

  test('so is one over something on a block from which the clock was set back, until that is in again', async () => {
    const on = await openForumReplica(forum)
    const today = post(forum, { author: ANN, time: NOW_MS })
    const [above] = welcomed(forum, BOB, NED, [today])
    const pays = like(forum, 1, above.block, { author: BOB, backs: [above.block] })
    await takeIn(on, [today, above])
    await on.replica.endPull()
    on.clock.set(NOW_MS - HOUR)
    await on.replica.advanceClock()
    on.clock.set(NOW_MS)
    expect([allStand(on, today, above), await takeIn(on, [pays])]).toEqual(['set-back waiting', ['DAG_MISSING_BACK']])
    await on.replica.advanceClock()
    expect(await takeIn(on, [above, pays])).toEqual(['surplus', 'accepted'])
    expect(allStand(await reopened(on), today, above, pays)).toBe('paid unpaid paid')
  })
})

/** Blocks that were accepted and are not any more (spec §5, *Withdrawn*): where they go, how they come back, who is avoided. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import { graphViolationsOf } from '../../../../../src/dag/graph-invariants.ts'
import { isForPeers } from '../../../../../src/node/chain/intake/chain-events.ts'
import { explain } from '../../../../../src/reputation/explain.ts'
import { like, post } from '../../../../support/blocks.ts'
import { DAY, HOUR } from '../../../../support/economy.ts'
import { NOW_MS, takeIn, viewOf } from '../../../../support/replicas.ts'
import {
  allStand,
  ANN,
  BOB,
  CID,
  DOT,
  forumOf,
  hears,
  idsOf,
  indexOf,
  madeHere,
  NED,
  openForumReplica,
  reopened,
  reps,
  says,
  stands,
  THEN_MS,
  told,
  votes,
  type ForumReplica,
} from '../../../../support/forum-replicas.ts'

/** Everybody has one rep. */
const poor = forumOf(30)
const base = post(poor, { author: BOB, time: THEN_MS })
const later = post(poor, { author: ANN, backs: [base.block], time: THEN_MS + 1, payload: 'later' })
const earlier = post(poor, { author: ANN, backs: [base.block], time: THEN_MS, payload: 'earlier' })

async function forumReplica(...blocks: readonly MadeBlock[]): Promise<ForumReplica> {
  const on = await openForumReplica(poor)
  await takeIn(on, [base, ...blocks])
  told(on)
  return on
}

/** A post a day by ann, each on the one before, from `start` on. */
function dailyLine(days: number, start = 1_700_000_000_000): MadeBlock[] {
  const line: MadeBlock[] = []
  for (let day = 0; day < days; day += 1) {
    const backs = line.slice(-1).map(({ block }) => block)
    line.push(post(poor, { author: ANN, backs, time: start + day * DAY }))
  }
  return line
}

describe('§5 was accepted, is not any more', () => {
  test('because a concurrent block of the same author, earlier in order, came later: it is surplus, and told of', async () => {
    const on = await forumReplica(later)
    expect(await takeIn(on, [earlier])).toEqual(['accepted'])
    expect([allStand(on, later, earlier), viewOf(on).heads]).toEqual(['surplus paid', [earlier.block.id]])
    expect(on.events.map((event) => [event.kind, event.id, isForPeers(event)])).toEqual([
      ['post', earlier.block.id, true],
      ['withdrawn', later.block.id, true],
    ])
    expect([on.replica.held(), on.replica.missing.size]).toEqual([[], 0])
    expect(await on.store.frame(later.block.id, 0)).toEqual(later.payload)
    expect(allStand(await reopened(on), later, earlier)).toBe('surplus paid')
  })

  test('a concurrent block later in order withdraws nothing: it is not accepted itself', async () => {
    const on = await forumReplica(earlier)
    expect(await takeIn(on, [later])).toEqual(['surplus'])
    expect([allStand(on, earlier, later), told(on)]).toEqual(['paid waiting', []])
  })

  test('at its author it becomes held, with the reason, and others hear that it is withdrawn', async () => {
    const on = await openForumReplica(poor, { nowMs: THEN_MS + 1 })
    await takeIn(on, [base])
    const mine = await madeHere(on, await says(on, ANN, 'mine'))
    await takeIn(on, [earlier])
    expect([stands(on, mine), idsOf(on, on.replica.blocked())]).toEqual(['held', [mine.block.id]])
    const options = { state: 'held', now: on.clock.nowMs() } as const
    expect(explain(on.replica.state, indexOf(on, mine.block.id), options)).toContain('on blocks beside it')
    expect(told(on).at(-1)).toEqual(['withdrawn', mine.block.id])
    const again = await reopened(on)
    expect(idsOf(again, again.replica.heldHere())).toEqual([mine.block.id])
  })

  test("nobody has one withdrawn while somebody else's paid block stands on it", async () => {
    const over = post(poor, { author: CID, backs: [later.block] })
    const on = await forumReplica(later, over)
    await takeIn(on, [earlier])
    expect([allStand(on, later, over, earlier), told(on)]).toEqual(['unpaid paid paid', [['post', earlier.block.id]]])
  })

  test('a like by somebody with reps brings it back, here or from elsewhere', async () => {
    const on = await forumReplica(later)
    await takeIn(on, [earlier])
    await on.replica.endPull()
    told(on)
    const welcome = like(poor, 1, later.block, { author: CID, backs: [later.block] })
    expect(await hears(on, welcome)).toBe('accepted')
    expect([allStand(on, later, welcome), told(on).map(([kind]) => kind)]).toEqual(['unpaid paid', ['post', 'like']])
    const other = await forumReplica(later, earlier)
    expect(await votes(other, DOT, 1, later.block.id)).toMatchObject({ ok: true, value: { state: 'accepted' } })
    expect(stands(other, later)).toBe('unpaid')
  })
})

describe('§5 at most 1,000 per chain', () => {
  const line = dailyLine(1010)
  const rival = post(poor, { author: ANN, time: 1_700_000_000_000 - 1, payload: 'before all that' })
  const top = line.at(-1) ?? expect.unreachable('the line has blocks')

  async function withdrawn(): Promise<ForumReplica> {
    const on = await openForumReplica(poor)
    await takeIn(on, line)
    await takeIn(on, [rival])
    return on
  }

  /** Brings in more at once than a ration holds (spec §5, *Throttle*): it waits an hour for each hundred. */
  async function waited(on: ForumReplica, over: MadeBlock): Promise<void> {
    expect((await takeIn(on, [...line, over])).at(-1)).toBe('delayed')
    await on.replica.endPull()
    on.clock.set(NOW_MS + 11 * HOUR)
  }

  test('when the pull has ended, what is beyond goes, with its payload, from the top: pasts stay', async () => {
    const on = await withdrawn()
    const count = (state: string) => line.filter((made) => stands(on, made) === state).length
    expect([count('surplus'), count('gone')]).toEqual([1010, 0])
    const { bytes } = on.replica
    await on.replica.endPull()
    expect([count('surplus'), line.slice(1000).filter((made) => stands(on, made) === 'gone').length]).toEqual([
      1000, 10,
    ])
    const gone = line.slice(1000).reduce((sum, { payload }) => sum + payload.byteLength, 0)
    expect([on.replica.bytes, on.replica.missing.size]).toEqual([bytes - gone, 0])
    expect(await on.store.frame(top.block.id, 0)).toBeUndefined()
    expect(graphViolationsOf(on.replica.graph)).toEqual([])
    const again = await reopened(on)
    expect([stands(again, top), again.replica.bytes, again.replica.missing.size]).toEqual(['gone', bytes - gone, 0])
  })

  test('fetched again if needed: what was dropped comes in with its payload when a payer follows in the same pull', async () => {
    const on = await withdrawn()
    await on.replica.endPull()
    const { bytes } = on.replica
    const over = post(poor, { author: BOB, backs: [top.block] })
    expect(await takeIn(on, [over])).toEqual(['DAG_MISSING_BACK'])
    await waited(on, over)
    const again = await takeIn(on, [...line, over])
    expect(again.slice(-11)).toEqual([...Array.from({ length: 10 }, () => 'surplus'), 'accepted'])
    expect([stands(on, top), on.replica.blocks, on.replica.missing.size]).toEqual(['unpaid', 1012, 0])
    expect(await on.store.frame(top.block.id, 0)).toEqual(top.payload)
    expect(on.replica.bytes).toBeGreaterThan(bytes)
    expect(graphViolationsOf(on.replica.graph)).toEqual([])
    const restarted = await reopened(on)
    expect([viewOf(restarted), restarted.replica.bytes]).toEqual([viewOf(on), on.replica.bytes])
  })

  test('one that came again without its payload is missed once it is accepted', async () => {
    const on = await withdrawn()
    await on.replica.endPull()
    const over = post(poor, { author: BOB, backs: [top.block] })
    await waited(on, over)
    await on.replica.ingest(
      line.slice(1000).map(({ block }) => ({ block, payload: 'missing' })),
      'pull',
    )
    await takeIn(on, [over])
    expect(idsOf(on, on.replica.missing)).toEqual(line.slice(1000).map(({ block }) => block.id))
    expect([...(await reopened(on)).replica.missing]).toEqual([...on.replica.missing])
  })

  test('at their author, of more than 16 the tops go; a payer brings them back as well', async () => {
    const on = await openForumReplica(poor, { nowMs: THEN_MS })
    const mine: MadeBlock[] = []
    for (let day = 0; day < 20; day += 1) {
      on.clock.set(THEN_MS + day * DAY)
      mine.push(await madeHere(on, await says(on, ANN, `day ${String(day)}`)))
    }
    await takeIn(on, [post(poor, { author: ANN, time: THEN_MS - 1, payload: 'elsewhere' })])
    await on.replica.endPull()
    expect(allStand(on, ...mine)).toBe([...Array<string>(16).fill('held'), ...Array<string>(4).fill('gone')].join(' '))
    const over = post(poor, { author: BOB, backs: [(mine.at(-1) ?? base).block] })
    expect((await takeIn(on, [...mine, over])).at(-1)).toBe('accepted')
    expect([on.replica.held(), on.replica.blocks]).toEqual([[], 22])
  })
})

describe('§5 posting leaves out a head', () => {
  test('whose author had a block withdrawn here in the last 24 h, until that is 24 h ago, and links what it stands on', async () => {
    const on = await forumReplica(later)
    const withdrawnMs = on.clock.nowMs()
    await takeIn(on, [earlier])
    const first = await madeHere(on, await says(on, BOB, 'at once'))
    expect(first.block.header.backs).toEqual([base.block.id])
    on.clock.set(withdrawnMs + DAY - 1)
    expect(viewOf(on).heads).toContain(earlier.block.id)
    expect(on.replica.isAvoided(indexOf(on, earlier.block.id))).toBe(true)
    const second = await madeHere(on, await says(on, DOT, 'a moment before'))
    expect(second.block.header.backs).toEqual([first.block.id])
    on.clock.set(withdrawnMs + DAY)
    expect(on.replica.isAvoided(indexOf(on, earlier.block.id))).toBe(false)
    const third = await madeHere(on, await says(on, CID, 'a day later'))
    expect(third.block.header.backs).toEqual([second.block.id, earlier.block.id].sort())
  })

  test('only of that author: those whose block came in for a withdrawn one are linked', async () => {
    const on = await forumReplica(later)
    await takeIn(on, [earlier, post(poor, { author: CID, backs: [base.block], time: THEN_MS })])
    const { graph } = on.replica
    const avoided = graph.heads().filter((head) => on.replica.isAvoided(head))
    expect([graph.heads().length, idsOf(on, avoided)]).toEqual([2, [earlier.block.id]])
  })

  test('whose author is below zero, not at zero', async () => {
    const forum = forumOf(3)
    const on = await openForumReplica(forum)
    const first = post(forum, { author: ANN, time: THEN_MS })
    const guest = post(forum, { author: NED, backs: [first.block], payload: 'may I come in?' })
    const welcome = like(forum, 1, guest.block, { author: BOB, backs: [first.block, guest.block] })
    const head = post(forum, { author: NED, backs: [welcome.block], time: THEN_MS + DAY })
    // One like and two days with a post.
    await takeIn(on, [first, guest, welcome, head])
    let below = welcome
    for (const left of [2, 1, 0]) {
      below = like(forum, -1, guest.block, { author: ANN, backs: [below.block], time: THEN_MS + DAY + HOUR })
      await takeIn(on, [below])
      expect(reps(on, NED)).toBe(left)
    }
    expect(on.replica.isAvoided(indexOf(on, head.block.id))).toBe(false)
    const linked = await madeHere(on, await says(on, CID, 'with everybody'))
    expect(linked.block.header.backs).toEqual([head.block.id, below.block.id].sort())

    const last = like(forum, -1, guest.block, { author: ANN, backs: [below.block], time: THEN_MS + DAY + HOUR })
    const beside = post(forum, { author: NED, backs: [head.block], time: THEN_MS + DAY + 1 })
    await takeIn(on, [last, beside])
    expect([reps(on, NED), NOW_MS]).toEqual([-1, on.clock.nowMs()])
    expect(viewOf(on).heads).toContain(beside.block.id)
    const without = await madeHere(on, await says(on, CID, 'without him'))
    expect(without.block.header.backs).toEqual([linked.block.id, last.block.id].sort())
  })
})

/**
 * Spec §8, step 2: what a pull costs, by the shape of the two DAGs. These are the numbers of docs/decisions/0009: round
 * trips, those of them in which it was still being found out what is missing, ids listed, and bytes without the blocks.
 */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../src/dag/block.ts'
import { author, chain, post } from '../../support/blocks.ts'
import { madeLine, nameLine, nameOn, type Standing } from '../../support/named-chains.ts'
import { pullAll, Side } from '../../support/sync-sim.ts'

const FORUM = chain('#cost', author(0).author)
const LONG = 100_000
const KIB = 1024

interface Sides {
  readonly to: Side
  readonly from: Side
  /** The last block that both have. */
  readonly tip: Standing
}

function sides(shared = LONG): Sides {
  const [to, from] = [new Side(FORUM), new Side(FORUM)]
  return { to, from, tip: nameLine(FORUM, [to, from], shared) }
}

/** 500 branches of one block that both have. */
function branches({ to, from, tip }: Sides): Standing[] {
  return Array.from({ length: 500 }, (_, n) => nameOn(FORUM, [to, from], `branch ${String(n)}`, tip))
}

describe('one missing block out of 100,000', () => {
  test('costs less than 4 KiB', () => {
    const { to, from, tip } = sides()
    from.add(post(FORUM, { backs: [tip], author: 1 }))
    const { cost, end } = pullAll(to, from)
    expect(end).toMatchObject({ fresh: 1, missing: 0 })
    expect(cost.bytes).toBeLessThan(4 * KIB)
    expect([cost.rounds, cost.searchRounds.size, cost.listed]).toEqual([3, 2, 1])
  })

  test('nor does it cost more when the requester has a block of its own that the responder lacks', () => {
    const { to, from, tip } = sides()
    from.add(post(FORUM, { backs: [tip], author: 1 }))
    to.add(post(FORUM, { backs: [tip], author: 2 }))
    const { cost, end } = pullAll(to, from)
    expect(end).toMatchObject({ fresh: 1, missing: 0 })
    expect(cost.bytes).toBeLessThan(4 * KIB)
  })

  test.each([
    ['first page of them', '0', 34, [3, 2]],
    ['last', 'F', 13, [9, 8]],
  ] as const)('beside 500 heads, in the %s, it costs what describes those, or folds', (_, digit, kib, rounds) => {
    const { to, from, tip } = sides()
    branches({ to, from, tip })
    from.add(postThat((id) => id.startsWith(digit), tip))
    const { cost, end } = pullAll(to, from)
    expect(end).toMatchObject({ fresh: 1, missing: 0 })
    expect(cost.bytes).toBeLessThan(kib * KIB)
    expect([cost.rounds, cost.searchRounds.size]).toEqual(rounds)
  })
})

/** One of many posts on a block. */
function postThat(holds: (id: string) => boolean, tip: Standing): MadeBlock {
  for (let n = 0; ; n++) {
    const made = post(FORUM, { backs: [tip], time: tip.header.time + 300_000, payload: String(n) })
    if (holds(made.block.id)) return made
  }
}

test('equal sides know it after one request, and after two if they have more heads than a page holds', () => {
  const { to, from, tip } = sides()
  expect(pullAll(to, from).cost).toMatchObject({ rounds: 1, searchBytes: 124 })
  branches({ to, from, tip })
  const { cost, end } = pullAll(to, from)
  expect(end).toMatchObject({ fresh: 0, missing: 0, end: { why: 'done' } })
  expect(cost).toMatchObject({ rounds: 2, requests: { open: 1, folds: 1 } })
  expect(cost.searchBytes).toBeLessThan(9 * KIB)
})

test('each side 10,000 ahead: in one line the list names no more of what is had than there is ahead, and is kept to', () => {
  const { to, from, tip } = sides()
  for (const made of madeLine(FORUM, 10_000, tip)) from.add(made)
  nameLine(FORUM, [to], 10_000, tip)
  const { cost, end } = pullAll(to, from)
  expect(end).toMatchObject({ fresh: 10_000, missing: 0, end: { why: 'done' } })
  expect([cost.rounds, cost.searchRounds.size, cost.listed]).toEqual([13, 5, 16_383])
  expect(cost.requests.folds).toBeUndefined()
  expect(cost.searchBytes).toBeLessThan(518 * KIB)
})

test('500 branches, a private block of either side on each: the list still describes what is had', () => {
  const { to, from, tip } = sides()
  for (const [n, top] of branches({ to, from, tip }).entries()) {
    from.add(post(FORUM, { backs: [top], time: top.header.time + 1000 + n }))
    nameOn(FORUM, [to], `own ${String(n)}`, top)
  }
  const { cost, end } = pullAll(to, from)
  expect(end).toMatchObject({ fresh: 500, missing: 0, end: { why: 'done' } })
  expect(cost.requests.folds).toBeUndefined()
  expect([cost.rounds, cost.searchRounds.size]).toEqual([3, 2])
  expect(cost.listed).toBeLessThan(700)
  expect(cost.searchBytes).toBeLessThan(64 * KIB)
})

test('1,000 branches of 100 blocks, three private blocks of either side on each: folds, where a list would name all', () => {
  const [to, from] = [new Side(FORUM), new Side(FORUM)]
  let tops: (Standing | undefined)[] = new Array<undefined>(1_000).fill(undefined)
  for (let length = 0; length < 100; length++) {
    tops = tops.map((top, n) => nameOn(FORUM, [to, from], `branch ${String(n)} ${String(length)}`, top))
  }
  for (const [n, top] of tops.entries()) {
    let own = top
    for (let more = 0; more < 3; more++) own = nameOn(FORUM, [to], `own ${String(n)} ${String(more)}`, own)
    for (const made of madeLine(FORUM, 3, top)) from.add(made)
  }
  const { cost, end } = pullAll(to, from)
  expect(end).toMatchObject({ fresh: 3_000, missing: 0, end: { why: 'done' } })
  expect([cost.rounds, cost.searchRounds.size, cost.listed]).toEqual([11, 8, 19_081])
  expect(cost.searchBytes).toBeLessThan(800 * KIB)
})

test('an empty side is told all in pages, and an empty peer nothing', () => {
  const [to, from] = [new Side(FORUM), new Side(FORUM)]
  for (const made of madeLine(FORUM, 20_000)) from.add(made)
  expect(pullAll(from, to).cost).toMatchObject({ rounds: 1, listed: 0 })
  const { cost, end } = pullAll(to, from)
  expect(end).toMatchObject({ fresh: 20_000, missing: 0 })
  expect([cost.rounds, cost.searchRounds.size, cost.listed]).toEqual([22, 6, 20_000])
  expect(cost.searchBytes).toBeLessThan(630 * KIB)
})

test('a peer that forgot its last 1,000 blocks is told just those', () => {
  const { to, from, tip } = sides()
  for (const made of madeLine(FORUM, 1_000, tip)) from.add(made)
  const { cost, end } = pullAll(to, from)
  expect(end).toMatchObject({ fresh: 1_000, missing: 0 })
  expect([cost.rounds, cost.searchRounds.size, cost.listed]).toEqual([3, 2, 1_000])
  expect(cost.searchBytes).toBeLessThan(33 * KIB)
})

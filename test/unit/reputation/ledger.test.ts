import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { Accounts } from '../../../src/reputation/accounts.ts'
import { Ledger } from '../../../src/reputation/ledger.ts'
import { LedgerTwin, inOrder, type TwinBlock } from '../../support/reputation-twin.ts'
import { randomFrom } from '../../support/random.ts'
import { AUTHORS, plans, VotedDag } from '../../support/voted-dags.ts'
import { checkProperty } from '../../support/property.ts'

/** Raised by hand for long hunts. */
const TIMES = Number(process.env['LEDGER_TIMES'] ?? 1)

const HOUR = 3_600_000
const DAY = 24 * HOUR
const [ann, bob, , zed] = AUTHORS

/** Few hours apart, so that caps are met; at the edges of a day; and at the edges of the window. */
const dense = fc.constantFrom(0, 0, 0, 1, HOUR, HOUR, 5 * HOUR)
const daily = fc.constantFrom(0, 1, 5 * HOUR, 12 * HOUR, DAY - 1, DAY, DAY, DAY + 1)
const wide = fc.constantFrom(
  0,
  HOUR,
  DAY - 1,
  DAY,
  10 * DAY,
  45 * DAY,
  89 * DAY,
  90 * DAY - HOUR,
  90 * DAY,
  90 * DAY + 1,
)

interface Rules {
  readonly bases: Readonly<Record<string, number>>
  readonly unlimited: readonly string[]
}

const ruleSets = fc.constantFrom<Rules>(
  { bases: { [ann!]: 2, [bob!]: 1 }, unlimited: [] },
  { bases: { [ann!]: 30 }, unlimited: [] },
  { bases: { [ann!]: 29, [bob!]: 29 }, unlimited: [] },
  { bases: {}, unlimited: [zed!] },
)

class Both {
  readonly dag = new VotedDag()
  readonly rules: Rules
  /** In the set. */
  readonly set = new Set<number>()
  readonly turned = new Map<number, boolean>()
  readonly ledger: Ledger

  constructor(rules: Rules) {
    const { graph, table } = this.dag
    this.rules = rules
    this.ledger = new Ledger(
      {
        graph,
        table,
        baseOf: (author) => rules.bases[table.keyOf(author)] ?? 0,
        isUnlimited: (author) => rules.unlimited.includes(table.keyOf(author)),
      },
      (vote, counts) => {
        expect(this.turned.get(vote) ?? false).toBe(!counts)
        this.turned.set(vote, counts)
      },
    )
  }

  twins(set: Iterable<number> = this.set): TwinBlock[] {
    return [...set].map((index) => this.dag.twins[index]!)
  }

  twinOf(set: Iterable<number> = this.set): LedgerTwin {
    const isUnlimited = (author: string | undefined) => author !== undefined && this.rules.unlimited.includes(author)
    return new LedgerTwin(new Set(this.twins(set)), isUnlimited, (author) => this.rules.bases[author] ?? 0)
  }

  /** Takes in a block whose past is in, or takes out one on which nothing stands; gives it. */
  flip(pick: number, canGo = true): number | undefined {
    const { graph } = this.dag
    const all = Array.from({ length: graph.size - 1 }, (_, n) => n + 1)
    const isStoodOn = (index: number) => [...this.set].some((above) => graph.backs(above).includes(index))
    const able = all.filter((index) =>
      this.set.has(index) ? canGo && !isStoodOn(index) : graph.backs(index).every((at) => at === 0 || this.set.has(at)),
    )
    const index = able[pick % Math.max(1, able.length)]
    if (index === undefined) return undefined
    if (this.set.delete(index)) this.ledger.remove(index)
    else {
      this.set.add(index)
      this.ledger.add(index)
    }
    return index
  }

  expectSame(moments: readonly number[], ledger = this.ledger, set: Iterable<number> = this.set): void {
    const twin = this.twinOf(set)
    const { table, twins } = this.dag
    for (const index of set) if (!table.isPost(index)) expect(ledger.counts(index)).toBe(twin.counts(twins[index]!))
    const times = this.twins(set).map(({ time }) => time)
    const latest = Math.max(0, ...times)
    const asked = [latest, latest + DAY, ...moments.map((ms) => latest + ms), ...times.slice(0, 3)]
    for (const author of AUTHORS) {
      const number = table.numberOf(author)
      if (number === undefined || this.rules.unlimited.includes(author)) continue
      for (const t of asked) expect(ledger.repsOf(number, t)).toBe(twin.reps(author, t))
    }
  }
}

const moments = fc.array(fc.oneof(fc.nat(100 * DAY), fc.nat(3 * DAY)), { maxLength: 4 })

test.each([
  // Fewer votes turn here, so there are more runs.
  { name: 'hours apart', gaps: dense, runs: 400 },
  { name: 'days apart', gaps: daily, runs: 200 },
  { name: 'at the edges of the window', gaps: wide, runs: 200 },
  { name: 'anyhow', gaps: fc.oneof(dense, daily, wide), runs: 200 },
])(
  'a ledger that blocks went into and out of in any order says what the definition says, block by block: $name',
  { timeout: 240_000 * TIMES },
  ({ gaps, runs }) => {
    const seen = { turned: 0, void: 0, plain: 0 }
    checkProperty(
      'ledger-in-any-order',
      fc.property(
        ruleSets,
        plans(26, { least: 14, latest: gaps, reach: 20 }),
        fc.array(fc.nat(30), { minLength: 20, maxLength: 60, size: 'max' }),
        moments,
        (rules, blocks, flips, at) => {
          const both = new Both(rules)
          for (const plan of blocks) both.dag.add(plan)
          // In some order, then some in and out.
          for (const [n, pick] of [...blocks.map((_, at) => flips[at] ?? at), ...flips].entries()) {
            const before = new Map(both.turned)
            const index = both.flip(pick, n > blocks.length)
            for (const [vote, counts] of both.turned) {
              if (vote !== index && before.get(vote) !== counts) seen.turned += 1
            }
            if (n > blocks.length / 2) both.expectSame(at)
          }
          const twin = both.twinOf()
          for (const u of both.twins()) {
            if (u.like !== undefined && !twin.counts(u)) seen.void += 1
            if (u.like === undefined && u.author !== undefined && !twin.isMinting(u)) seen.plain += 1
          }
          // What was noted is what counts.
          const counting = [...both.turned].filter(([, counts]) => counts).map(([vote]) => vote)
          const expected = [...both.set].filter((index) => !both.dag.table.isPost(index) && both.ledger.counts(index))
          expect(counting.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
        },
      ),
      { numRuns: runs * TIMES },
    )
    expect(seen.turned).toBeGreaterThan(15)
    expect(seen.void).toBeGreaterThan(150)
    expect(seen.plain).toBeGreaterThan(150)
  },
)

test.each([
  { seed: 1, gapMs: HOUR },
  { seed: 2, gapMs: 6 * HOUR },
  { seed: 3, gapMs: 2 * DAY },
])(
  'the same in a long ledger, of which late branches come and go (seed $seed)',
  { timeout: 120_000 },
  ({ seed, gapMs }) => {
    const random = randomFrom(seed)
    const draw = (most: number) => Math.floor(random() * (most + 1))
    const both = new Both({ bases: { [ann!]: 20, [bob!]: 5 }, unlimited: [] })
    let turned = 0
    for (let n = 0; n < 800; n += 1) {
      const isLate = n % 4 === 0
      both.dag.add({
        backs: isLate ? [draw(Math.min(n, 400))] : [draw(2), draw(2)],
        author: draw(AUTHORS.length),
        lateMs: draw(3) === 0 ? 0 : draw(gapMs),
        vote: ([0, 0, 1, -1] as const)[draw(3)]!,
        target: draw(1000),
      })
    }
    for (let n = 0; n < 800; n += 1) {
      const before = new Map(both.turned)
      const index = both.flip(n % 3 === 0 ? draw(1e6) : 0, n % 7 === 0)
      for (const [vote, counts] of both.turned) if (vote !== index && before.get(vote) !== counts) turned += 1
      if (n % 80 === 79) both.expectSame([draw(100 * DAY), draw(10 * DAY)])
    }
    expect(turned).toBeGreaterThan(3)
  },
)

test('copies, and copies of what comes no later than a block, go their own way', { timeout: 240_000 * TIMES }, () => {
  const picks = fc.array(fc.nat(30), { maxLength: 12 })
  checkProperty(
    'ledger-copies',
    fc.property(
      ruleSets,
      plans(26, { least: 14, latest: fc.oneof(dense, daily, wide), reach: 20 }),
      fc.nat(30),
      picks,
      picks,
      moments,
      (rules, blocks, pick, ours, theirs, at) => {
        const both = new Both(rules)
        const indexes = blocks.map((plan) => both.dag.add(plan))
        for (const [n] of blocks.entries()) if (n < 20) both.flip(ours[n] ?? n, false)
        const { graph, twins } = both.dag
        const last = indexes[pick % indexes.length]!
        const isCut = pick % 3 > 0
        const copy = both.ledger.fork(undefined, isCut ? last : undefined)
        const set = new Set([...both.set].filter((index) => !isCut || graph.compare(index, last) <= 0))
        for (const pick of ours) both.flip(pick)
        for (const number of theirs) {
          const index = indexes[number % indexes.length]!
          if (set.has(index)) {
            if ([...set].some((above) => graph.backs(above).includes(index))) continue
            set.delete(index)
            copy.remove(index)
          } else if (graph.backs(index).every((back) => back === 0 || set.has(back))) {
            set.add(index)
            copy.add(index)
          }
          both.expectSame(at, copy, set)
        }
        both.expectSame(at)
        both.expectSame(at, copy, set)
        expect(inOrder(set.size > 0 ? [...set].map((index) => twins[index]!) : []).length).toBe(set.size)
      },
    ),
    { numRuns: 300 * TIMES },
  )
})

test('a late early vote costs the votes that it turns: those with more to spare are passed over, however many', () => {
  /** Balances that are asked for when an early vote of ann's comes after so many of hers, each made up for by a like. */
  const asked = (count: number): number => {
    const both = new Both({ bases: { [ann!]: 10 }, unlimited: [zed!] })
    const add = (author: number, reach: number, vote: 1 | 0, lateMs = 1000): void => {
      both.dag.add({ backs: [reach], author, lateMs, vote, target: 0 })
      both.flip(0, false)
    }
    add(3, 0, 0)
    add(0, 0, 0)
    for (let n = 0; n < count; n += 1) {
      add(0, 0, 1)
      add(3, 0, 1)
    }
    const seen = vi.spyOn(Accounts.prototype, 'balance')
    add(0, 2 * count, 1, 1)
    const calls = seen.mock.calls.length
    seen.mockRestore()
    expect(both.turned.size).toBe(2 * count + 1)
    both.expectSame([])
    return calls
  }
  expect([asked(3), asked(300)]).toEqual([1, 1])
})

test('a like that mints a day only where the window parts it turns a vote there by two reps, and back when it goes', () => {
  const both = new Both({ bases: {}, unlimited: [zed!] })
  const add = (author: number, back: number, lateMs: number, vote: 1 | -1 | 0 = 0, target = 0): number => {
    const index = both.dag.add({ backs: [both.dag.graph.size - 1 - back], author, lateMs, vote, target })
    both.flip(0, false)
    both.expectSame([])
    return index
  }
  const other = add(3, 0, 0)
  const first = add(0, other, HOUR)
  const second = add(0, first, 19 * HOUR)
  // The day is minted by the like of its first post, which is out of the window at the vote; then the second one has none.
  let tip = add(3, second, HOUR, 1, 1)
  for (let n = 0; n < 2; n += 1) tip = add(3, tip, 2 * HOUR, -1)
  const vote = add(0, tip, 90 * DAY + 10 * HOUR - both.dag.graph.time(tip), 1)
  expect(both.dag.twins[tip - 1]?.like?.target).toBe(both.dag.twins[second])
  expect(both.ledger.counts(vote)).toBe(false)
  const like = add(3, second, 2 * HOUR, 1)
  expect(both.ledger.counts(vote)).toBe(true)
  both.set.delete(like)
  both.ledger.remove(like)
  expect(both.ledger.counts(vote)).toBe(false)
  both.expectSame([])
})

test('what is not in a ledger cannot be taken out', () => {
  const both = new Both({ bases: {}, unlimited: [] })
  const index = both.dag.add({ backs: [0], author: 0, lateMs: 0, vote: 0, target: 0 })
  both.flip(0)
  both.flip(0)
  expect(() => {
    both.ledger.remove(index)
  }).toThrow(Bug)
})

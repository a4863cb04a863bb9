import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TwinBlock } from '../../support/reputation-twin.ts'
import { ReputationTwin } from '../../support/reputation-twin.ts'
import { Tally } from '../../../src/reputation/tally.ts'
import { View } from '../../../src/reputation/view.ts'
import { repsOf } from '../../../src/reputation/rules.ts'
import { AUTHORS, plans, VotedDag } from '../../support/voted-dags.ts'

const DAY = 86_400_000
/** Nobody is a pioneer: the counts alone. */
const twin = new ReputationTwin({ kind: 'identity', pioneers: [], owner: 'nobody' })

/** What happens between two looks: acceptances flip, then a view goes somewhere. */
const journeys = fc.array(
  fc.record({
    flips: fc.array(fc.nat(30), { maxLength: 6 }),
    tips: fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }),
    laterMs: fc.oneof(fc.constantFrom(0, DAY, 90 * DAY), fc.nat(100 * DAY)),
    view: fc.nat(2),
  }),
  { maxLength: 12 },
)

function expectLike(dag: VotedDag, view: View, set: ReadonlySet<TwinBlock>, t: number): void {
  for (const key of AUTHORS) {
    const number = dag.table.numberOf(key)
    if (number === undefined) continue
    expect(repsOf(0, view.countsOf(number, t))).toBe(twin.reps(key, set, t))
  }
}

/** Blocks in one of the sets only. */
function differing(a: ReadonlySet<TwinBlock>, b: ReadonlySet<TwinBlock>): number {
  return new Set([...a, ...b]).size * 2 - a.size - b.size
}

test('views at any versions, whatever is accepted and withdrawn meanwhile, count what the definition counts', () => {
  fc.assert(
    fc.property(plans(30), journeys, (blocks, journey) => {
      const dag = new VotedDag()
      const indexes = [0, ...blocks.map((plan) => dag.add(plan))]
      const main = new Tally(dag.graph, dag.table)
      const views = [0, 1, 2].map(() => ({ view: View.beside(main, dag.graph, dag.table), tips: [0], t: 0 }))
      for (const { flips, tips: picks, laterMs, view: pick } of journey) {
        for (const flip of flips) {
          const index = indexes[flip % indexes.length]!
          const change = dag.flip(index)
          if (change === 'accepted') main.add(index)
          else if (change === 'withdrawn') main.remove(index)
          for (const { view } of views) {
            if (change === 'accepted') view.mainAdded(index)
            else if (change === 'withdrawn') view.mainRemoved(index)
          }
        }
        const tips = picks.map((tip) => indexes[tip % indexes.length]!)
        const t = Math.max(...tips.map((tip) => dag.graph.time(tip))) + laterMs
        const moved = views[pick]!
        expect(moved.view.moveTo(tips, t, 1000)).toBe(true)
        Object.assign(moved, { tips, t })
        for (const { view, tips: at, t: when } of views) {
          expectLike(dag, view, dag.closed(at), when)
          expect(view.size).toBe(differing(dag.closed(at), dag.accepted()))
        }
        expectLike(dag, View.beside(main, dag.graph, dag.table), dag.accepted(), t)
      }
    }),
    { numRuns: 300 },
  )
})

test('a view that holds only what can still count goes anywhere but where more would count', () => {
  let refused = 0
  let went = 0
  fc.assert(
    fc.property(plans(30), journeys, (blocks, journey) => {
      const dag = new VotedDag()
      const indexes = [0, ...blocks.map((plan) => dag.add(plan))]
      let view: View | undefined
      for (const { tips: picks, laterMs } of journey) {
        const tips = picks.map((tip) => indexes[tip % indexes.length]!)
        const t = Math.max(...tips.map((tip) => dag.graph.time(tip))) + laterMs
        const isThere = view?.moveTo(tips, t, 1000) ?? false
        if (isThere) went += 1
        else {
          if (view !== undefined) refused += 1
          view = View.alone(tips, 1000, dag.graph, dag.table)
        }
        expectLike(dag, view!, dag.closed(tips), t)
      }
    }),
    { numRuns: 300 },
  )
  expect([went > 0, refused > 0]).toEqual([true, true])
})

test('a way that takes too many steps is not begun', () => {
  const dag = new VotedDag()
  const plan = { backs: [0], author: 0, lateMs: 1, vote: 0, target: 0 } as const
  const indexes = Array.from({ length: 10 }, () => dag.add(plan))
  const main = new Tally(dag.graph, dag.table)
  const view = View.beside(main, dag.graph, dag.table)
  const top = [indexes[9]!]
  expect(view.moveTo(top, 10, 9)).toBe(false)
  expectLike(dag, view, new Set(), 10)
  expect(view.moveTo(top, 10, 10)).toBe(true)
  expect(view.size).toBe(10)
  expectLike(dag, view, dag.closed(top), 10)
  expect(View.alone(top, 9, dag.graph, dag.table)).toBeUndefined()
  expect(View.alone(top, 10, dag.graph, dag.table)?.size).toBe(10)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MarginTrees, type Margins } from '../../../src/reputation/margins.ts'
import { Graph } from '../../../src/dag/graph.ts'
import { DRAWN_CHAIN, drawnId, rowOn } from '../../support/draw.ts'
import { checkProperty } from '../../support/property.ts'

const COUNT = 400

/** Two of each time. */
const graph = new Graph(DRAWN_CHAIN, 3)
for (let n = 1; n <= COUNT; n += 1) graph.add(rowOn(graph, drawnId(`vote ${String(n)}`), [0], 10 * (n >> 1)), false)
const trees = new MarginTrees(graph)

/** Counts, and how far the balance may fall; or does not, and how far it may rise. */
interface Noted {
  readonly counts: boolean
  margin: number
}

/** Margins, and the same as a plain list. */
class Both {
  tree: Margins
  readonly noted: Map<number, Noted>

  constructor(tree?: Margins, noted: ReadonlyMap<number, Noted> = new Map()) {
    this.tree = tree
    this.noted = new Map([...noted].map(([vote, each]) => [vote, { ...each }]))
  }

  do({ deed, vote, by, span, balance }: Deed): void {
    if (deed === 'put') {
      const counts = balance >= 1
      this.tree = trees.put(this.tree, vote, { counts, balance })
      this.noted.set(vote, { counts, margin: counts ? balance : 1 - balance })
    } else if (deed === 'remove') {
      this.tree = trees.remove(this.tree, vote)
      this.noted.delete(vote)
    } else if (deed === 'cut') {
      this.tree = trees.upTo(this.tree, vote)
      for (const other of this.noted.keys()) if (graph.compare(other, vote) > 0) this.noted.delete(other)
    } else {
      const fromMs = deed === 'drift later' ? graph.time(vote) + 20 : undefined
      const reach = { behind: vote, untilMs: graph.time(vote) + span, ...(fromMs !== undefined && { fromMs }) }
      this.tree = trees.drift(this.tree, by, reach)
      for (const [other, each] of this.noted) {
        const time = graph.time(other)
        const isReached = graph.compare(other, vote) > 0 && time <= reach.untilMs && time >= (fromMs ?? 0)
        if (isReached) each.margin -= each.counts ? by.fall : by.rise
      }
    }
  }

  expectSame(): void {
    const inOrder = [...this.noted].sort(([a], [b]) => graph.compare(a, b))
    const [vote, noted] = inOrder.find(([, { margin }]) => margin <= 0) ?? []
    expect(trees.firstAtRisk(this.tree)).toEqual(vote === undefined ? undefined : { vote, counts: noted!.counts })
  }
}

const deeds = fc.record({
  deed: fc.constantFrom('put', 'put', 'put', 'put', 'drift', 'drift later', 'remove', 'cut'),
  vote: fc.integer({ min: 1, max: COUNT }),
  by: fc.record({ fall: fc.nat(2), rise: fc.nat(2) }),
  span: fc.constantFrom(0, 15, 300, 300, 4000),
  balance: fc.integer({ min: -9, max: 30 }),
})

type Deed = typeof deeds extends fc.Arbitrary<infer T> ? T : never

test('the first vote at risk is what a list says, whatever was put in, taken off and cut, and copies go their own way', () => {
  let found = 0
  checkProperty(
    'margins-by-definition',
    fc.property(
      fc.subarray(
        Array.from({ length: COUNT }, (_, n) => n + 1),
        { minLength: 100 },
      ),
      fc.array(deeds, { minLength: 30, maxLength: 120 }),
      (first, list) => {
        let both = new Both()
        for (const vote of first) both.do({ deed: 'put', vote, by: { fall: 0, rise: 0 }, span: 0, balance: vote % 20 })
        for (const [n, deed] of list.entries()) {
          const before = new Both(both.tree, both.noted)
          both.do(deed.deed === 'cut' && n % 4 > 0 ? { ...deed, deed: 'drift' } : deed)
          both.expectSame()
          before.expectSame()
          if (trees.firstAtRisk(both.tree) !== undefined) found += 1
          if (n % 10 === 9) both = before
          // What is at risk is looked at, as in a ledger.
          for (let risk = trees.firstAtRisk(both.tree); risk !== undefined; risk = trees.firstAtRisk(both.tree)) {
            both.do({ ...deed, deed: 'put', vote: risk.vote, balance: risk.counts ? 1 + (n % 5) : -(n % 5) })
            both.expectSame()
          }
        }
      },
    ),
    { numRuns: 150 },
  )
  expect(found).toBeGreaterThan(500)
})

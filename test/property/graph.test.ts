import fc from 'fast-check'
import { expect, test } from 'vitest'
import { graphViolationsOf } from '../../src/dag/graph-invariants.ts'
import { Graph } from '../../src/dag/graph.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import { consensus, lastInOrder, traverse } from '../../src/dag/order.ts'
import { difference, isAncestor, missingFrom, past } from '../../src/dag/walk.ts'
import { DRAWN_CHAIN, drawnId, rowOn } from '../support/draw.ts'
import { checkProperty } from '../support/property.ts'
import { slowDifference, slowHeads, slowMissingFrom, slowPasts } from '../support/slow-graph.ts'

/** A block of a DAG before anybody stores it: backs as positions (−1 is the genesis). */
interface Plan {
  readonly id: BlockId
  readonly backs: readonly number[]
  readonly lateMs: number
}

/** Blocks that link mostly to what came shortly before them, so that there are branches, joins and long runs alike. */
const dags = (most: number): fc.Arbitrary<Plan[]> =>
  fc
    .array(
      fc.record({ reach: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), lateMs: fc.nat(3) }),
      {
        minLength: 1,
        maxLength: most,
      },
    )
    .map((blocks) =>
      blocks.map(({ reach, lateMs }, n) => ({
        id: drawnId(`block ${String(n)}`),
        backs: withoutGenesisBesides([...new Set(reach.map((far) => Math.max(-1, n - far)))]),
        lateMs,
      })),
    )

function withoutGenesisBesides(backs: readonly number[]): readonly number[] {
  return backs.length === 1 ? backs : backs.filter((back) => back !== -1)
}

/** Adds the plan's blocks in an order in which backs come first, drawn by `priorities`. */
function deliver(plans: readonly Plan[], priorities: readonly number[], isAccepted: (plan: number) => boolean): Graph {
  const graph = new Graph(DRAWN_CHAIN, 5)
  const indexes = new Map([[-1, 0]])
  const waiting = new Set(plans.keys())
  while (waiting.size > 0) {
    const ready = [...waiting].filter((n) => plans[n]!.backs.every((back) => indexes.has(back)))
    ready.sort((a, b) => (priorities[a] ?? a) - (priorities[b] ?? b))
    const next = ready[0]!
    const backs = plans[next]!.backs.map((back) => indexes.get(back)!)
    const time = Math.max(...backs.map((back) => graph.time(back))) + plans[next]!.lateMs
    const row = rowOn(graph, plans[next]!.id, backs, time)
    indexes.set(next, graph.add(row, isAccepted(next) && backs.every((back) => graph.isAccepted(back))))
    waiting.delete(next)
  }
  return graph
}

const ids = (graph: Graph, indexes: readonly number[]): BlockId[] => indexes.map((index) => graph.id(index))
const orders = fc.array(fc.nat(1000), { maxLength: 40 })

test('heads, traverse and consensus are the same whatever the order of delivery', () => {
  checkProperty(
    'graph-delivery-order',
    fc.property(dags(40), orders, orders, fc.nat(), (plans, mix, otherMix, pick) => {
      const [one, other] = [deliver(plans, mix, () => true), deliver(plans, otherMix, () => true)]
      expect(ids(other, other.heads())).toEqual(ids(one, one.heads()))
      expect(ids(other, consensus(other))).toEqual(ids(one, consensus(one)))
      const from = plans[pick % plans.length]!.id
      expect(ids(other, traverse(other, [other.indexOf(from)!]))).toEqual(ids(one, traverse(one, [one.indexOf(from)!])))
    }),
  )
})

test('order puts pasts first', () => {
  checkProperty(
    'graph-pasts-first',
    fc.property(dags(40), orders, (plans, mix) => {
      const graph = deliver(plans, mix, () => true)
      const listed = consensus(graph)
      const position = new Map(listed.map((index, n) => [index, n]))
      for (const index of listed)
        for (const back of graph.backs(index)) expect(position.get(back)).toBeLessThan(position.get(index)!)
    }),
  )
})

test('a duplicate is refused and changes nothing', () => {
  checkProperty(
    'graph-duplicates',
    fc.property(dags(20), fc.nat(), (plans, pick) => {
      const graph = deliver(plans, [], () => true)
      graph.takeHeadChanges()
      const before = [graph.size, graph.acceptedCount, ...graph.heads()]
      const index = 1 + (pick % plans.length)
      const again = {
        id: graph.id(index),
        backs: graph.backs(index),
        height: graph.height(index),
        time: graph.time(index),
      }
      expect(() => graph.add(again, true)).toThrow()
      expect([graph.size, graph.acceptedCount, ...graph.heads()]).toEqual(before)
      expect(graph.takeHeadChanges()).toEqual({ added: [], removed: [] })
    }),
  )
})

/** A graph in which blocks are unaccepted, accepted late and withdrawn. */
const troubled = fc
  .tuple(dags(40), orders, fc.array(fc.boolean(), { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 30 }))
  .map(([plans, mix, held, changes]) => {
    const graph = deliver(plans, mix, (n) => held[n] !== true)
    const stored = new Set(graph.takeHeadChanges().added)
    for (const change of changes) {
      const index = 1 + (change % (graph.size - 1))
      if (!graph.isAccepted(index)) {
        if (graph.backs(index).every((back) => graph.isAccepted(back))) graph.accept(index)
      } else if (graph.acceptedChildren(index) === 0) graph.withdraw(index)
      if (change % 3 === 0) applyHeadChanges(graph, stored)
    }
    applyHeadChanges(graph, stored)
    return { graph, stored }
  })

function applyHeadChanges(graph: Graph, stored: Set<number>): void {
  const { added, removed } = graph.takeHeadChanges()
  for (const index of removed) expect(stored.delete(index)).toBe(true)
  for (const index of added) stored.add(index)
}

test('whatever is accepted and withdrawn, no invariant breaks and the changes of heads add up', () => {
  checkProperty(
    'graph-invariants',
    fc.property(troubled, ({ graph, stored }) => {
      expect(graphViolationsOf(graph)).toEqual([])
      expect(graph.heads()).toEqual(slowHeads(graph))
      expect([...stored].sort()).toEqual([...graph.heads()].filter((index) => index !== 0).sort())
    }),
  )
})

/** What a graph answers about everything in it; ranks and covering by the ids that have them. */
const answersOf = (graph: Graph) => ({
  heads: ids(graph, graph.heads()),
  blocks: Array.from({ length: graph.size }, (_, index) => [
    ...[graph.id(index), graph.height(index), graph.time(index), graph.backs(index), graph.isAccepted(index)],
    ...[graph.acceptedChildren(index), graph.isCovering(index)],
  ]),
  ranked: Array.from({ length: graph.ranked }, (_, rank) => graph.atRank(rank)),
  counts: [graph.size, graph.acceptedCount, graph.ranked],
})

test('a graph that pushed and popped equals one that never had what was popped', () => {
  const steps = fc.array(
    fc.record({
      reach: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }),
      lateMs: fc.nat(3),
      fate: fc.constantFrom('stay', 'stay', 'wait', 'pop', 'pop'),
    }),
    { maxLength: 60 },
  )
  checkProperty(
    'graph-push-pop',
    fc.property(steps, (list) => {
      const [graph, other] = [new Graph(DRAWN_CHAIN, 5), new Graph(DRAWN_CHAIN, 6)]
      const tried: BlockId[] = []
      for (const [n, { reach, lateMs, fate }] of list.entries()) {
        // Some stand on unaccepted blocks, and those are popped with them.
        const far = [...new Set(reach.map((back) => Math.max(0, graph.size - 1 - back)))]
        const backs = far.length === 1 ? far : far.filter((back) => back !== 0)
        const time = Math.max(...backs.map((back) => graph.time(back))) + lateMs
        const row = rowOn(graph, drawnId(`tried ${String(n)}`), backs, time)
        tried.push(row.id)
        const isAccepted = fate === 'stay' && backs.every((back) => graph.isAccepted(back))
        graph.add(row, isAccepted)
        if (fate === 'pop') {
          while (graph.size > other.size) graph.pop()
        } else if (isAccepted) {
          // What waits below it stays.
          for (let index = other.size; index < graph.size; index += 1) copyBlock(graph, index, other)
        }
        if (graph.size === other.size) expect(answersOf(graph)).toEqual(answersOf(other))
      }
      while (graph.size > other.size) graph.pop()
      expect(answersOf(graph)).toEqual(answersOf(other))
      expect(graphViolationsOf(graph)).toEqual([])
      expect(graph.takeHeadChanges()).toEqual(other.takeHeadChanges())
      for (const id of tried) {
        expect(graph.indexOf(id)).toBe(other.indexOf(id))
        expect(graph.startingWith(id.slice(0, 5))).toEqual(other.startingWith(id.slice(0, 5)))
      }
    }),
  )
})

function copyBlock(graph: Graph, index: number, to: Graph): void {
  const [id, height, time, backs] = [graph.id(index), graph.height(index), graph.time(index), graph.backs(index)]
  to.add({ id, height, time, backs }, graph.isAccepted(index))
}

test('isAncestor and past say what their slow twins say', () => {
  checkProperty(
    'graph-ancestors',
    fc.property(troubled, ({ graph }) => {
      const pasts = slowPasts(graph)
      for (let b = 0; b < graph.size; b += 1) {
        expect(past(graph, [b])).toEqual([...pasts[b]!].sort((x, y) => x - y))
        for (let a = 0; a < graph.size; a += 1) expect(isAncestor(graph, a, b)).toBe(pasts[b]!.has(a))
      }
    }),
    { numRuns: 60 },
  )
})

test('difference and missingFrom say what their slow twins say, pasts first, in pages too', () => {
  checkProperty(
    'graph-differences',
    fc.property(
      troubled,
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      (made, left, right) => {
        const { graph } = made
        const [tips, have] = [left, right].map((picks) => [...new Set(picks.map((pick) => pick % graph.size))])
        expect(difference(graph, tips!, have!)).toEqual(slowDifference(graph, tips!, have!))
        const { indexes } = missingFrom(graph, have!)
        expect([...indexes].sort((a, b) => a - b)).toEqual(slowMissingFrom(graph, have!))
        const paged: number[] = []
        for (let more = true; more;) {
          const page = missingFrom(graph, [...have!, ...paged], 3)
          const known = new Set(paged)
          for (const index of page.indexes) {
            for (const back of graph.backs(index)) expect(known.has(back) || !indexes.includes(back)).toBe(true)
            known.add(index)
          }
          paged.push(...page.indexes)
          more = page.more
        }
        expect(paged).toEqual(indexes)
      },
    ),
  )
})

test('the last blocks in order are the end of the whole order', () => {
  checkProperty(
    'graph-last-blocks',
    fc.property(troubled, fc.nat(70), ({ graph }, limit) => {
      const all = consensus(graph).slice(1)
      expect(lastInOrder(graph, limit)).toEqual(all.slice(Math.max(0, all.length - limit)))
    }),
  )
})

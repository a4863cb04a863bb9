import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { inOrder } from '../../../src/dag/order.ts'
import { BlockTable } from '../../../src/reputation/block-table.ts'
import { draw, drawnId, rowOn } from '../../support/draw.ts'
import { AUTHORS, keyFor, plans, VotedDag } from '../../support/voted-dags.ts'
import { checkProperty } from '../../support/property.ts'

const [ann, bob] = [keyFor('ann'), keyFor('bob')]

test('facts come back as they were put in, whatever their sign', () => {
  const { graph, at } = draw('genesis < a ; a < up down unsigned')
  const table = new BlockTable(graph)
  table.add(at('a'), { author: ann, k: 30 })
  table.add(at('up'), { author: bob, like: { n: 1, target: at('a') }, k: 1 })
  table.add(at('down'), { author: bob, like: { n: -1, target: at('a') }, k: -70_000 })
  table.add(at('unsigned'), { k: 0 })
  const facts = [0, at('a'), at('up'), at('down'), at('unsigned')].map((index) => [
    ...[table.authorOf(index), table.isPost(index), table.likeOf(index), table.k(index)],
  ])
  expect(facts).toEqual([
    [undefined, true, undefined, 0],
    [0, true, undefined, 30],
    [1, false, { n: 1, target: at('a') }, 1],
    [1, false, { n: -1, target: at('a') }, -70_000],
    [undefined, true, undefined, 0],
  ])
  expect([table.keyOf(1), table.numberOf(bob), table.numberOf(keyFor('eve')), table.authorCount]).toEqual([
    ...[bob, 1, undefined, 2],
  ])
})

test("an author's blocks stand in order whatever order they came in", () => {
  checkProperty(
    'block-table-author-order',
    fc.property(plans(25), (blocks) => {
      const dag = new VotedDag()
      for (const plan of blocks) dag.add(plan)
      const all = [...dag.twins.keys()].slice(1)
      for (const key of AUTHORS) {
        const number = dag.table.numberOf(key)
        if (number === undefined) continue
        const own = all.filter((index) => dag.twins[index]!.author === key)
        expect(dag.table.blocksOf(number)).toEqual(inOrder(dag.graph, own))
        own.forEach((index) => expect(dag.table.blocksOf(number)[dag.table.positionOf(index, number)]).toBe(index))
      }
    }),
  )
})

test('a dropped block leaves the list of its author, keeps its facts, and may come again', () => {
  const { graph, at } = draw('genesis < a@5 b@3 c@4')
  const table = new BlockTable(graph)
  for (const name of ['a', 'b', 'c']) table.add(at(name), { author: ann, k: 2 })
  table.remove(at('c'))
  expect(table.blocksOf(0)).toEqual([at('b'), at('a')])
  expect([table.authorOf(at('c')), table.k(at('c'))]).toEqual([0, 2])
  expect(() => table.remove(at('c'))).toThrow(Bug)
  table.add(at('c'), { author: ann, k: 2 })
  expect(table.blocksOf(0)).toEqual([at('b'), at('c'), at('a')])
  expect(() => table.add(at('c'), { author: ann, k: 2 })).toThrow(Bug)
})

test('the last block taken back leaves nothing, and frees the number that its author got for it', () => {
  const { graph, at } = draw('genesis < a ; a < b? ; b < c? ; c < d?')
  const table = new BlockTable(graph)
  table.add(at('a'), { author: ann, k: 30 })
  table.add(at('b'), { author: bob, like: { n: 1, target: at('a') }, k: 1 })
  table.add(at('c'), { author: ann, k: 29 })
  table.add(at('d'), { author: keyFor('eve'), k: -3 })
  const pop = (name: string) => {
    table.pop(at(name))
    graph.pop()
  }
  expect(() => {
    table.pop(at('c'))
  }).toThrow(Bug)
  pop('d')
  expect([table.authorCount, table.numberOf(keyFor('eve')), table.authorOf(at('d'))]).toEqual([2, undefined, undefined])
  // Removed before, and not the first of its author.
  table.remove(at('c'))
  pop('c')
  expect([table.authorCount, table.blocksOf(0)]).toEqual([2, [at('a')]])
  pop('b')
  expect([table.authorCount, table.numberOf(bob)]).toEqual([1, undefined])
  expect(() => table.keyOf(1)).toThrow(Bug)
  graph.add(rowOn(graph, drawnId('unsigned'), [at('a')]), false)
  table.add(at('b'), { k: 0 })
  expect([table.authorOf(at('b')), table.isPost(at('b')), table.k(at('b'))]).toEqual([undefined, true, 0])
  pop('b')
  graph.add(rowOn(graph, drawnId('of eve'), [at('a')]), false)
  table.add(at('b'), { author: keyFor('eve'), k: 0 })
  expect([table.keyOf(1), table.blocksOf(1)]).toEqual([keyFor('eve'), [at('b')]])
})

test('authors with a block each that is taken back again do not raise the number of authors', () => {
  const { graph, at } = draw('genesis < a')
  const table = new BlockTable(graph)
  table.add(at('a'), { author: ann, k: 30 })
  for (let n = 0; n < 100; n += 1) {
    const index = graph.add(rowOn(graph, drawnId(`by stranger ${String(n)}`), [at('a')]), false)
    table.add(index, { author: keyFor(`stranger ${String(n)}`), k: 0 })
    expect(table.authorCount).toBe(2)
    table.pop(index)
    graph.pop()
  }
  expect(table.authorCount).toBe(1)
})

test('a k that is no whole number of 32 bits is our own mistake', () => {
  const { graph, at } = draw('genesis < a')
  const table = new BlockTable(graph)
  for (const k of [0.5, Number.POSITIVE_INFINITY, 2 ** 31]) {
    expect(() => table.add(at('a'), { author: ann, k })).toThrow(Bug)
  }
})

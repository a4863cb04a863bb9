import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { inOrder } from '../../../src/dag/order.ts'
import { Ledger } from '../../../src/reputation/ledger.ts'
import { draw, drawnId, rowOn } from '../../support/draw.ts'
import { checkProperty } from '../../support/property.ts'
import { AUTHORS, keyFor, plans, VotedDag } from '../../support/voted-dags.ts'

const [ann, bob] = [keyFor('ann'), keyFor('bob')]

test('facts come back as they were put in, whatever their sign', () => {
  const { graph, at } = draw('genesis < a ; a < up down unsigned')
  const ledger = new Ledger(graph)
  ledger.add(at('a'), { author: ann, k: 30 })
  ledger.add(at('up'), { author: bob, like: { n: 1, target: at('a') }, k: 1 })
  ledger.add(at('down'), { author: bob, like: { n: -1, target: at('a') }, k: -70_000 })
  ledger.add(at('unsigned'), { k: 0 })
  const facts = [0, at('a'), at('up'), at('down'), at('unsigned')].map((index) => [
    ...[ledger.authorOf(index), ledger.isPost(index), ledger.likeOf(index), ledger.k(index)],
  ])
  expect(facts).toEqual([
    [undefined, true, undefined, 0],
    [0, true, undefined, 30],
    [1, false, { n: 1, target: at('a') }, 1],
    [1, false, { n: -1, target: at('a') }, -70_000],
    [undefined, true, undefined, 0],
  ])
  expect([ledger.keyOf(1), ledger.numberOf(bob), ledger.numberOf(keyFor('eve')), ledger.authorCount]).toEqual([
    ...[bob, 1, undefined, 2],
  ])
})

test("an author's blocks stand in order whatever order they came in", () => {
  checkProperty(
    'ledger-author-order',
    fc.property(plans(25), (blocks) => {
      const dag = new VotedDag()
      for (const plan of blocks) dag.add(plan)
      const all = [...dag.twins.keys()].slice(1)
      for (const key of AUTHORS) {
        const number = dag.ledger.numberOf(key)
        if (number === undefined) continue
        const own = all.filter((index) => dag.twins[index]!.author === key)
        expect(dag.ledger.blocksOf(number)).toEqual(inOrder(dag.graph, own))
        own.forEach((index) => expect(dag.ledger.blocksOf(number)[dag.ledger.positionOf(index, number)]).toBe(index))
      }
    }),
  )
})

test('a dropped block leaves the list of its author, keeps its facts, and may come again', () => {
  const { graph, at } = draw('genesis < a@5 b@3 c@4')
  const ledger = new Ledger(graph)
  for (const name of ['a', 'b', 'c']) ledger.add(at(name), { author: ann, k: 2 })
  ledger.remove(at('c'))
  expect(ledger.blocksOf(0)).toEqual([at('b'), at('a')])
  expect([ledger.authorOf(at('c')), ledger.k(at('c'))]).toEqual([0, 2])
  expect(() => ledger.remove(at('c'))).toThrow(Bug)
  ledger.add(at('c'), { author: ann, k: 2 })
  expect(ledger.blocksOf(0)).toEqual([at('b'), at('c'), at('a')])
  expect(() => ledger.add(at('c'), { author: ann, k: 2 })).toThrow(Bug)
})

test('the last block taken back leaves nothing, and frees the number that its author got for it', () => {
  const { graph, at } = draw('genesis < a ; a < b? ; b < c? ; c < d?')
  const ledger = new Ledger(graph)
  ledger.add(at('a'), { author: ann, k: 30 })
  ledger.add(at('b'), { author: bob, like: { n: 1, target: at('a') }, k: 1 })
  ledger.add(at('c'), { author: ann, k: 29 })
  ledger.add(at('d'), { author: keyFor('eve'), k: -3 })
  const pop = (name: string) => {
    ledger.pop(at(name))
    graph.pop()
  }
  expect(() => {
    ledger.pop(at('c'))
  }).toThrow(Bug)
  pop('d')
  expect([ledger.authorCount, ledger.numberOf(keyFor('eve')), ledger.authorOf(at('d'))]).toEqual([
    2,
    undefined,
    undefined,
  ])
  // Removed before, and not the first of its author.
  ledger.remove(at('c'))
  pop('c')
  expect([ledger.authorCount, ledger.blocksOf(0)]).toEqual([2, [at('a')]])
  pop('b')
  expect([ledger.authorCount, ledger.numberOf(bob)]).toEqual([1, undefined])
  expect(() => ledger.keyOf(1)).toThrow(Bug)
  graph.add(rowOn(graph, drawnId('unsigned'), [at('a')]), false)
  ledger.add(at('b'), { k: 0 })
  expect([ledger.authorOf(at('b')), ledger.isPost(at('b')), ledger.k(at('b'))]).toEqual([undefined, true, 0])
  pop('b')
  graph.add(rowOn(graph, drawnId('of eve'), [at('a')]), false)
  ledger.add(at('b'), { author: keyFor('eve'), k: 0 })
  expect([ledger.keyOf(1), ledger.blocksOf(1)]).toEqual([keyFor('eve'), [at('b')]])
})

test('authors with a block each that is taken back again do not raise the number of authors', () => {
  const { graph, at } = draw('genesis < a')
  const ledger = new Ledger(graph)
  ledger.add(at('a'), { author: ann, k: 30 })
  for (let n = 0; n < 100; n += 1) {
    const index = graph.add(rowOn(graph, drawnId(`by stranger ${String(n)}`), [at('a')]), false)
    ledger.add(index, { author: keyFor(`stranger ${String(n)}`), k: 0 })
    expect(ledger.authorCount).toBe(2)
    ledger.pop(index)
    graph.pop()
  }
  expect(ledger.authorCount).toBe(1)
})

test('a k that is no whole number of 32 bits is our own mistake', () => {
  const { graph, at } = draw('genesis < a')
  const ledger = new Ledger(graph)
  for (const k of [0.5, Number.POSITIVE_INFINITY, 2 ** 31]) {
    expect(() => ledger.add(at('a'), { author: ann, k })).toThrow(Bug)
  }
})

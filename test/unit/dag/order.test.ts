import { expect, test } from 'vitest'
import { consensus, inOrder, lastInOrder, traverse } from '../../../src/dag/order.ts'
import { draw, drawnId } from '../../support/draw.ts'

test('order is by time, then height, then digest (spec §1)', () => {
  const { graph, at, names } = draw('genesis < a@1000 ; a < tall@5000 ; genesis < x@5000 y@5000 old@500')
  const byDigest = drawnId('x') < drawnId('y') ? 'x y' : 'y x'
  const everything = [at('tall'), at('y'), at('x'), at('old'), at('a')]
  expect(names(inOrder(graph, everything))).toBe(`old a ${byDigest} tall`)
})

test('traverse lists what is accepted, not given, and not in the past of what is given (spec §6)', () => {
  const { graph, at, names } = draw('genesis < a ; a < b c ; b < d@9000 ; c < e held?')
  expect(names(traverse(graph, [at('b')]))).toBe('c e d')
  expect(names(traverse(graph, [at('held')]))).toBe('b e d')
  expect(traverse(graph, graph.heads())).toEqual([])
})

test('consensus lists the genesis, then all that is accepted (spec §6)', () => {
  const { graph, names } = draw('genesis < a b@500 ; a < c held?')
  expect(names(consensus(graph))).toBe('genesis b a c')
})

test('the last blocks in order are the end of consensus, and what is not near the end is not looked at (spec §6)', () => {
  const { graph, names } = draw('genesis < a b@500 ; a < c@2500 held? ; b < d@9000 ; a b < e@2600')
  for (let limit = 0; limit <= 7; limit += 1) {
    const expected = limit === 0 ? '' : names(consensus(graph).slice(1).slice(-limit))
    expect(names(lastInOrder(graph, limit))).toBe(expected)
  }
  expect(lastInOrder(draw('genesis < only?').graph, 5)).toEqual([])

  const long = draw(
    `genesis < b0 ; ${Array.from({ length: 2000 }, (_, n) => `b${String(n)} < b${String(n + 1)}`).join(' ; ')}`,
  )
  let looked = 0
  const forEachBack = long.graph.forEachBack.bind(long.graph)
  long.graph.forEachBack = (index, visit) => {
    looked += 1
    forEachBack(index, visit)
  }
  expect(long.names(lastInOrder(long.graph, 3))).toBe('b1998 b1999 b2000')
  expect(looked).toBe(3)
})

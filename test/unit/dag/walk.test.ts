import { describe, expect, test, vi } from 'vitest'
import { Graph } from '../../../src/dag/graph.ts'
import { difference, isAncestor, missingFrom, past } from '../../../src/dag/walk.ts'
import { draw, DRAWN_CHAIN, drawnId, rowOn } from '../../support/draw.ts'

/** Two branches that never meet above a long trunk. */
function trunk(length: number): Graph {
  const graph = new Graph(DRAWN_CHAIN, 1)
  for (let n = 0; n < length; n += 1) graph.add(rowOn(graph, drawnId(`trunk ${String(n)}`), [n]), true)
  return graph
}

describe('past (spec §1)', () => {
  const { graph, at, names } = draw('genesis < a ; a < b c ; b < d ; b c < e ; d < f?')

  test('is what is reachable by backs, without the block and without the genesis', () => {
    expect(names(past(graph, [at('e')]))).toBe('a b c')
    expect(past(graph, [0])).toEqual([])
  })

  test('a block is not its own ancestor, and the genesis is nobody’s', () => {
    expect(isAncestor(graph, at('a'), at('a'))).toBe(false)
    expect(isAncestor(graph, 0, at('a'))).toBe(false)
    expect(isAncestor(graph, at('c'), at('d'))).toBe(false)
    expect(isAncestor(graph, at('a'), at('f'))).toBe(true)
    expect(isAncestor(graph, at('f'), at('e'))).toBe(false)
  })

  test('a difference holds the tips and is empty against itself', () => {
    expect(names(difference(graph, [at('f')], [at('e')]))).toBe('d f')
    expect(difference(graph, [at('e')], [at('e')])).toEqual([])
    expect(names(difference(graph, [at('e')], [0]))).toBe('a b c e')
  })
})

describe('missingFrom', () => {
  test('gives accepted blocks only, whatever is had', () => {
    const { graph, at, names } = draw('genesis < a ; a < b c? ; c < d?')
    expect(names(missingFrom(graph, []).indexes)).toBe('a b')
    expect(names(missingFrom(graph, [at('d')]).indexes)).toBe('b')
  })

  test('goes on where a limit cut it, until nothing is missing', () => {
    const { graph, names } = draw('genesis < a b ; a < c ; b c < d ; d < e')
    const first = missingFrom(graph, [], 2)
    expect([names(first.indexes), first.more]).toEqual(['a b', true])
    const second = missingFrom(graph, first.indexes, 2)
    expect([names(second.indexes), second.more]).toEqual(['c d', true])
    expect(missingFrom(graph, second.indexes, 1)).toEqual({ indexes: [5], more: false })
  })

  test('finds a block with a low index that was accepted late', () => {
    const { graph, at, names } = draw('genesis < a ; a < held? b ; b < c')
    const before = graph.heads()
    graph.accept(at('held'))
    expect(names(missingFrom(graph, before).indexes)).toBe('held')
    expect(isAncestor(graph, at('held'), at('c'))).toBe(false)
  })

  test('finds an old branch that nobody joined, both by pages and by walking', () => {
    const graph = trunk(20)
    const stale = graph.add(rowOn(graph, drawnId('stale'), [3]), true)
    let tip = 20
    for (let n = 0; n < 5000; n += 1) tip = graph.add(rowOn(graph, drawnId(`more ${String(n)}`), [tip]), true)
    expect(missingFrom(graph, [tip])).toEqual({ indexes: [stale], more: false })
    expect(missingFrom(graph, [tip - 1, stale])).toEqual({ indexes: [tip], more: false })
    expect(missingFrom(graph, [stale], 3).indexes).toEqual([4, 5, 6])
  })
})

test('the cost of near versions does not grow with the chain', () => {
  const steps = [1000, 8000].map((length) => {
    const graph = trunk(length)
    const left = graph.add(rowOn(graph, drawnId('left'), [length]), true)
    const right = graph.add(rowOn(graph, drawnId('right'), [length]), true)
    const visits = vi.spyOn(graph, 'forEachBack')
    expect(missingFrom(graph, [left]).indexes).toEqual([right])
    expect(difference(graph, [right], [left])).toEqual([right])
    expect(isAncestor(graph, 5, right)).toBe(true)
    expect(isAncestor(graph, left, right)).toBe(false)
    return visits.mock.calls.length
  })
  expect(steps[1]).toBe(steps[0])
})

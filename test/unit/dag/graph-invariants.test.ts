import { expect, test } from 'vitest'
import { graphViolationsOf } from '../../../src/dag/graph-invariants.ts'
import type { Graph } from '../../../src/dag/graph.ts'
import { draw } from '../../support/draw.ts'

const PICTURE = 'genesis < a ; a < b c ; b c < d ; d < e held?'

type Answers = 'height' | 'time' | 'backs' | 'indexOf' | 'acceptedChildren' | 'rank' | 'heads' | 'isCovering' | 'isHead'

/** A sound graph that lies in one answer. */
function bent(lie: Partial<Pick<Graph, Answers>>): Graph {
  return Object.assign(draw(PICTURE).graph, lie)
}

test('a sound graph has no violations, also after blocks were accepted late and withdrawn', () => {
  const { graph, at } = draw(PICTURE)
  expect(graphViolationsOf(graph)).toEqual([])
  graph.accept(at('held'))
  graph.withdraw(at('e'))
  expect(graphViolationsOf(graph)).toEqual([])
})

test.each([
  ['GRAPH_GENESIS', { rank: () => 5 }],
  ['GRAPH_HEIGHT', { height: (index: number) => index * 2 }],
  ['GRAPH_TIME', { time: (index: number) => -index }],
  ['GRAPH_BACKS', { backs: (index: number) => (index === 0 ? [] : [index]) }],
  ['GRAPH_ID', { indexOf: () => 1 }],
  ['GRAPH_CHILDREN', { acceptedChildren: () => 7 }],
  ['GRAPH_ACCEPTED', { rank: (index: number) => (index === 0 ? 0 : 1) }],
  ['GRAPH_COVERING', { isCovering: () => true }],
  ['GRAPH_HEADS', { heads: () => [1] }],
  ['GRAPH_HEADS', { isHead: () => false }],
] as const)('%s is reported as data', (code, lie) => {
  expect(graphViolationsOf(bent(lie)).map((violation) => violation.code)).toContain(code)
})

test.each([
  ['latestHead', 1],
  ['headCount', 7],
] as const)('GRAPH_HEADS is reported for a wrong %s', (name, value) => {
  const graph = Object.defineProperty(draw(PICTURE).graph, name, { value })
  expect(graphViolationsOf(graph).map(({ code }) => code)).toEqual(['GRAPH_HEADS'])
})

test('GRAPH_COUNT is reported with what was counted', () => {
  const graph = Object.defineProperty(draw(PICTURE).graph, 'acceptedCount', { value: 1 })
  expect(graphViolationsOf(graph)).toEqual([{ code: 'GRAPH_COUNT', expected: 5 }])
})

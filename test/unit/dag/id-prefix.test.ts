import { describe, expect, test } from 'vitest'
import { Graph } from '../../../src/dag/graph.ts'
import { blockId, showId, type BlockId } from '../../../src/dag/ids.ts'
import { resolvePrefix } from '../../../src/dag/id-prefix.ts'
import { DRAWN_CHAIN, rowOn } from '../../support/draw.ts'

function idOf(digits: string): BlockId {
  return blockId(Buffer.from(digits.padEnd(64, '5'), 'hex'))
}

describe('an id as typed (spec §3)', () => {
  const graph = new Graph(DRAWN_CHAIN, 3)
  const one = graph.add(rowOn(graph, idOf('abcdef0123456789aa'), [0]), true)
  const two = graph.add(rowOn(graph, idOf('abcdef0123456789bb'), [one]), true)
  const other = graph.add(rowOn(graph, idOf('123456'), [two]), false)

  test.each([
    ['whole', graph.id(one), one],
    ['whole with its height', showId(1, graph.id(one)), one],
    ['whole in lower case', graph.id(two).toLowerCase(), two],
    ['6 digits', '123456', other],
    ['6 digits with the height', '3_123456', other],
    ['made unique by its height', '2_AbCdEf', two],
    ['an odd number of digits past the first word', 'abcdef0123456789b', two],
    ['the genesis', `0_${DRAWN_CHAIN.slice(0, 8)}`, 0],
  ])('is found: %s', (_, text, index) => {
    expect(resolvePrefix(graph, text)).toEqual({ ok: true, value: index })
  })

  test('is ambiguous if two blocks start with it, and the fault lists them as shown, in order', () => {
    expect(resolvePrefix(graph, 'ABCDEF')).toEqual({
      ok: false,
      fault: { code: 'DAG_AMBIGUOUS_ID', matches: [showId(1, graph.id(one)), showId(2, graph.id(two))] },
    })
  })

  test('is not ambiguous among the blocks that count', () => {
    expect(resolvePrefix(graph, 'abcdef', (index) => index !== one)).toEqual({ ok: true, value: two })
  })

  test.each(['fedcba', `2_${graph.id(one)}`, '4_123456'])('is unknown: %s', (text) => {
    expect(resolvePrefix(graph, text)).toEqual({ ok: false, fault: { code: 'DAG_UNKNOWN_ID', text } })
  })

  test.each(['', '12345', '_abcdef', '01_abcdef', 'abcdefg', ' abcdef', `${graph.id(one)}0`])(
    'is none: "%s"',
    (text) => {
      expect(resolvePrefix(graph, text)).toEqual({ ok: false, fault: { code: 'DAG_BAD_ID', text } })
    },
  )
})

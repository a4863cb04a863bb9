import { describe, expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { Graph } from '../../../src/dag/graph.ts'
import { blockId, genesisBlockId } from '../../../src/dag/ids.ts'
import { draw, DRAWN_CHAIN, drawnId, rowOn } from '../../support/draw.ts'

describe('heads (spec §1)', () => {
  test('are the genesis alone while nothing is accepted', () => {
    expect(new Graph(DRAWN_CHAIN, 7).heads()).toEqual([0])
    expect(draw('genesis < a?').graph.heads()).toEqual([0])
  })

  test('are accepted blocks that no accepted block links back to, in order', () => {
    const { graph, names } = draw('genesis < a ; a < late@9000 early@2000 ; late < held?')
    expect(names(graph.heads())).toBe('early late')
  })

  test('follow acceptance and withdrawal', () => {
    const { graph, at, names } = draw('genesis < a ; a < b? ; b < c?')
    graph.accept(at('b'))
    expect(names(graph.heads())).toBe('b')
    graph.accept(at('c'))
    graph.withdraw(at('c'))
    graph.withdraw(at('b'))
    expect(names(graph.heads())).toBe('a')
    expect(graph.acceptedCount).toBe(1)
  })

  test('are reported as net changes, without the genesis', () => {
    const { graph, at } = draw('genesis < a b')
    expect(graph.takeHeadChanges()).toEqual({ added: [at('a'), at('b')], removed: [] })
    const passing = graph.add(rowOn(graph, drawnId('c'), [at('a')]), true)
    const last = graph.add(rowOn(graph, drawnId('d'), [passing]), true)
    expect(graph.takeHeadChanges()).toEqual({ added: [last], removed: [at('a')] })
    expect(graph.takeHeadChanges()).toEqual({ added: [], removed: [] })
    graph.withdraw(last)
    graph.accept(last)
    expect(graph.takeHeadChanges()).toEqual({ added: [], removed: [] })
  })
})

describe('a graph refuses, as our own defect,', () => {
  const { graph, at } = draw('genesis < a ; a < b c?')
  const good = rowOn(graph, drawnId('new'), [at('b')])

  test.each([
    ['a known id', { ...good, id: drawnId('a') }],
    ['the genesis as a block', { ...good, id: genesisBlockId(DRAWN_CHAIN) }],
    ['no backs', { ...good, backs: [] }],
    ['a back it does not know', { ...good, backs: [99] }],
    ['a repeated back', { ...good, backs: [at('b'), at('b')] }],
    ['a wrong height', { ...good, height: 2 }],
    ['a time before a back', { ...good, time: 1 }],
    ['an accepted block over an unaccepted one', { ...good, backs: [at('c')] }],
  ])('%s, and stays as it was', (_, row) => {
    expect(() => graph.add(row, true)).toThrow(Bug)
    expect(graph.size).toBe(4)
    expect(graph.heads()).toEqual([at('b')])
  })

  test('accepting over an unaccepted back, and withdrawing from under an accepted block', () => {
    const drawn = draw('genesis < a? ; a < b? ; genesis < c ; c < d')
    expect(() => drawn.graph.accept(drawn.at('b'))).toThrow(Bug)
    expect(() => drawn.graph.withdraw(drawn.at('c'))).toThrow(Bug)
    expect(() => drawn.graph.withdraw(0)).toThrow(Bug)
    expect(() => drawn.graph.accept(drawn.at('d'))).toThrow(Bug)
  })
})

describe('the newest block can be taken back', () => {
  test('unless it is accepted, or the genesis', () => {
    const { graph, at } = draw('genesis < a ; a < b?')
    graph.pop()
    expect([graph.size, graph.has(drawnId('b')), graph.startingWith(drawnId('b'))]).toEqual([2, false, []])
    expect(() => {
      graph.pop()
    }).toThrow(Bug)
    graph.withdraw(at('a'))
    graph.pop()
    expect(graph.heads()).toEqual([0])
    expect(() => {
      graph.pop()
    }).toThrow(Bug)
  })

  test('and nothing of it is found in the one that gets its index', () => {
    const { graph, at } = draw('genesis < a ; a < b c ; b c < d')
    graph.withdraw(at('d'))
    graph.pop()
    expect(graph.add(rowOn(graph, drawnId('e'), [at('c')], 99_000), false)).toBe(at('d'))
    const e = at('d')
    expect([graph.id(e), graph.backs(e), graph.time(e), graph.rank(e), graph.isCovering(e)]).toEqual([
      ...[drawnId('e'), [at('c')], 99_000, undefined, false],
    ])
    expect(graph.atRank(4)).toBeUndefined()
    graph.accept(e)
    expect(graph.heads()).toEqual([at('b'), e])
  })
})

test('ids lead to indexes and back, past the growth of every column', () => {
  const graph = new Graph(DRAWN_CHAIN, 0xdeadbeef)
  const ids = Array.from({ length: 3000 }, (_, n) => drawnId(`block ${String(n)}`))
  ids.forEach((id, n) => graph.add(rowOn(graph, id, n < 2 ? [n] : [n, n - 1]), true))
  ids.forEach((id, n) => {
    expect(graph.indexOf(id)).toBe(n + 1)
    expect(graph.id(n + 1)).toBe(id)
  })
  expect(graph.backs(3000)).toEqual([2999, 2998])
  expect(graph.has(drawnId('stranger'))).toBe(false)
})

test('digests ground to share most of their bits are still found', () => {
  const graph = new Graph(DRAWN_CHAIN, 99)
  const ids = Array.from({ length: 500 }, (_, n) => {
    const digest = new Uint8Array(32)
    new DataView(digest.buffer).setUint16(30, n)
    return blockId(digest)
  })
  for (const id of ids) graph.add(rowOn(graph, id, [0]), true)
  expect(ids.map((id) => graph.indexOf(id))).toEqual(ids.map((_, n) => n + 1))
})

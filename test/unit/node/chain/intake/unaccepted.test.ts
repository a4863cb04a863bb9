/** Which stored blocks have to go that nobody pays for (spec §5, *Held*, *Surplus*), and which are due (spec §3). */
import { describe, expect, test } from 'vitest'
import { MAX_AHEAD_MS } from '../../../../../src/dag/block-limits.ts'
import { Unaccepted, type UnacceptedState } from '../../../../../src/node/chain/intake/unaccepted.ts'
import { HELD_SLOTS, SURPLUS_KEPT } from '../../../../../src/protocol/intake-limits.ts'
import { draw, type Drawing } from '../../../../support/draw.ts'

/** Names x1, x2, …, each on the one before or all on the genesis. */
function many(count: number, shape: 'line' | 'side by side'): Drawing {
  const names = Array.from({ length: count }, (_, n) => `x${String(n + 1)}?`)
  if (shape === 'side by side') return draw(`genesis < ${names.join(' ')}`)
  const below = ['genesis', ...names.map((name) => name.slice(0, -1))]
  return draw(names.map((name, n) => `${below[n] ?? ''} < ${name}`).join(' ; '))
}

function all({ graph }: Drawing, stateOf: (index: number) => UnacceptedState): Unaccepted {
  const unaccepted = new Unaccepted(graph)
  for (let index = 1; index < graph.size; index += 1) unaccepted.set(index, stateOf(index))
  return unaccepted
}

describe('§5 too many', () => {
  test('are the oldest arrivals of those on which nothing stands, of each kind on its own', () => {
    expect(HELD_SLOTS).toBe(16)
    const drawing = many(2 * (HELD_SLOTS + 2), 'side by side')
    const unaccepted = all(drawing, (index) => (index % 2 === 0 ? 'held' : 'guest'))
    expect(drawing.names(unaccepted.excess())).toBe('x2 x4 x1 x3')
    for (const index of unaccepted.excess()) unaccepted.delete(index)
    expect([unaccepted.excess(), unaccepted.count('held'), unaccepted.count('guest')]).toEqual([[], 16, 16])
  })

  test('of surplus are those beyond 1,000', () => {
    expect(SURPLUS_KEPT).toBe(1000)
    const drawing = many(SURPLUS_KEPT + 1, 'side by side')
    const unaccepted = all(drawing, () => 'surplus')
    expect(drawing.names(unaccepted.excess())).toBe('x1')
    unaccepted.delete(500)
    expect(unaccepted.excess()).toEqual([])
  })

  test('of a line are its tops, highest first', () => {
    const drawing = many(20, 'line')
    expect(drawing.names(all(drawing, () => 'held').excess())).toBe('x20 x19 x18 x17')
  })

  test('once a top is out, what it stood on alone is the oldest of the bare ones', () => {
    const side = Array.from({ length: 15 }, (_, n) => `y${String(n)}?`).join(' ')
    const drawing = draw(`genesis < a? b? ; a b < c? ; genesis < ${side}`)
    expect(drawing.names(all(drawing, () => 'held').excess())).toBe('c a')
    const later = draw(`genesis < ${side} ; genesis < a? b? ; a b < c?`)
    expect(later.names(all(later, () => 'held').excess())).toBe('y0 y1')
  })

  test('are none on which another kind stands, even if more stay', () => {
    const drawing = many(18, 'line')
    const unaccepted = all(drawing, (index) => (index === 18 ? 'guest' : 'held'))
    expect(unaccepted.excess()).toEqual([])
  })

  test('are never those that wait for their time', () => {
    const drawing = many(2000, 'side by side')
    const unaccepted = all(drawing, (index) => (index % 2 === 0 ? 'ahead' : 'set-back'))
    expect([unaccepted.excess(), unaccepted.count('ahead', 'set-back')]).toEqual([[], 2000])
  })
})

describe('what is not accepted', () => {
  const drawing = draw('genesis < a? b? ; a < c? ; c b < d? ; b < e?')
  const { at, names } = drawing

  test('is listed by state, oldest arrivals first, whenever it got there', () => {
    const unaccepted = new Unaccepted(drawing.graph)
    for (const name of ['e', 'a', 'c']) unaccepted.set(at(name), 'held')
    unaccepted.set(at('b'), 'surplus')
    unaccepted.set(at('b'), 'held')
    expect([names(unaccepted.in('held')), unaccepted.count('surplus')]).toEqual(['a b c e', 0])
    unaccepted.delete(at('a'))
    unaccepted.delete(at('d'))
    expect([unaccepted.get(at('a')), unaccepted.count('held')]).toEqual([undefined, 3])
  })

  test('and stands on a block, directly or not, comes tops first', () => {
    const unaccepted = all(drawing, () => 'held')
    expect([names(unaccepted.above(at('a'))), names(unaccepted.above(at('b')))]).toEqual(['d c', 'e d'])
    unaccepted.delete(at('e'))
    expect(names(unaccepted.above(at('b')))).toBe('d')
  })

  test('§3 is due when its time is no more than 30 minutes ahead', () => {
    expect(MAX_AHEAD_MS).toBe(30 * 60_000)
    const late = draw(`genesis < a@${String(MAX_AHEAD_MS + 10)}? b@${String(MAX_AHEAD_MS + 11)}? c@5?`)
    const unaccepted = new Unaccepted(late.graph)
    unaccepted.set(late.at('b'), 'ahead')
    unaccepted.set(late.at('a'), 'set-back')
    unaccepted.set(late.at('c'), 'held')
    expect([9, 10, 11].map((nowMs) => late.names(unaccepted.due(nowMs)))).toEqual(['', 'a', 'a b'])
  })
})

import { expect, test } from 'vitest'
import { Cursor, Cursors } from '../../../../../src/node/control/client/cursor.ts'
import type { ControlEvent } from '../../../../../src/node/control/shapes.ts'

const about = (id: string, backs: string[], kind: ControlEvent['kind'] = 'post', chain = '#chat'): ControlEvent => ({
  chain,
  id,
  backs,
  height: 1,
  kind,
})

test('an accepted block takes the place of what it links to', () => {
  const cursor = new Cursor(['0_G'])
  for (const [id, backs] of [
    ['a', ['0_G']],
    ['b', ['a']],
    ['c', ['a']],
  ] as const)
    cursor.advance(about(id, [...backs]))
  expect(cursor.ids).toEqual(['b', 'c'])
  cursor.advance(about('d', ['b', 'c'], 'like'))
  expect(cursor.ids).toEqual(['d'])
})

test('a withdrawn head gives its place back to what it links to; what is held or hidden moves nothing', () => {
  const cursor = new Cursor(['d', 'e'])
  cursor.advance(about('x', ['d'], 'held'))
  cursor.advance(about('d', ['b'], 'hidden'))
  expect(cursor.ids).toEqual(['d', 'e'])
  cursor.advance(about('d', ['b', 'c'], 'withdrawn'))
  expect(cursor.ids).toEqual(['e', 'b', 'c'])
  cursor.advance(about('unknown', ['y'], 'withdrawn'))
  expect(cursor.ids).toEqual(['e', 'b', 'c'])
})

test('many chains have a cursor each, those joined later too', () => {
  const cursors = new Cursors({ '#chat': ['0_G'] })
  cursors.advance(about('a', ['0_G']))
  cursors.advance(about('n', ['0_N'], 'post', '#new'))
  expect(cursors.ids).toEqual({ '#chat': ['a'], '#new': ['n'] })
  cursors.advance(about('0_G', [], 'removed'))
  expect(cursors.ids).toEqual({ '#new': ['n'] })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawnOf } from '../../../../../src/node/cli/graph/labels.ts'
import { layOut, type GraphNode } from '../../../../../src/node/cli/graph/layout.ts'
import { drawForTerminal } from '../../../../../src/node/cli/graph/terminal.ts'
import { listed } from '../../../../support/listed.ts'
import { checkProperty } from '../../../../support/property.ts'

/** Blocks with up to four backs among the blocks shortly before them. */
const dags: fc.Arbitrary<GraphNode[]> = fc
  .array(fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 4 }), { minLength: 1, maxLength: 40 })
  .map((reaches) =>
    reaches.map((reach, row) => ({
      id: String(row),
      backs: [...new Set(reach.map((far) => row - far))].filter((back) => back >= 0).map(String),
    })),
  )

const noInk = (_style: string, text: string): string => text

test('every link is drawn once, in a lane of its own, which runs past no block that stands in it', () => {
  checkProperty(
    'graph-layout-lanes',
    fc.property(dags, (nodes) => {
      const { lanes, edges, width } = layOut(nodes)
      const links = edges.map(({ from, to }) => `${String(from)}>${String(to)}`)
      expect(links.sort()).toEqual(nodes.flatMap(({ id, backs }) => backs.map((back) => `${id}>${back}`)).sort())
      for (const { from, to, lane } of edges) {
        expect(Math.max(lane, ...lanes)).toBeLessThan(width)
        for (let row = to + 1; row < from; row += 1) expect(lanes[row]).not.toBe(lane)
        for (const other of edges) {
          if ((other.to === to && other.from === from) || other.lane !== lane) continue
          expect(other.from <= to || other.to >= from).toBe(true)
        }
      }
    }),
  )
})

test('a straight chain is one lane, and branches stand beside each other', () => {
  const line = Array.from({ length: 5 }, (_, n) => ({ id: String(n), backs: n === 0 ? [] : [String(n - 1)] }))
  expect(layOut(line)).toMatchObject({ lanes: [0, 0, 0, 0, 0], width: 1 })
  const { lanes, width } = layOut([
    { id: 'a', backs: [] },
    { id: 'b', backs: ['a'] },
    { id: 'c', backs: ['a'] },
    { id: 'd', backs: ['b', 'c'] },
  ])
  expect([lanes, width]).toEqual([[0, 0, 1, 0], 2])
})

test('what the terminal shows can be read back: following the lines up from a block leads to its backs and nowhere else', () => {
  checkProperty(
    'graph-text-reads-back',
    fc.property(dags, (nodes) => {
      const blocks = nodes.map(({ id, backs }) => ({
        ...{ id, backs, olderBacks: 0, shortId: `=${id}=`, by: '', text: '' },
        ...({ kind: 'post', state: 'accepted' } as const),
      }))
      const text = drawForTerminal(blocks, layOut(nodes), noInk)
      const found = readBack(text.split('\n'))
      for (const { id, backs } of nodes) expect(found.get(id)).toEqual([...backs].sort())
    }),
  )
})

test('two thousand blocks in a hundred branches take a line each, and lines between them', () => {
  const wide = Array.from({ length: 2000 }, (_, n) => ({
    id: String(n),
    backs: n === 0 ? [] : n < 100 ? ['0'] : [String(n - 100 + (n % 7 === 0 ? 1 : 0))],
  }))
  expect(layOut(wide).edges).toHaveLength(1999)
})

test('backs that are not asked for are counted, and the genesis is there if somebody stands on it', () => {
  const { genesis, blocks } = listed('genesis < a1 ; a1 < b1 c1 ; b1 c1 < a2', {}, 2)
  const drawn = drawnOf(blocks, { id: genesis, chain: '#chat' }, { nameOf: () => undefined })
  expect(drawn.map(({ kind, olderBacks }) => [kind, olderBacks])).toEqual([
    ['post', 1],
    ['post', 1],
  ])
  const whole = listed('genesis < a1')
  expect(drawnOf(whole.blocks, { id: whole.genesis, chain: '#chat' }, { nameOf: () => undefined })[0]).toMatchObject({
    kind: 'genesis',
    text: '#chat',
  })
})

const ENDS: Readonly<Record<string, string>> = {
  '│': 'UD',
  '─': 'LR',
  '╰': 'UR',
  '╯': 'UL',
  '╭': 'DR',
  '╮': 'DL',
  '├': 'UDR',
  '┤': 'UDL',
  '┴': 'ULR',
  '┬': 'DLR',
  '┼': 'UDLR',
}

/** Backs by block, read off the picture: never downwards, and straight on under a lane. */
function readBack(lines: readonly string[]): Map<string, string[]> {
  const blocks = new Map<string, { readonly y: number; readonly x: number }>()
  for (const [y, line] of lines.entries()) {
    const id = /=(\d+)=/.exec(line)?.[1]
    if (id !== undefined) blocks.set(id, { y, x: line.indexOf('●') })
  }
  const idAt = (y: number, x: number): string | undefined => [...blocks].find(([, at]) => at.y === y && at.x === x)?.[0]
  const found = new Map<string, string[]>()
  for (const [id, { y, x }] of blocks) {
    const backs = new Set<string>()
    const seen = new Set<string>()
    const go = (atY: number, atX: number, towards: 'U' | 'L' | 'R'): void => {
      const key = `${String(atY)} ${String(atX)} ${towards}`
      if (atY < 0 || seen.has(key)) return
      seen.add(key)
      const back = idAt(atY, atX)
      if (back !== undefined) {
        if (towards === 'U') backs.add(back)
        return
      }
      const ends = ENDS[(lines[atY] ?? '').charAt(atX)] ?? ''
      const enters = { U: 'D', L: 'R', R: 'L' }[towards]
      if (!ends.includes(enters)) {
        if (ends === 'UD' && towards !== 'U') go(atY, atX + (towards === 'L' ? -1 : 1), towards)
        return
      }
      if (ends.includes('U')) go(atY - 1, atX, 'U')
      if (ends.includes('L') && towards !== 'R') go(atY, atX - 1, 'L')
      if (ends.includes('R') && towards !== 'L') go(atY, atX + 1, 'R')
    }
    go(y - 1, x, 'U')
    found.set(id, [...backs].sort())
  }
  return found
}

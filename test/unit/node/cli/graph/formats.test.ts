/**
 * Every format on one drawn chain (spec §11, `graph`), against golden files; hostile texts stay texts in all of them.
 */
import { parse as parseDot } from '@ts-graphviz/ast'
import { DOMParser } from '@xmldom/xmldom'
import { describe, expect, test } from 'vitest'
import { Bug } from '../../../../../src/dag/result.ts'
import { colorsOfAuthors } from '../../../../../src/node/cli/graph/palette.ts'
import { drawDot } from '../../../../../src/node/cli/graph/dot.ts'
import { drawnOf, type Drawn } from '../../../../../src/node/cli/graph/labels.ts'
import { layOut } from '../../../../../src/node/cli/graph/layout.ts'
import { drawMermaid, tooMuchForMermaid } from '../../../../../src/node/cli/graph/mermaid.ts'
import { drawSvg } from '../../../../../src/node/cli/graph/svg.ts'
import { drawForTerminal } from '../../../../../src/node/cli/graph/terminal.ts'
import { colorsOf, stylesOfAuthors } from '../../../../../src/node/cli/colors.ts'
import { author } from '../../../../support/blocks.ts'
import { listed, type Saying } from '../../../../support/listed.ts'

const PICTURE =
  'genesis < a1 ; a1 < b1 c1 d1 ; b1 < b2 ; c1 < c2 ; b2 c2 < a2 ; d1 < d2 ; a2 d2 < e1 ; a2 < b3 ; d1 < c3 ; b3 e1 c3 < a4 ; a4 < z1?'

const SAYINGS: Readonly<Record<string, Saying>> = {
  a1: { text: 'Bom Dia!' },
  b1: { text: 'first line\nsecond line' },
  c1: { text: 'olá 日本語' },
  d1: { is: 'hidden' },
  c2: { like: [1, 'b1'] },
  d2: { like: [-1, 'd1'], text: 'spam' },
  b2: { bytes: new Uint8Array(3000).fill(255) },
  c3: { is: 'missing' },
  a4: { is: 'sealed' },
  z1: { text: 'May I come in?' },
}

/** All short enough for a label. */
const HOSTILE = {
  markup: '"]; end; <script>alert(1)</script> \\" \\N \\ ]]> &amp; --> `x`',
  obeyed: '#quot; {{ }} |x| <!-- \u001b[31m \u009b2J \u202e \ud83d\ude00 \ufffe',
  binary: 'a NUL makes a text binary: \u0000',
}

function drawing(picture: string, sayings: Readonly<Record<string, Saying>>): readonly Drawn[] {
  const { blocks, genesis, pub } = listed(picture, sayings)
  return drawnOf(blocks, { id: genesis, chain: '#chat' }, { nameOf: (key) => (key === pub('b') ? 'bob' : undefined) })
}

const blocks = drawing(PICTURE, SAYINGS)
const hostile = drawing('genesis < a1 ; a1 < b1 ; b1 < b2 ; b1 < b3?', {
  a1: { text: HOSTILE.markup },
  b1: { like: [-1, 'a1'], text: HOSTILE.obeyed },
  b2: { text: HOSTILE.obeyed },
  b3: { text: HOSTILE.binary },
})

const inks = {
  plain: colorsOf({ stdout: { isTTY: false } as never, env: {} }),
  coloured: colorsOf({ stdout: { isTTY: true } as never, env: {} }),
}

const draw = {
  terminal: (list: readonly Drawn[], colors = inks.plain) => drawForTerminal(list, layOut(list), colors),
  dot: drawDot,
  mermaid: drawMermaid,
  svg: (list: readonly Drawn[]) => drawSvg(list, layOut(list)),
}

test.each([
  ['terminal', 'graph.txt'],
  ['dot', 'graph.dot'],
  ['mermaid', 'graph.mmd'],
  ['svg', 'graph.svg'],
] as const)('%s draws the chain as it is kept in golden/%s', async (format, file) => {
  await expect(`${draw[format](blocks)}\n`).toMatchFileSnapshot(`golden/${file}`)
})

/** Texts and element names of an SVG. @throws it is not well-formed XML */
function readXml(text: string): { readonly texts: string; readonly elements: ReadonlySet<string> } {
  const parser = new DOMParser({
    // It warns about U+FFFD, which is there on purpose.
    onError: (level, message) => {
      if (level !== 'warning') throw new Bug(message)
    },
  })
  const root = parser.parseFromString(text, 'image/svg+xml')
  const all = Array.from(root.getElementsByTagName('*'))
  return { texts: root.documentElement?.textContent ?? '', elements: new Set(all.map(({ tagName }) => tagName)) }
}

describe('each format is what it says, whatever others wrote', () => {
  test('dot parses, with a node for each block and an edge for each link and like', () => {
    for (const [list, edges] of [
      [blocks, 19],
      [hostile, 5],
    ] as const) {
      const dot = drawDot(list)
      const { children } = parseDot(dot)
      const graph = children.find(({ type }) => type === 'Graph')
      const statements = (graph?.children ?? []).map(({ type }) => type as string)
      expect(statements.filter((type) => type === 'Node')).toHaveLength(list.length)
      expect(statements.filter((type) => type === 'Edge')).toHaveLength(edges)
    }
    expect(drawDot(blocks).match(/style=dashed, color="#1a7f37"/g)).toHaveLength(1)
  })

  test('SVG is well-formed XML with nothing in it that runs or is fetched, and shows the text as it was', () => {
    const { elements } = readXml(draw.svg(blocks))
    expect([...elements].sort()).toEqual(['circle', 'g', 'path', 'rect', 'svg', 'text', 'title', 'tspan'])
    const { texts, elements: ofHostile } = readXml(draw.svg(hostile))
    expect([...ofHostile].sort()).toEqual([...elements].sort())
    expect(texts).toContain('"]; end; <script>alert(1)</script> \\" \\N \\ ]]> &amp; --> `x`')
    expect(texts).toContain('␛[31m <U+009B>2J <U+202E> 😀 <U+FFFE>')
    expect(texts).toContain('(binary, 28 bytes)')
    expect(draw.svg(hostile)).not.toMatch(/href|url\(|<script|<image|<style/)
  })

  test('in mermaid, of what others wrote only letters, digits and blanks stand as they are', () => {
    const labels = [...drawMermaid(hostile).matchAll(/\["(.*)"\]$/gm)].map(([, label = '']) => label)
    expect(labels).toHaveLength(4)
    for (const label of labels) {
      expect(label.replaceAll('<br/>', '').replaceAll(/#\d+;/g, '')).toMatch(/^[\p{L}\p{M}\p{N} ]*$/u)
    }
  })

  test('mermaid reads each label as it was meant, and nothing else in the drawing as an entity', () => {
    const words = [
      'fa:fa-car',
      'style x:#123;',
      '1. one',
      '😀 👩\u200d👧',
      'ﬂ°°60¶ß',
      '$$x$$',
      '%%{init: {}}%%',
      '"`md`"',
      '#35;',
    ]
    const names = words.map((_word, at) => `a${String(at + 1)}`)
    const picture = ['genesis < a1', ...names.slice(1).map((name, at) => `${names[at] ?? ''} < ${name}`)].join(' ; ')
    const drawn = drawMermaid(
      drawing(picture, Object.fromEntries(names.map((name, at) => [name, { text: words[at] ?? '' }]))),
    )
    // Mermaid's first step on the whole text: it cuts the end of lines that look like styles.
    expect(drawn).not.toMatch(/style.*:\S*#.*;/)
    const labels = [...drawn.matchAll(/\["(.*)"\]$/gm)].map(([, label = '']) => label)
    const read = labels.map((label) =>
      label.replaceAll(/#(\w+);/g, (_entity, code: string) => String.fromCodePoint(Number(code))),
    )
    expect(read.map((label) => label.split('<br/>')[1])).toEqual(words)
  })

  test('what is more than Mermaid draws by itself is said', () => {
    expect(tooMuchForMermaid(drawMermaid(blocks))).toBeUndefined()
    const many = Array.from({ length: 502 }, (_, at) => ({
      ...blocks[1]!,
      by: 'alice',
      id: String(at),
      backs: [String(at - 1)],
    }))
    expect(tooMuchForMermaid(drawMermaid(many.slice(1)))).toBeUndefined()
    expect(tooMuchForMermaid(drawMermaid(many))).toMatch(/^the drawing has 501 links and \d{5} characters, .* svg$/)
    const long = Array.from({ length: 150 }, (_, at) => ({
      ...blocks[1]!,
      id: String(at),
      backs: [],
      text: '!'.repeat(100),
    }))
    expect(tooMuchForMermaid(drawMermaid(long))).toContain(' 0 links')
  })

  test('no format gives a terminal anything that it obeys', () => {
    for (const format of Object.values(draw)) {
      expect(format(hostile).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    }
  })
})

test('blocks of one author have one colour, on a terminal and elsewhere', () => {
  const line = draw.terminal(blocks, inks.coloured).split('\n')
  const colorOf = (part: string): string | undefined =>
    /\u001b\[(\d+)m●/.exec(line.find((one) => one.includes(part)) ?? '')?.[1]
  expect(colorOf('first line')).toBeDefined()
  expect(colorOf('first line')).toBe(colorOf('binary'))
  expect(colorOf('first line')).not.toBe(colorOf('Bom Dia!'))
})

test('authors are told apart: each of many has another colour, the first ones far from each other', () => {
  const colorOf = colorsOfAuthors()
  const colors = Array.from({ length: 50 }, (_, n) => colorOf(author(n).author))
  expect(Array.from({ length: 50 }, (_, n) => colorOf(author(n).author))).toEqual(colors)
  expect(new Set(colors).size).toBe(50)
  for (const color of colors) expect(color).toMatch(/^#[0-9a-f]{6}$/)
  const parts = (color = ''): number[] => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
  const apart = (a: number[], b: number[]): number => Math.max(...a.map((part, at) => Math.abs(part - (b[at] ?? 0))))
  const first = colors.slice(0, 8).map(parts)
  for (const [at, one] of first.entries())
    for (const other of first.slice(0, at)) expect(apart(one, other)).toBeGreaterThan(40)
  const styleOf = stylesOfAuthors()
  const styles = Array.from({ length: 9 }, (_, n) => styleOf(author(n).author))
  expect([new Set(styles.slice(0, 8)).size, styles[8], styleOf(undefined)]).toEqual([8, styles[0], 'gray'])
})

test('a chain without blocks is its genesis', () => {
  const nothing = drawing('genesis < a1', {}).slice(0, 1)
  expect(draw.terminal(nothing)).toMatch(/^◆ 0_[0-9A-F]{8} #chat$/)
  readXml(draw.svg(nothing))
})

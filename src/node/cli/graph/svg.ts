/**
 * The `svg` format of `graph` (spec §11): one self-contained file with the lanes and rows of the layout, oldest on top,
 * and likes as dashed curves on the left. Pure.
 */
import { colorsOfAuthors, DISLIKE_COLOR, LIKE_COLOR } from './palette.ts'
import { markOf, labelWords, type Drawn } from './labels.ts'
import type { Edge, Layout } from './layout.ts'

/** Lengths in pixels. */
const ROW = 28
const LANE = 20
const RADIUS = 6
const MARGIN = 20
/** Room for the curves of likes on the left. */
const CURVES = 90
const FONT = 13
/** Width of a letter in monospace fonts; letters of wide scripts take two. */
const CHAR = 7.9

/** The first code point of the wide scripts. */
const WIDE = 0x1100

export function drawSvg(blocks: readonly Drawn[], { lanes, edges, width }: Layout): string {
  const rows = new Map(blocks.map(({ id }, row) => [id, row]))
  const hasLikes = blocks.some(({ target }) => target !== undefined && rows.has(target))
  const left = MARGIN + (hasLikes ? CURVES : 0)
  const place = (row: number, lane = lanes[row] ?? 0): Point => ({
    x: left + RADIUS + lane * LANE,
    y: MARGIN + RADIUS + row * ROW,
  })
  const textX = left + 2 * RADIUS + width * LANE
  const labels = blocks.map((block) => labelOf(block))
  const [w, h] = [
    Math.ceil(textX + CHAR * Math.max(1, ...labels.map(lettersOf)) + MARGIN),
    2 * MARGIN + 2 * RADIUS + Math.max(0, blocks.length - 1) * ROW,
  ]
  const colorOf = colorsOfAuthors()
  const colors = blocks.map(({ author }) => colorOf(author))
  const likes = blocks.flatMap((block, row) => {
    const to = block.target === undefined ? undefined : rows.get(block.target)
    return to === undefined ? [] : [likeLine(place(row), place(to), block.kind === 'like')]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(w)}" height="${String(h)}" viewBox="0 0 ${String(w)} ${String(h)}">`,
    `<rect width="${String(w)}" height="${String(h)}" fill="#ffffff"/>`,
    '<g fill="none" stroke-width="2">',
    ...edges.map((edge) => edgeLine(edge, place, colors[edge.from] ?? '')),
    '</g>',
    '<g fill="none" stroke-width="1.5" stroke-dasharray="5 4">',
    ...likes,
    '</g>',
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${String(FONT)}">`,
    ...blocks.flatMap((block, row) => blockLines(block, { at: place(row), textX, color: colors[row] ?? '' })),
    '</g>',
    '</svg>',
  ].join('\n')
}

interface Point {
  readonly x: number
  readonly y: number
}

/** From the block up: sideways into its lane, straight on, sideways to the back. */
function edgeLine({ from, to, lane }: Edge, place: (row: number, lane?: number) => Point, color: string): string {
  const [start, end] = [place(from), place(to)]
  const { x } = place(from, lane)
  const [low, high] = [start.y - ROW / 2, end.y + ROW / 2]
  const path = [
    `M${point(start)}`,
    `C${point({ x: start.x, y: low })} ${point({ x, y: start.y })} ${point({ x, y: low })}`,
    `L${point({ x, y: high })}`,
    `C${point({ x, y: end.y })} ${point({ x: end.x, y: high })} ${point(end)}`,
  ]
  return `<path d="${path.join(' ')}" stroke="${color}" stroke-opacity="0.6"/>`
}

/** The curve reaches out further the longer it is, within the room for curves. */
function likeLine(from: Point, to: Point, isLike: boolean): string {
  const out = Math.min(CURVES + MARGIN / 2, 24 + Math.abs(from.y - to.y) / 3)
  const x = Math.min(from.x, to.x) - out
  const [start, end] = [
    { x: from.x - RADIUS, y: from.y },
    { x: to.x - RADIUS, y: to.y },
  ]
  const path = `M${point(start)} C${point({ x, y: from.y })} ${point({ x, y: to.y })} ${point(end)}`
  return `<path d="${path}" stroke="${isLike ? LIKE_COLOR : DISLIKE_COLOR}"/>`
}

function blockLines(
  block: Drawn,
  { at, textX, color }: { readonly at: Point; readonly textX: number; readonly color: string },
): string[] {
  const { state, id, author } = block
  const dashes = { accepted: '', held: ' stroke-dasharray="3 2"', hidden: ' stroke-dasharray="1 2"' }[state]
  const fill = state === 'accepted' && block.kind === 'post' ? color : '#ffffff'
  const mark = markOf(block)
  const sign =
    mark === '●'
      ? []
      : [
          `<text x="${String(at.x)}" y="${String(at.y + 4)}" text-anchor="middle" fill="${color}" font-size="12">${escaped(mark)}</text>`,
        ]
  const head = [block.shortId, block.by].join(' ').trim()
  return [
    '<g>',
    `<title>${escaped([id, author ?? ''].join(' ').trim())}</title>`,
    `<circle cx="${String(at.x)}" cy="${String(at.y)}" r="${String(RADIUS)}" fill="${fill}" stroke="${color}" stroke-width="2"${dashes}/>`,
    ...sign,
    `<text x="${String(textX)}" y="${String(at.y + 4)}" xml:space="preserve"><tspan fill="${color}">${escaped(head)}</tspan> ${escaped(labelWords(block).join(' '))}</text>`,
    '</g>',
  ]
}

function labelOf(block: Drawn): string {
  return [block.shortId, block.by, ...labelWords(block)].join(' ')
}

/** The length of a text in letters of normal width. */
function lettersOf(text: string): number {
  return Array.from(text).reduce((sum, char) => sum + ((char.codePointAt(0) ?? 0) < WIDE ? 1 : 2), 0)
}

function point({ x, y }: Point): string {
  return `${String(Math.round(x * 10) / 10)},${String(Math.round(y * 10) / 10)}`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Escapes text for XML. Control characters are gone already; other code points that XML forbids become U+FFFD. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
    .replaceAll(/[\uD800-\uDFFF\uFFFE\uFFFF]/gu, '\uFFFD')
}

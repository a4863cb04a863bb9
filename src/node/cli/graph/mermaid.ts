/**
 * The `mermaid` format of `graph` (spec §11): a flowchart for Mermaid, which many Markdown sites render. The parser of
 * Mermaid 11.17 returned every block, link and label as intended (2026-11-25). Pure.
 */
import { colorsOfAuthors, DISLIKE_COLOR, LIKE_COLOR } from './palette.ts'
import { markOf, labelWords, type Drawn } from './labels.ts'

/** Mermaid's default `maxEdges` and `maxTextSize`. Only a site can change them, not a drawing. */
const MAX_LINKS = 500
const MAX_CHARS = 50_000

/** Why Mermaid would refuse this drawing; undefined if it would not. */
export function tooMuchForMermaid(drawing: string): string | undefined {
  const links = drawing.match(/^ {2}b\d+ (?:---|-\.->)/gm)?.length ?? 0
  if (links <= MAX_LINKS && drawing.length <= MAX_CHARS) return undefined
  const has = `${String(links)} links and ${String(drawing.length)} characters`
  const may = `${String(MAX_LINKS)} and ${String(MAX_CHARS)}`
  return `the drawing has ${has}, and Mermaid takes ${may} unless its site allows more: draw fewer (--last), or as svg`
}

export function drawMermaid(blocks: readonly Drawn[]): string {
  const names = new Map(blocks.map(({ id }, row) => [id, `b${String(row)}`]))
  const colorOf = colorsOfAuthors()
  const links = blocks.flatMap((block) => linksOf(block, names))
  return [
    'flowchart TB',
    ...blocks.map((block, row) => `  b${String(row)}${shape(block)}`),
    ...links.map(({ line }) => `  ${line}`),
    ...links.flatMap(({ color }, at) =>
      color === undefined ? [] : [`  linkStyle ${String(at)} stroke:${color},color:${color}`],
    ),
    ...blocks.map((block, row) => `  style b${String(row)} ${styleOf(block, colorOf(block.author))}`),
  ].join('\n')
}

interface Link {
  readonly line: string
  readonly color?: string
}

function linksOf({ id, backs, target, kind }: Drawn, names: ReadonlyMap<string, string>): Link[] {
  const [self = '', liked] = [names.get(id), target === undefined ? undefined : names.get(target)]
  const links: Link[] = []
  for (const back of backs) {
    const name = names.get(back)
    if (name !== undefined) links.push({ line: `${name} --- ${self}` })
  }
  if (liked === undefined) return links
  const color = kind === 'like' ? LIKE_COLOR : DISLIKE_COLOR
  return [...links, { line: `${self} -.->|${kind === 'like' ? '+1' : '−1'}| ${liked}`, color }]
}

function shape(block: Drawn): string {
  const lines = [[markOf(block), block.shortId, block.by].join(' ').trim(), labelWords(block).join(' ')]
  const label = lines
    .filter((line) => line !== '')
    .map(escaped)
    .join('<br/>')
  return block.kind === 'genesis' ? `{{"${label}"}}` : `["${label}"]`
}

function styleOf({ state }: Drawn, color: string): string {
  const stroke = `stroke:${color}`
  if (state === 'accepted') return stroke
  return `${stroke},stroke-dasharray:${state === 'held' ? '6 3' : '2 4'}`
}

/** Escapes everything but letters, digits and spaces by number: Mermaid, or the HTML it makes, could interpret it. */
function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{M}\p{N} ]/gu, (char) => `#${String(char.codePointAt(0))};`)
}

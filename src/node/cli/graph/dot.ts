/** The `dot` format of `graph` (spec §11), for Graphviz. Pure. */
import { colorsOfAuthors, DISLIKE_COLOR, LIKE_COLOR } from './palette.ts'
import { markOf, labelWords, type Drawn } from './labels.ts'

export function drawDot(blocks: readonly Drawn[]): string {
  const known = new Set(blocks.map(({ id }) => id))
  const colorOf = colorsOfAuthors()
  return [
    'digraph chain {',
    '  rankdir=TB',
    '  node [shape=box, fontname="monospace", fontsize=10]',
    ...blocks.map((block) => node(block, colorOf(block.author))),
    ...blocks.flatMap(({ id, backs }) =>
      backs.filter((back) => known.has(back)).map((back) => `  ${quoted(back)} -> ${quoted(id)} [dir=back]`),
    ),
    ...blocks.flatMap((block) => likes(block, known)),
    '}',
  ].join('\n')
}

function node(block: Drawn, color: string): string {
  const { id, shortId, by, state, kind } = block
  const lines = [[markOf(block), shortId, by].filter((word) => word !== '').join(' '), labelWords(block).join(' ')]
  const style = { accepted: 'solid', held: 'dashed', hidden: 'dotted' }[state]
  const attributes = [
    `label=${quoted(lines.filter((line) => line !== '').join('\n'))}`,
    `color=${quoted(color)}`,
    `style=${style}`,
    ...(kind === 'genesis' ? ['shape=diamond'] : []),
  ]
  return `  ${quoted(id)} [${attributes.join(', ')}]`
}

/** `constraint=false`: only backs determine the order. */
function likes({ id, target, kind }: Drawn, known: ReadonlySet<string>): string[] {
  if (target === undefined || !known.has(target)) return []
  const color = kind === 'like' ? LIKE_COLOR : DISLIKE_COLOR
  return [`  ${quoted(id)} -> ${quoted(target)} [style=dashed, color=${quoted(color)}, constraint=false]`]
}

/** A quoted string without escapes: in labels Graphviz interprets a backslash, as in `\N`. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

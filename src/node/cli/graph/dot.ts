/** The drawing as a graph for Graphviz (spec §11, `graph --format dot`). Pure. */
import { coloursOfAuthors, DISLIKE_COLOUR, LIKE_COLOUR } from './colour.ts'
import { markOf, wordsOf, type Drawn } from './labels.ts'

export function drawDot(blocks: readonly Drawn[]): string {
  const known = new Set(blocks.map(({ id }) => id))
  const colourOf = coloursOfAuthors()
  return [
    'digraph chain {',
    '  rankdir=TB',
    '  node [shape=box, fontname="monospace", fontsize=10]',
    ...blocks.map((block) => node(block, colourOf(block.author))),
    ...blocks.flatMap(({ id, backs }) =>
      backs.filter((back) => known.has(back)).map((back) => `  ${quoted(back)} -> ${quoted(id)} [dir=back]`),
    ),
    ...blocks.flatMap((block) => likes(block, known)),
    '}',
  ].join('\n')
}

function node(block: Drawn, colour: string): string {
  const { id, shortId, by, state, kind } = block
  const lines = [[markOf(block), shortId, by].filter((word) => word !== '').join(' '), wordsOf(block).join(' ')]
  const style = { accepted: 'solid', held: 'dashed', hidden: 'dotted' }[state]
  const attributes = [
    `label=${quoted(lines.filter((line) => line !== '').join('\n'))}`,
    `color=${quoted(colour)}`,
    `style=${style}`,
    ...(kind === 'genesis' ? ['shape=diamond'] : []),
  ]
  return `  ${quoted(id)} [${attributes.join(', ')}]`
}

/** Without weight in the layout: the order is that of the backs. */
function likes({ id, target, kind }: Drawn, known: ReadonlySet<string>): string[] {
  if (target === undefined || !known.has(target)) return []
  const colour = kind === 'like' ? LIKE_COLOUR : DISLIKE_COLOUR
  return [`  ${quoted(id)} -> ${quoted(target)} [style=dashed, color=${quoted(colour)}, constraint=false]`]
}

/** A string in which Graphviz sees text alone: in labels a backslash begins an escape, such as `\N`. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

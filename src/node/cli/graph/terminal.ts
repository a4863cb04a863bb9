/** The drawing for terminals and pipes (spec §11, `graph`): lanes of box characters, a label beside each block, newest last. Pure. */
import { stylesOfAuthors, type Colors, type Style } from '../colors.ts'
import { markOf, labelWords, type Drawn } from './labels.ts'
import type { Edge, Layout } from './layout.ts'

/** Where a box character has ends. */
const UP = 1
const DOWN = 2
const LEFT = 4
const RIGHT = 8

const BOXES: Readonly<Record<number, string>> = {
  [UP | DOWN]: '│',
  [LEFT | RIGHT]: '─',
  [DOWN]: '╷',
  [UP | RIGHT]: '╰',
  [UP | LEFT]: '╯',
  [DOWN | RIGHT]: '╭',
  [DOWN | LEFT]: '╮',
  [UP | DOWN | RIGHT]: '├',
  [UP | DOWN | LEFT]: '┤',
  [UP | LEFT | RIGHT]: '┴',
  [DOWN | LEFT | RIGHT]: '┬',
  [UP | DOWN | LEFT | RIGHT]: '┼',
}

/**
 * One line for each block; below it one where links to it bend into their lanes, above it one where its own links bend out
 * of theirs, both only where something bends. A link that crosses a lane goes under it: `─│─`.
 */
export function drawForTerminal(blocks: readonly Drawn[], { lanes, edges, width }: Layout, colors: Colors): string {
  const ofOlder = groupBy(edges, ({ to }) => to)
  const ofNewer = groupBy(edges, ({ from }) => from)
  /** By lane: links that run through it. */
  const running = Array.from({ length: width }, () => 0)
  const lines: string[] = []
  const styleOf = stylesOfAuthors()
  for (const [row, block] of blocks.entries()) {
    const own = lanes[row] ?? 0
    const [ending, starting] = [ofNewer.get(row) ?? [], ofOlder.get(row) ?? []]
    for (const lane of ending) running[lane] = (running[lane] ?? 0) - 1
    const passing = running.map((count) => count > 0)
    // Without backs here it would look like a child of what happens to stand above it: then the line is a loose end.
    if (row > 0) lines.push(...bends({ own, passing, bent: ending, inward: DOWN, outward: UP }))
    lines.push(blockLine(block, { own, passing }, { colors, style: styleOf(block.author) }))
    if (starting.length > 0) lines.push(...bends({ own, passing, bent: starting, inward: UP, outward: DOWN }))
    for (const lane of starting) running[lane] = (running[lane] ?? 0) + 1
  }
  return lines.join('\n')
}

interface Bends {
  /** The lane of the block whose links bend here. */
  readonly own: number
  /** By lane: whether links of others run through it. */
  readonly passing: readonly boolean[]
  /** The lanes of its links. */
  readonly bent: readonly number[]
  /** Towards the block, and away from it. */
  readonly inward: number
  readonly outward: number
}

/** The line between a block and its links; none if they all go straight on. */
function bends({ own, passing, bent, inward, outward }: Bends): string[] {
  if (bent.length > 0 && bent.every((lane) => lane === own)) return []
  const [left, right] = [Math.min(own, ...bent), Math.max(own, ...bent)]
  const line = passing.map((isPassing, lane) => {
    const across = (lane > left && lane <= right ? LEFT : 0) | (lane >= left && lane < right ? RIGHT : 0)
    const along = isPassing ? UP | DOWN : 0
    let ends = along === 0 ? across : along
    if (lane === own) ends = across | inward | (bent.includes(own) ? outward : 0)
    else if (bent.includes(lane)) ends = across | outward
    return `${BOXES[ends] ?? ' '}${(across & RIGHT) === 0 ? ' ' : '─'}`
  })
  return [line.join('').trimEnd()]
}

function blockLine(
  block: Drawn,
  { own, passing }: Pick<Bends, 'own' | 'passing'>,
  { colors, style }: { readonly colors: Colors; readonly style: Style },
): string {
  const last = Math.max(own, passing.lastIndexOf(true))
  const cells = passing.slice(0, last + 1).map((isPassing, lane) => {
    if (lane === own) return colors(style, markOf(block))
    return isPassing ? '│' : ' '
  })
  const author = block.by === '' ? [] : [colors(style, block.by)]
  return [...cells, colors('dim', block.shortId), ...author, ...labelWords(block)].join(' ')
}

/** Lanes of edges by row. */
function groupBy(edges: readonly Edge[], rowOf: (edge: Edge) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (const edge of edges) {
    const group = groups.get(rowOf(edge))
    if (group === undefined) groups.set(rowOf(edge), [edge.lane])
    else group.push(edge.lane)
  }
  return groups
}

/**
 * The text format of `graph` (spec §11), for terminals and pipes: lanes of box-drawing characters, a label beside each
 * block, newest last. Pure.
 */
import { stylesOfAuthors, type Colors, type Style } from '../colors.ts'
import { markOf, labelWords, type Drawn } from './labels.ts'
import type { Edge, Layout } from './layout.ts'

/** Directions in which a box-drawing character has an arm. */
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
 * One line per block. Where links to it bend into their lanes there is a line below it; where its own links leave their
 * lanes, one above it. A link that crosses a lane passes under it: `─│─`.
 */
export function drawForTerminal(blocks: readonly Drawn[], { lanes, edges, width }: Layout, colors: Colors): string {
  const ofOlder = groupBy(edges, ({ to }) => to)
  const ofNewer = groupBy(edges, ({ from }) => from)
  /** Number of links running in each lane. */
  const running = Array.from({ length: width }, () => 0)
  const lines: string[] = []
  const styleOf = stylesOfAuthors()
  for (const [row, block] of blocks.entries()) {
    const own = lanes[row] ?? 0
    const [ending, starting] = [ofNewer.get(row) ?? [], ofOlder.get(row) ?? []]
    for (const lane of ending) running[lane] = (running[lane] ?? 0) - 1
    const passing = running.map((count) => count > 0)
    // A block without backs in the drawing must not look like a child of the block above it: its line is a loose end.
    if (row > 0) lines.push(...bends({ own, passing, bent: ending, inward: DOWN, outward: UP }))
    lines.push(blockLine(block, { own, passing }, { colors, style: styleOf(block.author) }))
    if (starting.length > 0) lines.push(...bends({ own, passing, bent: starting, inward: UP, outward: DOWN }))
    for (const lane of starting) running[lane] = (running[lane] ?? 0) + 1
  }
  return lines.join('\n')
}

interface Bends {
  /** The lane of the block. */
  readonly own: number
  /** Whether links of other blocks run through each lane. */
  readonly passing: readonly boolean[]
  /** The lanes of its links. */
  readonly bent: readonly number[]
  /** Directions towards the block and away from it. */
  readonly inward: number
  readonly outward: number
}

/** The line between a block and its links; empty if none bends. */
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

/** Groups the lanes of edges by row. */
function groupBy(edges: readonly Edge[], rowOf: (edge: Edge) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (const edge of edges) {
    const group = groups.get(rowOf(edge))
    if (group === undefined) groups.set(rowOf(edge), [edge.lane])
    else group.push(edge.lane)
  }
  return groups
}

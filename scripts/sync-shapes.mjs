// The shapes that scripts/bench-sync measures: what either side has besides a line of blocks that both have.
import { line } from './line-chain.mjs'

const BRANCHES = 500
const FORGOTTEN = 1_000

const tenth = (size) => size / 10

/** 500 blocks on the same one: so many heads. */
function branches(tip) {
  return Array.from({ length: BRANCHES }, (_, n) => [...line(1, { back: tip, name: `branch ${n}` })]).flat()
}

/** One more head, whose id begins with this digit: heads go in pages, in the order of their ids. */
function headWith(digit, tip) {
  for (let n = 0; ; n++) {
    const [made] = line(1, { back: tip, name: `one ${n}` })
    if (made.block.id.startsWith(digit)) return made
  }
}

/**
 * `a` lacks what `b` has. Each takes the last block that both have, of the line of `size` blocks, and gives the blocks
 * that follow there.
 */
export const SHAPES = [
  { name: 'equal', a: () => [], b: () => [] },
  { name: 'one block missing', a: () => [], b: (tip) => [headWith('', tip)] },
  {
    name: 'each side a tenth of the chain ahead',
    a: (tip, size) => line(tenth(size), { back: tip, name: 'a' }),
    b: (tip, size) => line(tenth(size), { back: tip, name: 'b' }),
  },
  { name: '500 heads, equal', a: branches, b: branches },
  {
    name: '500 heads, one block missing, among the first heads',
    a: branches,
    b: (tip) => [...branches(tip), headWith('0', tip)],
  },
  {
    name: '500 heads, one block missing, among the last heads',
    a: branches,
    b: (tip) => [...branches(tip), headWith('F', tip)],
  },
  { name: 'one side empty', isEmpty: true, a: () => [], b: () => [] },
  {
    name: 'the last 1,000 forgotten (of 1,000: a tenth)',
    a: () => [],
    b: (tip, size) => line(size > FORGOTTEN ? FORGOTTEN : tenth(size), { back: tip }),
  },
]

/**
 * DAGs as pictures: `draw('genesis < a1 ; a1 < b1 c1 ; b1 c1 < d1')`. Left of `<` stand the backs, right of it new
 * blocks that each link to all of the left; `?` behind a new block says that it is not accepted. Blocks get the indexes
 * 1, 2, … in reading order, digests made of their names, and a time one second after the latest back's, or after `@`:
 * `genesis < a@5000 b?`.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { Bug } from '../../src/dag/result.ts'
import { Graph } from '../../src/dag/graph.ts'
import { blockId, chainId, type BlockId, type ChainId } from '../../src/dag/ids.ts'
import type { GraphRow } from '../../src/dag/store.ts'

export interface Drawing {
  readonly graph: Graph
  /** Index of a named block; `genesis` is 0. */
  readonly at: (name: string) => number
  /** Names of indexes, for readable expectations: `a1 b1`. */
  readonly names: (indexes: readonly number[]) => string
}

const NEW_BLOCK = /^([A-Za-z][A-Za-z0-9]*)(?:@([0-9]+))?(\?)?$/

export const DRAWN_CHAIN: ChainId = chainId(sha256(new TextEncoder().encode('the chain of drawings')))

/** The id of the block with this name, in any drawing. */
export function drawnId(name: string): BlockId {
  return blockId(sha256(new TextEncoder().encode(name)))
}

export function draw(picture: string, seed = 1): Drawing {
  const graph = new Graph(DRAWN_CHAIN, seed)
  const names = ['genesis']
  const at = (name: string): number => {
    const index = names.indexOf(name)
    if (index === -1) throw new Bug(`no block ${name} in the picture so far`)
    return index
  }
  for (const step of picture.split(';')) {
    const [left = '', right = ''] = step.split('<')
    const backs = left.trim().split(/\s+/).map(at)
    for (const text of right.trim().split(/\s+/)) {
      const [, name, time, unaccepted] = NEW_BLOCK.exec(text) ?? []
      if (name === undefined) throw new Bug(`cannot read ${text}`)
      const row = rowOn(graph, drawnId(name), backs, time === undefined ? undefined : Number(time))
      graph.add(row, unaccepted === undefined)
      names.push(name)
    }
  }
  return { graph, at, names: (indexes) => indexes.map((index) => names[index]).join(' ') }
}

/** A row at the height and, unless told, one second after the latest of its backs. */
export function rowOn(graph: Graph, id: BlockId, backs: readonly number[], time?: number): GraphRow {
  const height = 1 + Math.max(...backs.map((back) => graph.height(back)))
  return { id, height, backs, time: time ?? 1000 + Math.max(...backs.map((back) => graph.time(back))) }
}

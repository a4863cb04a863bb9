/**
 * Sides of a long chain for counting what a pull costs: blocks that both have are names in the graph and nothing else,
 * since nobody asks for them; only what is to be fetched is made. Times are minutes apart, and not even.
 */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { sha256 } from '../../src/dag/crypto.ts'
import { blockId, genesisBlockId, type BlockId } from '../../src/dag/ids.ts'
import { bytes, chain as chainOf, post } from './blocks.ts'
import type { Side } from './sync-sim.ts'

const START = 1_600_000_000_000

/** Names have a height and a time; what else a header says is nobody's question. */
const ANY_HEADER = post(chainOf('$names', '00'.repeat(32))).block.header

/** Enough of a block to stand on. */
export type Standing = MadeBlock['block']

/** A name in the graphs of these sides. */
export function nameOn(chain: Chain, sides: readonly Side[], name: string, back?: Standing): Standing {
  const id = blockId(sha256(bytes(name)))
  const height = 1 + (back?.header.height ?? 0)
  const time = (back?.header.time ?? START) + 1 + (parseInt(id.slice(0, 5), 16) % 600_000)
  for (const { graph } of sides) {
    const below: BlockId = back?.id ?? genesisBlockId(chain.id)
    graph.add({ id, height, time, backs: [graph.indexOf(below) ?? 0] }, true)
  }
  return { id, header: { ...ANY_HEADER, height, time }, headerBytes: new Uint8Array(0) }
}

/** A line of names; gives the last. */
export function nameLine(chain: Chain, sides: readonly Side[], length: number, on?: Standing): Standing {
  let last = on
  const start = on?.header.height ?? 0
  for (let n = 0; n < length; n++) last = nameOn(chain, sides, `${String(sides.length)} ${String(start + n)}`, last)
  return last ?? nameOn(chain, sides, 'only')
}

/** A line of blocks that can be fetched, on a name. */
export function madeLine(chain: Chain, length: number, on?: Standing): MadeBlock[] {
  const blocks: MadeBlock[] = []
  for (let n = 0; n < length; n++) {
    const back = blocks.at(-1)?.block ?? on
    const time = (back?.header.time ?? START) + 1 + ((n * 7_919) % 600_000)
    blocks.push(post(chain, { backs: back === undefined ? [] : [back], time, payload: String(n) }))
  }
  return blocks
}

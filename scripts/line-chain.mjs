// A long chain that its owner writes alone, for measurements: signed posts of 50 bytes on top of each other, half a minute
// apart on average. The same blocks every time, so that a chain that was built before can be used again.
import { createHash } from 'node:crypto'
import { makeBlock } from '../dist/dag/block.js'
import { chainOf } from '../dist/dag/chain.js'
import { publicKeyOf } from '../dist/dag/crypto.js'
import { genesisBlockId } from '../dist/dag/ids.js'

const START_MS = 1_700_000_000_000
const MOST_GAP_MS = 60_000
/** Blocks per commit. */
const BATCH = 1024

function digest(text) {
  return createHash('sha256').update(text).digest()
}

const seed = digest('line')
export const pvt = { seed, author: publicKeyOf(seed) }
/** Nobody else may post there, and the owner as much as he likes. */
export const chain = chainOf(`@!${pvt.author}`, []).value
export const GENESIS = { id: genesisBlockId(chain.id), height: 0, time: START_MS }

/** Posts on top of each other, the first one on `back`; lines of different names are different blocks. */
export function* line(count, { back = GENESIS, name = 'line' } = {}) {
  for (let n = 0; n < count; n++) {
    const height = back.height + 1
    const time = back.time + 1 + ((height * 7_919) % MOST_GAP_MS)
    const text = `${name} ${height}`
    const parts = { chain, height, time, backs: [back.id], payload: Buffer.from(text.padEnd(50)), pvt }
    const made = makeBlock({ ...parts, random: digest(text) }).value
    yield made
    back = { id: made.block.id, height, time }
  }
}

/** Writes a line that begins at the genesis into an empty store, as it is after all of it was taken in. */
export async function fill(store, blocks, onProgress = () => undefined) {
  let rows = []
  let index = 0
  const commit = async () => {
    const first = index - rows.length + 1
    const headsRemoved = first === 1 ? [] : [first - 1]
    await store.commit({ first, blocks: rows, headsAdded: [index], headsRemoved }, { sync: false })
    rows = []
    onProgress(index)
  }
  for (const { block, payload } of blocks) {
    const { header, headerBytes, signature, id } = block
    const { height, time, author, pay } = header
    const row = { id, height, time, backs: [index], author, k: 0, isOurs: false, state: 'paid' }
    rows.push({ row, headerBytes, signature, paySize: pay.size, payload })
    index += 1
    if (rows.length === BATCH) await commit()
  }
  if (rows.length > 0) await commit()
}

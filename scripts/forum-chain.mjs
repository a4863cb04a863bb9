// A forum on disk with a legal history of any length, for measurements: signed blocks by twenty authors, taken in as a
// node would. Deterministic, so that a chain that was built before is gone on with where it ends.
import { createHash } from 'node:crypto'
import '../dist/node/base/polyfill.js'
import { makeBlock } from '../dist/dag/block.js'
import { chainOf } from '../dist/dag/chain.js'
import { publicKeyOf } from '../dist/dag/crypto.js'
import { openDatabase } from '../dist/node/storage/database.js'
import { silentLogger } from '../dist/node/base/log.js'
import { Replica } from '../dist/node/chain/replica.js'
import { legalHistory } from '../test/support/economy.ts'

const AUTHORS = 20
const BATCH = 256
/** All times are before it; the clock stands there. */
const NOW = 1_790_000_000_000
/** The longest history that can be asked for: its days are spread over as many, whatever part of it is made. */
const MOST = 1_002_000

export const forum = chainOf('#bench', []).value

function digest(text) {
  return createHash('sha256').update(text).digest()
}

export const authors = Array.from({ length: AUTHORS }, (_, n) => {
  const seed = digest(`author ${n}`)
  return { seed, author: publicKeyOf(seed) }
})

/** How many blocks the history has when it has so many posts: votes are among them. */
export function blocksForPosts(posts) {
  let blocks = 0
  for (const { like } of legalHistory({ posts: MOST, authors: AUTHORS, now: NOW })) {
    blocks += 1
    if (like === undefined) posts -= 1
    if (posts === 0) return blocks
  }
  throw new Error('the history has not so many posts')
}

export class ForumChain {
  disk
  replica
  #history = legalHistory({ posts: MOST, authors: AUTHORS, now: NOW })
  #position = 0

  /** Opens the chain in `dir`, or begins it. */
  static async open(dir) {
    const chain = new ForumChain()
    chain.disk = (await openDatabase(dir)).value
    const modules = { store: chain.disk.chain(forum.id), clock: { nowMs: () => NOW }, log: silentLogger }
    const from = performance.now()
    chain.replica = await Replica.open({ chain: forum, seed: 1 }, modules)
    chain.openedMs = performance.now() - from
    while (chain.#position < chain.replica.graph.size - 1) chain.#skip()
    return chain
  }

  /** The next block of the history, signed. All before it are in the graph, or in `made`. */
  make(made = []) {
    const { graph } = this.replica
    const first = graph.size
    const spec = this.#skip()
    const blockAt = (position) => {
      const index = position + 1
      return index < first ? { id: graph.id(index), height: graph.height(index) } : made[index - first]
    }
    const backs = spec.backs.map(blockAt)
    const height = 1 + backs.reduce((most, back) => Math.max(most, back.height), 0)
    const { block, payload } = makeBlock({
      chain: forum,
      height,
      time: spec.time,
      backs: backs.length === 0 ? [graph.id(0)] : backs.map((back) => back.id),
      payload: spec.like === undefined ? Buffer.from(`post ${this.#position}`.padEnd(50)) : new Uint8Array(0),
      pvt: authors[spec.author],
      random: digest(`random ${this.#position}`),
      ...(spec.like === undefined ? {} : { like: { n: spec.like.n, target: blockAt(spec.like.target).id } }),
    }).value
    made.push({ id: block.id, height })
    return { block, payload }
  }

  /** Goes on until the chain has so many blocks. */
  async growTo(blocks, onProgress = () => undefined) {
    while (this.replica.graph.size - 1 < blocks) {
      const made = []
      const count = Math.min(BATCH, blocks - (this.replica.graph.size - 1))
      const batch = Array.from({ length: count }, () => this.make(made))
      const outcomes = await this.replica.ingest(batch, 'pull')
      const refused = outcomes.find(({ state }) => state === 'refused')
      if (refused !== undefined) throw new Error(`the history is not legal: ${JSON.stringify(refused)}`)
      onProgress(this.replica.graph.size - 1)
    }
  }

  async close() {
    await this.replica.close()
    await this.disk.close()
  }

  #skip() {
    this.#position += 1
    return this.#history.next().value
  }
}

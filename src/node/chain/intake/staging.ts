/**
 * The end of a chain's graph, where new blocks are judged (spec §5). Blocks that stay are *settled*; the next commit stores
 * them. Blocks without a payer are *staged* above them: the next block either stands on them, or they move to the mempool,
 * out of the graph, so that strangers cannot make the graph grow.
 *
 *     indexes:  0 ── stored ── settled, not stored yet ── staged        mempool (no indexes)
 *
 * Invariants:
 * 1. `#stored <= #settled <= graph.size`; both only grow.
 * 2. `#unstored[n]` is the block of index `#stored + n`, up to the end of the graph.
 * 3. No staged block is accepted.
 */
import type { Block, Header } from '../../../dag/block.ts'
import { Bug, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { checkSound, type TargetBlock } from '../../../dag/sound.ts'
import type { BlockFault } from '../../../protocol/faults.ts'
import type { ResolvedBlock } from '../../../dag/store.ts'
import type { ChainState } from '../../../reputation/chain-state.ts'
import type { Mempool } from './mempool.ts'
import type { CheckedBlock } from './validate-block.ts'

/** The blocks in the past of a block that are not settled. */
export interface Unsettled {
  /** By local index. */
  readonly staged: ReadonlySet<number>
  /** In the mempool; pasts first. */
  readonly pooled: readonly CheckedBlock[]
  /** One that is missing by now: dropped, trimmed from the mempool, or ahead of a clock that was set back. */
  readonly lost?: BlockId
}

export class Staging {
  readonly #state: ChainState
  readonly #mempool: Mempool
  #unstored: CheckedBlock[] = []
  #stored: number
  #settled: number

  constructor(state: ChainState, mempool: Mempool) {
    this.#state = state
    this.#mempool = mempool
    this.#stored = state.graph.size
    this.#settled = this.#stored
  }

  /** Indexes from this one on are not stored. */
  get stored(): number {
    return this.#stored
  }

  /** Indexes from this one on are staged. */
  get settled(): number {
    return this.#settled
  }

  /** A block that is not stored yet. */
  unstored(index: number): CheckedBlock | undefined {
    return this.#unstored[index - this.#stored]
  }

  /** The unsettled blocks among these backs and their pasts. Costs O(blocks found). */
  below(backs: readonly BlockId[]): Unsettled {
    const { graph } = this.#state
    const staged = new Set<number>()
    const pooled = new Map<BlockId, CheckedBlock>()
    let lost: BlockId | undefined
    const reach = (id: BlockId): void => {
      const index = graph.indexOf(id)
      if (index !== undefined) this.#reach(index, staged)
      if (pooled.has(id)) return
      const found = this.#mempool.get(id)
      if (found === undefined) {
        if (index !== 0 && (index === undefined || !this.#state.isIn(index))) lost = id
        return
      }
      pooled.set(id, found)
      waiting.push(...found.block.header.backs)
    }
    const waiting = [...backs]
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) reach(id)
    const pastsFirst = [...pooled.values()].sort((a, b) => a.block.header.height - b.block.header.height)
    return { staged, pooled: pastsFirst, ...(lost === undefined ? {} : { lost }) }
  }

  /**
   * Takes the staged blocks out of the graph, unless all are needed: those not in `needed` move to the mempool, the others
   * are returned, pasts first.
   */
  clear(needed: ReadonlySet<number>): readonly CheckedBlock[] {
    const { size } = this.#state.graph
    if (size - this.#settled === needed.size) return []
    const taken: CheckedBlock[] = []
    for (let index = size - 1; index >= this.#settled; index -= 1) {
      const checked = this.pop()
      if (needed.has(index)) taken.push(checked)
      else this.#mempool.put(checked)
    }
    return taken.reverse()
  }

  /**
   * Appends a block to the graph if it is sound; {@link ChainState.enter} adds it to V later. All its backs are in the
   * graph.
   * @param known - the answer of {@link resolve}, if the graph did not change since
   */
  append({ block, payload, isOurs, k: knownK }: CheckedBlock, known?: ResolvedBlock): Result<number, BlockFault> {
    const resolved = known === undefined ? this.resolve(block) : ok(known)
    if (!resolved.ok) return resolved
    let k = knownK
    if (k === undefined) {
      const stands = this.#state.stands(resolved.value.backs, resolved.value.like)
      if (!stands.ok) return stands
      k = this.#state.kOf(resolved.value)
    }
    const index = this.#state.append(resolved.value, k)
    this.#unstored.push({ block, payload, isOurs, waitsFor: 'payer', k })
    return ok(index)
  }

  /** Resolves a block's links to local indexes, if it is sound as far as the graph alone can tell. */
  resolve(block: Block): Result<ResolvedBlock, BlockFault> {
    const { graph, chain, pioneer, wanted } = this.#state
    const { id, header } = block
    const { height, time, author, like } = header
    const sound = checkSound(chain, header, { graph, pioneer: pioneer ?? wanted, target: this.#targetOf(header) })
    if (!sound.ok) return sound
    const liked = like === undefined ? undefined : { n: like.n, target: graph.indexOf(like.target) ?? 0 }
    return ok({ id, height, time, backs: sound.value, author, like: liked })
  }

  /** Removes the newest block, which is staged, from the graph. */
  pop(): CheckedBlock {
    this.#state.pop()
    const popped = this.#unstored.pop()
    if (popped === undefined) throw new Bug('nothing is staged')
    return popped
  }

  /** Settles the blocks up to this index, and returns those that were staged. */
  settle(upTo: number): readonly CheckedBlock[] {
    const from = this.#settled
    this.#settled = Math.max(from, upTo + 1)
    return this.#unstored.slice(from - this.#stored, this.#settled - this.#stored)
  }

  /** The settled blocks that the next commit has to store. */
  toStore(): readonly CheckedBlock[] {
    return this.#unstored.slice(0, this.#settled - this.#stored)
  }

  /** The blocks of {@link toStore} are in a commit. */
  committed(): void {
    this.#unstored = this.#unstored.slice(this.#settled - this.#stored)
    this.#stored = this.#settled
  }

  #reach(index: number, staged: Set<number>): void {
    const waiting = [index]
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (at < this.#settled || staged.has(at)) continue
      staged.add(at)
      this.#state.graph.forEachBack(at, (back) => waiting.push(back))
    }
  }

  #targetOf({ like, re }: Header): TargetBlock | undefined {
    const id = like?.target ?? re
    const index = id === undefined ? undefined : this.#state.graph.indexOf(id)
    if (index === undefined || index === 0) return undefined
    return { isPost: this.#state.isPost(index), author: this.#state.authorOf(index) }
  }
}

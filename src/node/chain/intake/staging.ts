/**
 * The far end of a chain's graph, where new blocks are judged (spec §5). Blocks that are to stay are *settled* and stored
 * by the next commit. Those that nobody pays for yet are *staged* above them: the next block either stands on them, or
 * they go to the bag, out of the graph, so that no stranger makes the graph grow.
 *
 *     indexes:  0 ── stored ── settled, not stored yet ── staged        bag (no indexes)
 */
import type { Block, Header } from '../../../dag/block.ts'
import { Bug, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { checkSound, type LikedBlock } from '../../../dag/sound.ts'
import type { BlockFault } from '../../../protocol/faults.ts'
import type { ResolvedBlock } from '../../../dag/store.ts'
import type { ChainState } from '../../../reputation/chain-state.ts'
import type { Mempool } from './mempool.ts'
import type { Entry } from './entry.ts'

/** What stands below a block and is not settled. */
export interface Unsettled {
  /** Staged blocks, by local index. */
  readonly staged: ReadonlySet<number>
  /** In the bag, pasts first. */
  readonly bagged: readonly Entry[]
  /** One that is not here any more: it was dropped, is out of the bag, or its time is ahead of a clock that was set back. */
  readonly lost?: BlockId
}

export class Staging {
  readonly #reputation: ChainState
  readonly #mempool: Mempool
  /** Of the blocks that are not stored, in the order of their indexes. */
  #entries: Entry[] = []
  #stored: number
  #settled: number

  constructor(reputation: ChainState, mempool: Mempool) {
    this.#reputation = reputation
    this.#mempool = mempool
    this.#stored = reputation.graph.size
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
  entry(index: number): Entry | undefined {
    return this.#entries[index - this.#stored]
  }

  /** What the backs of a block stand on, themselves among it. Costs what is found. */
  below(backs: readonly BlockId[]): Unsettled {
    const { graph } = this.#reputation
    const staged = new Set<number>()
    const bagged = new Map<BlockId, Entry>()
    let lost: BlockId | undefined
    const reach = (id: BlockId): void => {
      const index = graph.indexOf(id)
      if (index !== undefined) this.#reach(index, staged)
      if (bagged.has(id)) return
      const entry = this.#mempool.get(id)
      if (entry === undefined) {
        if (index !== 0 && (index === undefined || !this.#reputation.isIn(index))) lost = id
        return
      }
      bagged.set(id, entry)
      waiting.push(...entry.block.header.backs)
    }
    const waiting = [...backs]
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) reach(id)
    const pastsFirst = [...bagged.values()].sort((a, b) => a.block.header.height - b.block.header.height)
    return { staged, bagged: pastsFirst, ...(lost === undefined ? {} : { lost }) }
  }

  /** Takes what is staged and not in `needed` out of the graph, into the bag. Gives what is needed as the bag does. */
  clear(needed: ReadonlySet<number>): readonly Entry[] {
    const { size } = this.#reputation.graph
    if (size - this.#settled === needed.size) return []
    const back: Entry[] = []
    for (let index = size - 1; index >= this.#settled; index -= 1) {
      const entry = this.pop()
      if (needed.has(index)) back.push(entry)
      else this.#mempool.put(entry)
    }
    return back.reverse()
  }

  /**
   * Puts a block at the end of the graph if it is sound; {@link ChainState.enter} goes by it. All its backs are in the
   * graph.
   * @param known - what {@link candidateOf} gave of it, if the graph is the same since
   */
  append({ block, payload, isOurs, k: knownK }: Entry, known?: ResolvedBlock): Result<number, BlockFault> {
    const candidate = known === undefined ? this.candidateOf(block) : ok(known)
    if (!candidate.ok) return candidate
    let k = knownK
    if (k === undefined) {
      const stands = this.#reputation.stands(candidate.value.backs, candidate.value.like)
      if (!stands.ok) return stands
      k = this.#reputation.kOf(candidate.value)
    }
    const index = this.#reputation.append(candidate.value, k)
    this.#entries.push({ block, payload, isOurs, waitsFor: 'payer', k })
    return ok(index)
  }

  /** The graph's part of a block, if it is sound as far as that can be told without reputation. */
  candidateOf(block: Block): Result<ResolvedBlock, BlockFault> {
    const { graph, chain, pioneer } = this.#reputation
    const { id, header } = block
    const { height, time, author, like } = header
    const sound = checkSound(chain, header, { graph, pioneer, target: this.#targetOf(header) })
    if (!sound.ok) return sound
    const liked = like === undefined ? undefined : { n: like.n, target: graph.indexOf(like.target) ?? 0 }
    return ok({ id, height, time, backs: sound.value, author, like: liked })
  }

  /** Takes the newest block out of the graph again. It is staged, and not accepted. */
  pop(): Entry {
    this.#reputation.pop()
    const entry = this.#entries.pop()
    if (entry === undefined) throw new Bug('nothing is staged')
    return entry
  }

  /** All up to this index stays. Gives what was staged of it. */
  settle(upTo: number): readonly Entry[] {
    const from = this.#settled
    this.#settled = Math.max(from, upTo + 1)
    return this.#entries.slice(from - this.#stored, this.#settled - this.#stored)
  }

  /** The settled blocks that the store is to be given. */
  toStore(): readonly Entry[] {
    return this.#entries.slice(0, this.#settled - this.#stored)
  }

  /** What {@link toStore} gave is stored. */
  committed(): void {
    this.#entries = this.#entries.slice(this.#settled - this.#stored)
    this.#stored = this.#settled
  }

  #reach(index: number, staged: Set<number>): void {
    const waiting = [index]
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (at < this.#settled || staged.has(at)) continue
      staged.add(at)
      this.#reputation.graph.forEachBack(at, (back) => waiting.push(back))
    }
  }

  #targetOf({ like }: Header): LikedBlock | undefined {
    const index = like === undefined ? undefined : this.#reputation.graph.indexOf(like.target)
    if (index === undefined || index === 0) return undefined
    return { isPost: this.#reputation.isPost(index), author: this.#reputation.authorOf(index) }
  }
}

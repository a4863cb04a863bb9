/**
 * The graph of one chain (spec §1): a dense local index per block, columns in typed arrays. Blocks are appended, and
 * removed from the end only. A back's index is always lower than its block's; the genesis has index 0. Accepted blocks
 * and heads are updated in O(backs) per operation. Callers decide whether a block is sound or accepted. `walk.ts`
 * answers questions about pasts, `order.ts` makes listings.
 */
import { DigestIndex } from './digest-index.ts'
import { Bug } from './result.ts'
import { grown } from './typed-array.ts'
import { genesisBlockId, type BlockId, type ChainId } from './ids.ts'
import type { GraphRow } from './store.ts'

const FIRST_CAPACITY = 64

/** Changes of the heads; never includes the genesis. */
export interface HeadChanges {
  readonly added: readonly number[]
  readonly removed: readonly number[]
}

/**
 * *Rank* is the position in the sequence of acceptances: 0 for the genesis, none for an unaccepted block. A block is
 * *covering* if it was the only head when it was accepted: its past is then exactly what is accepted with a lower rank.
 * This stays true for ever: a block accepted later gets a higher rank, and nothing in the past of an accepted block can
 * be withdrawn. (Over indexes it would not: one unaccepted leaf would end it for all later blocks.)
 *
 * Invariants (`graph-invariants.ts` checks the visible ones):
 * 1. For each block, `#backs` between `#starts[index]` and `#starts[index + 1]` has its backs: distinct, each lower
 *    than `index`. Only the genesis has none.
 * 2. A block's height is one more than its backs' highest; its time is at least theirs.
 * 3. The backs of an accepted block are accepted, with lower ranks.
 * 4. `#ranks[index]` is `rank + 1`, or 0; `#accepted[rank]` is the block that was given the rank. They agree unless
 *    it was withdrawn: each rank is given once.
 * 5. `#acceptedChildren[index]` counts the accepted blocks that link the block. `#heads` are the accepted blocks for
 *    which it is 0, the genesis included; `#sortedHeads` is `#heads` in order, `#latest` the last of them, or undefined.
 * 6. `#acceptedCount` counts the accepted blocks other than the genesis.
 * 7. `#ranks`, `#covering` and `#acceptedChildren` are 0 at and after `size`; {@link add} overwrites the other columns.
 */
export class Graph {
  readonly #ids: DigestIndex
  #heights = new Uint32Array(FIRST_CAPACITY)
  #times = new Float64Array(FIRST_CAPACITY)
  /** Where a block's backs start in `#backs`; they end where the next block's start. */
  #starts = new Uint32Array(FIRST_CAPACITY)
  #backs = new Uint32Array(FIRST_CAPACITY)
  /** `rank + 1`; 0 while not accepted. */
  #ranks = new Uint32Array(FIRST_CAPACITY)
  #covering = new Uint8Array(FIRST_CAPACITY)
  #acceptedChildren = new Uint32Array(FIRST_CAPACITY)
  /** Rank to index; an entry is stale if the block was withdrawn since. */
  #accepted = new Uint32Array(FIRST_CAPACITY)
  #ranked = 0
  #acceptedCount = 0
  readonly #heads = new Set<number>([0])
  #sortedHeads: readonly number[] | undefined
  #latest: number | undefined = 0
  /** Blocks that became heads, or ceased to be, since {@link takeHeadChanges}, and whether they were heads then. */
  readonly #wereHeads = new Map<number, boolean>()

  /** @param seed - 32 random bits, see {@link DigestIndex} */
  constructor(chain: ChainId, seed: number) {
    this.#ids = new DigestIndex(seed)
    this.#ids.push(genesisBlockId(chain))
    this.#rankNext(0)
    this.#covering[0] = 1
  }

  /** Blocks in the graph, the genesis included; the index of the next block. */
  get size(): number {
    return this.#ids.size
  }

  /** Accepted blocks, without the genesis. */
  get acceptedCount(): number {
    return this.#acceptedCount
  }

  /** One more than the highest rank given so far. */
  get ranked(): number {
    return this.#ranked
  }

  has(id: BlockId): boolean {
    return this.#ids.find(id) !== undefined
  }

  indexOf(id: BlockId): number | undefined {
    return this.#ids.find(id)
  }

  id(index: number): BlockId {
    return this.#ids.id(index)
  }

  /** Writes the 32 bytes of the block's digest into `into` at `at`. */
  writeDigest(index: number, into: Uint8Array, at: number): void {
    this.#ids.write(index, into, at)
  }

  height(index: number): number {
    return this.#heights[this.#known(index)] ?? 0
  }

  /** Milliseconds since the epoch. */
  time(index: number): number {
    return this.#times[this.#known(index)] ?? 0
  }

  backs(index: number): readonly number[] {
    const backs: number[] = []
    this.forEachBack(index, (back) => backs.push(back))
    return backs
  }

  /** {@link backs} without an array. */
  forEachBack(index: number, visit: (back: number) => void): void {
    const end = this.#starts[this.#known(index) + 1] ?? 0
    for (let at = this.#starts[index] ?? 0; at < end; at += 1) visit(this.#backs[at] ?? 0)
  }

  isAccepted(index: number): boolean {
    return this.#ranks[this.#known(index)] !== 0
  }

  /** How many accepted blocks link this one. */
  acceptedChildren(index: number): number {
    return this.#acceptedChildren[this.#known(index)] ?? 0
  }

  /** Position in the sequence of acceptances; `undefined` while not accepted. Pasts have lower ranks. */
  rank(index: number): number | undefined {
    const rank = this.#ranks[this.#known(index)] ?? 0
    return rank === 0 ? undefined : rank - 1
  }

  /** The accepted block of this rank; `undefined` if it was withdrawn since. */
  atRank(rank: number): number | undefined {
    if (rank >= this.#ranked) return undefined
    const index = this.#accepted[rank] ?? 0
    return this.#ranks[index] === rank + 1 ? index : undefined
  }

  /** Whether the block's past is exactly what is accepted with a lower rank. Always false for unaccepted blocks. */
  isCovering(index: number): boolean {
    return this.#covering[this.#known(index)] === 1
  }

  /** Accepted blocks that no accepted block links, in order; the genesis alone if nothing is accepted. */
  heads(): readonly number[] {
    this.#sortedHeads ??= [...this.#heads].sort((a, b) => this.compare(a, b))
    return this.#sortedHeads
  }

  get headCount(): number {
    return this.#heads.size
  }

  isHead(index: number): boolean {
    return this.#heads.has(index)
  }

  /** The last of them, and of all that is accepted. Kept in step; only when it was withdrawn it costs O(heads). */
  get latestHead(): number {
    this.#latest ??= [...this.#heads].reduce((latest, head) => (this.compare(head, latest) > 0 ? head : latest))
    return this.#latest
  }

  /** The order of blocks (spec §1): by time, height, digest. 0 only for equal indexes. */
  compare(a: number, b: number): number {
    return this.time(a) - this.time(b) || this.height(a) - this.height(b) || this.#ids.compare(a, b)
  }

  /** Indexes of all blocks whose digest starts with these hex digits, ascending. */
  startingWith(digits: string): number[] {
    return this.#ids.startingWith(digits)
  }

  /**
   * Appends a block and returns its index.
   * @throws {Bug} on a known id, an unknown or repeated back, a wrong height, a time before a back's, or if it is to be
   * accepted and a back is not
   */
  add(row: GraphRow, accepted: boolean): number {
    this.#checkRow(row)
    if (accepted) this.#checkAcceptable(row.backs)
    const index = this.#ids.push(row.id)
    const start = this.#starts[index] ?? 0
    this.#heights = grown(this.#heights, index + 1)
    this.#times = grown(this.#times, index + 1)
    this.#starts = grown(this.#starts, index + 2)
    this.#backs = grown(this.#backs, start + row.backs.length)
    this.#ranks = grown(this.#ranks, index + 1)
    this.#covering = grown(this.#covering, index + 1)
    this.#acceptedChildren = grown(this.#acceptedChildren, index + 1)
    this.#heights[index] = row.height
    this.#times[index] = row.time
    this.#backs.set(row.backs, start)
    this.#starts[index + 1] = start + row.backs.length
    if (accepted) this.#accept(index)
    return index
  }

  /**
   * Removes the block with the highest index; the next block gets that index. Nothing links it, and {@link add} or
   * {@link withdraw} left none of its data in the other columns.
   * @throws {Bug} if it is accepted, or the genesis
   */
  pop(): void {
    const index = this.size - 1
    if (index === 0 || this.isAccepted(index)) throw new Bug(`block ${String(index)} cannot be taken back`)
    this.#ids.pop()
  }

  /** @throws {Bug} if it is accepted, or a back is not */
  accept(index: number): void {
    if (this.isAccepted(index)) throw new Bug(`block ${String(index)} is accepted already`)
    this.#checkAcceptable(this.backs(index))
    this.#accept(index)
  }

  /** @throws {Bug} if it is not accepted, is the genesis, or an accepted block links it */
  withdraw(index: number): void {
    if (index === 0 || !this.isAccepted(index)) throw new Bug(`block ${String(index)} cannot be withdrawn`)
    if (this.acceptedChildren(index) > 0) throw new Bug(`accepted blocks stand on ${String(index)}`)
    this.#ranks[index] = 0
    this.#covering[index] = 0
    this.#acceptedCount -= 1
    this.#setHead(index, false)
    this.forEachBack(index, (back) => {
      this.#acceptedChildren[back] = this.acceptedChildren(back) - 1
      if (this.#acceptedChildren[back] === 0) this.#setHead(back, true)
    })
  }

  /**
   * Net changes of {@link heads} since the last call, without the genesis, for the commit that stores them. After
   * filling a graph from a store, call it and drop the result: those heads are stored.
   */
  takeHeadChanges(): HeadChanges {
    const added: number[] = []
    const removed: number[] = []
    for (const [index, wasHead] of this.#wereHeads) {
      if (index === 0 || this.#heads.has(index) === wasHead) continue
      if (wasHead) removed.push(index)
      else added.push(index)
    }
    this.#wereHeads.clear()
    return { added, removed }
  }

  #accept(index: number): void {
    this.#rankNext(index)
    this.#acceptedCount += 1
    // First: it is later than its backs.
    this.#setHead(index, true)
    this.forEachBack(index, (back) => {
      if (this.acceptedChildren(back) === 0) this.#setHead(back, false)
      this.#acceptedChildren[back] = this.acceptedChildren(back) + 1
    })
    this.#covering[index] = this.#heads.size === 1 ? 1 : 0
  }

  #rankNext(index: number): void {
    this.#accepted = grown(this.#accepted, this.#ranked + 1)
    this.#accepted[this.#ranked] = index
    this.#ranked += 1
    this.#ranks[index] = this.#ranked
  }

  #setHead(index: number, isHead: boolean): void {
    if (!this.#wereHeads.has(index)) this.#wereHeads.set(index, !isHead)
    if (isHead) this.#heads.add(index)
    else this.#heads.delete(index)
    this.#sortedHeads = undefined
    if (index === this.#latest) this.#latest = undefined
    else if (isHead && this.#latest !== undefined && this.compare(index, this.#latest) > 0) this.#latest = index
  }

  #checkRow({ backs, height, time, id }: GraphRow): void {
    if (backs.length === 0) throw new Bug(`block ${id} has no backs`)
    if (new Set(backs).size !== backs.length) throw new Bug(`block ${id} repeats a back`)
    let highest = 0
    for (const back of backs) {
      highest = Math.max(highest, this.height(back))
      if (this.time(back) > time) throw new Bug(`block ${id} is older than its back ${String(back)}`)
    }
    if (height !== highest + 1) throw new Bug(`block ${id} has height ${String(height)}, not ${String(highest + 1)}`)
  }

  #checkAcceptable(backs: readonly number[]): void {
    for (const back of backs) {
      if (!this.isAccepted(back)) throw new Bug(`back ${String(back)} of an accepted block is not accepted`)
    }
  }

  #known(index: number): number {
    if (!(index >= 0 && index < this.#ids.size)) throw new Bug(`no block has index ${String(index)}`)
    return index
  }
}

/**
 * Facts about each block of one chain that reputation needs beside the graph (spec §4, §5): author, like and k. They are
 * columns by local index, some 20 bytes per block including its place in {@link Ledger.blocksOf}. Authors are dense
 * numbers, in the order of their first blocks' indexes. It does not know which blocks are accepted.
 *
 * Invariants:
 * 1. `#numbers`, `#keys`, `#blocks` and `#firsts` have the same authors: `#numbers.get(#keys[n]) === n`.
 * 2. `#blocks[n]` has the signed blocks of author n that were added and not removed, in order (spec §1).
 * 3. `#firsts` ascends.
 */
import { Bug } from '../dag/result.ts'
import type { Graph } from '../dag/graph.ts'
import { grown } from '../dag/typed-array.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { lowerBound } from './binary-search.ts'

const FIRST_CAPACITY = 64

/** A vote on a post. */
export interface Like {
  /** 1 for a like, -1 for a dislike. */
  readonly n: 1 | -1
  /** Local index of the post. */
  readonly target: number
}

export interface BlockFacts {
  /** Absent iff the block is unsigned. */
  readonly author?: AuthorKey | undefined
  /** Absent for posts. */
  readonly like?: Like | undefined
  /** k(u), an integer of 32 bits, which never changes; 0 for unlimited authors and unsigned blocks, where no rule uses it. */
  readonly k: number
}

export class Ledger {
  readonly #graph: Graph
  /** Author's number + 1; 0 for unsigned blocks and those that were never added. */
  #authors = new Uint32Array(FIRST_CAPACITY)
  /** Target's index × 2, + 1 for a like; 0 for posts, since the genesis is no target. */
  #likes = new Uint32Array(FIRST_CAPACITY)
  /** 32 bits in two's complement: dislikes can make k negative, without a limit. */
  #k = new Uint32Array(FIRST_CAPACITY)
  readonly #numbers = new Map<AuthorKey, number>()
  readonly #keys: AuthorKey[] = []
  readonly #blocks: number[][] = []
  /** By author: the block for which the author was numbered. */
  readonly #firsts: number[] = []

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** Authors numbered so far: their numbers are 0 … `authorCount` − 1. */
  get authorCount(): number {
    return this.#keys.length
  }

  /**
   * Adds a block that is in the graph; blocks that are new come in the order of their indexes. O(log n), and a shift of
   * the author's later blocks; usually there are none.
   * @throws {Bug} on a signed block that is in already, or a k that is no integer of 32 bits
   */
  add(index: number, { author, like, k }: BlockFacts): void {
    if (k !== (k | 0)) throw new Bug(`k of block ${String(index)} is ${String(k)}`)
    this.#authors = grown(this.#authors, index + 1)
    this.#likes = grown(this.#likes, index + 1)
    this.#k = grown(this.#k, index + 1)
    this.#likes[index] = like === undefined ? 0 : like.target * 2 + (like.n === 1 ? 1 : 0)
    this.#k[index] = k
    this.#authors[index] = 0
    if (author === undefined) return
    const number = this.#numbered(author, index)
    this.#authors[index] = number + 1
    const blocks = this.#blocksOf(number)
    const at = this.#positionIn(blocks, index)
    if (blocks[at] === index) throw new Bug(`block ${String(index)} is in the ledger already`)
    if (at === blocks.length) blocks.push(index)
    else blocks.splice(at, 0, index)
  }

  /**
   * Removes a dropped block from {@link blocksOf}. Its other facts stay, as its row does in the graph: blocks above it, and
   * sums that still include it, may need them.
   * @throws {Bug} on a signed block that is not in
   */
  remove(index: number): void {
    const author = this.authorOf(index)
    if (author === undefined) return
    const blocks = this.#blocksOf(author)
    const at = this.#positionIn(blocks, index)
    if (blocks[at] !== index) throw new Bug(`block ${String(index)} is not in the ledger`)
    blocks.splice(at, 1)
  }

  /**
   * Deletes the graph's last block, removed before or not, right before the graph does. An author numbered for this block
   * is deleted too, and the number is reused: strangers can sign each block with a fresh key, and numbers cost memory.
   * @throws {Bug} if it is not the graph's last
   */
  pop(index: number): void {
    if (index !== this.#graph.size - 1) throw new Bug(`block ${String(index)} is not the last`)
    const author = this.authorOf(index)
    if (author === undefined) return
    const blocks = this.#blocksOf(author)
    const at = this.#positionIn(blocks, index)
    if (blocks[at] === index) blocks.splice(at, 1)
    this.#authors[index] = 0
    if (this.#firsts[author] === index) this.#forget(author)
  }

  /** Number of the block's author; `undefined` for unsigned blocks and the genesis. */
  authorOf(index: number): number | undefined {
    const number = this.#authors[index] ?? 0
    return number === 0 ? undefined : number - 1
  }

  /** Whether the block is a post, not a like or dislike. */
  isPost(index: number): boolean {
    return (this.#likes[index] ?? 0) === 0
  }

  /** The block's vote; `undefined` for posts. */
  likeOf(index: number): Like | undefined {
    const packed = this.#likes[index] ?? 0
    if (packed === 0) return undefined
    return { n: packed & 1 ? 1 : -1, target: packed >>> 1 }
  }

  /** k(u) as added. */
  k(index: number): number {
    return (this.#k[index] ?? 0) | 0
  }

  /** @throws {Bug} if no author has this number */
  keyOf(author: number): AuthorKey {
    const key = this.#keys[author]
    if (key === undefined) throw new Bug(`no author has number ${String(author)}`)
    return key
  }

  /** `undefined` for an author without blocks here. */
  numberOf(key: AuthorKey): number | undefined {
    return this.#numbers.get(key)
  }

  /**
   * The author's known blocks, accepted or not, in order (spec §1). Live: it changes with the ledger; callers must not
   * change it.
   * @throws {Bug} if no author has this number
   */
  blocksOf(author: number): readonly number[] {
    return this.#blocksOf(author)
  }

  /** Position that a block of any author has, or would have, among {@link blocksOf} this author. O(log n). */
  positionOf(index: number, author: number): number {
    return this.#positionIn(this.#blocksOf(author), index)
  }

  #positionIn(blocks: readonly number[], index: number): number {
    const last = blocks.at(-1)
    if (last === undefined || this.#graph.compare(last, index) < 0) return blocks.length
    return lowerBound(blocks, (block) => this.#graph.compare(block, index) < 0)
  }

  #blocksOf(author: number): number[] {
    const blocks = this.#blocks[author]
    if (blocks === undefined) throw new Bug(`no author has number ${String(author)}`)
    return blocks
  }

  #numbered(key: AuthorKey, first: number): number {
    const before = this.#numbers.get(key)
    if (before !== undefined) return before
    const number = this.#keys.push(key) - 1
    this.#blocks.push([])
    this.#firsts.push(first)
    this.#numbers.set(key, number)
    return number
  }

  /** Its first block was the graph's last. So it has the highest number: authors numbered later are deleted already. */
  #forget(author: number): void {
    if (author !== this.#keys.length - 1) throw new Bug(`author ${String(author)} is not the last one`)
    this.#numbers.delete(this.keyOf(author))
    this.#keys.pop()
    this.#blocks.pop()
    this.#firsts.pop()
  }
}

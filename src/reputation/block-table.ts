/**
 * What reputation needs to know of each block of one chain beside the graph (spec §4, §5): who wrote it, what it likes,
 * and k. Columns by the graph's local index, some 20 bytes a block, an author's place in {@link BlockTable.blocksOf}
 * included. Authors are small numbers inside, in the order of their first blocks' indexes. Decides nothing, and does not
 * know what is accepted.
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
  /** k(u), which never changes: a whole number, of 32 bits. Nobody asks for that of unlimited authors or unsigned blocks: 0. */
  readonly k: number
}

export class BlockTable {
  readonly #graph: Graph
  /** Author's number + 1; 0 for unsigned blocks and those that were never added. */
  #authors = new Uint32Array(FIRST_CAPACITY)
  /** Target's index × 2, + 1 for a like; 0 for posts: the genesis is nobody's target. */
  #likes = new Uint32Array(FIRST_CAPACITY)
  /** As 32 bits in two's complement: nothing limits how far below zero dislikes can take an author. */
  #k = new Uint32Array(FIRST_CAPACITY)
  readonly #numbers = new Map<AuthorKey, number>()
  readonly #keys: AuthorKey[] = []
  readonly #blocks: number[][] = []
  /** By author: the block that the number was given for. */
  readonly #firsts: number[] = []

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** Authors numbered so far: their numbers are 0 … `authorCount` − 1. */
  get authorCount(): number {
    return this.#keys.length
  }

  /**
   * Takes in a block that is in the graph; again, if it was removed since. For the first time, blocks come by index.
   * O(log n) and a shift of the author's later blocks: none in the usual case.
   * @throws {Bug} on a signed block that is in already, or a k that is no whole number of 32 bits
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
    if (blocks[at] === index) throw new Bug(`block ${String(index)} is in the table already`)
    if (at === blocks.length) blocks.push(index)
    else blocks.splice(at, 0, index)
  }

  /**
   * Takes a dropped block out of {@link blocksOf}. Its other facts stay, as the block does in the graph: blocks above it
   * and sums that still hold it may ask for them.
   * @throws {Bug} on a signed block that is not in
   */
  remove(index: number): void {
    const author = this.authorOf(index)
    if (author === undefined) return
    const blocks = this.#blocksOf(author)
    const at = this.#positionIn(blocks, index)
    if (blocks[at] !== index) throw new Bug(`block ${String(index)} is not in the table`)
    blocks.splice(at, 1)
  }

  /**
   * Forgets the graph's last block, removed before or not, right before the graph does. If its author got a number for
   * it, the next new author gets that: strangers may sign each block with a fresh key, and numbers cost memory for ever.
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

  /** Whether the block is no like or dislike. */
  isPost(index: number): boolean {
    return (this.#likes[index] ?? 0) === 0
  }

  /** The vote that the block is; `undefined` for posts. */
  likeOf(index: number): Like | undefined {
    const packed = this.#likes[index] ?? 0
    if (packed === 0) return undefined
    return { n: packed & 1 ? 1 : -1, target: packed >>> 1 }
  }

  /** The post that the block votes on, if it is a vote. */
  targetOf(index: number): number | undefined {
    const packed = this.#likes[index] ?? 0
    return packed === 0 ? undefined : packed >>> 1
  }

  /** k(u) as added. */
  k(index: number): number {
    return (this.#k[index] ?? 0) | 0
  }

  /** @throws {Bug} on a number never given */
  keyOf(author: number): AuthorKey {
    const key = this.#keys[author]
    if (key === undefined) throw new Bug(`no author has number ${String(author)}`)
    return key
  }

  /** `undefined` for somebody none of whose blocks was ever added. */
  numberOf(key: AuthorKey): number | undefined {
    return this.#numbers.get(key)
  }

  /**
   * The author's known blocks, accepted or not, in the order of blocks (spec §1). Live: it changes with the table, and
   * is nobody else's to alter.
   * @throws {Bug} on a number never given
   */
  blocksOf(author: number): readonly number[] {
    return this.#blocksOf(author)
  }

  /** Where the block stands, or would stand, among {@link blocksOf} its author, or of another; O(log n). */
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

  /** Its first block is the graph's last: whoever got a number later had only blocks that are gone. */
  #forget(author: number): void {
    if (author !== this.#keys.length - 1) throw new Bug(`author ${String(author)} is not the last one`)
    this.#numbers.delete(this.keyOf(author))
    this.#keys.pop()
    this.#blocks.pop()
    this.#firsts.pop()
  }
}

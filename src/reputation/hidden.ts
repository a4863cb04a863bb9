/**
 * Votes on posts for the posts themselves (spec §4, rule 3.b): those that count, without a window, and the dislikes by which
 * authors take back posts of their own, for which it is enough to be accepted. Which count and which are accepted is told to
 * it, vote by vote; it does not know of payloads.
 */
import { isUnlimited, type Chain } from '../dag/chain.ts'
import { Bug } from '../dag/result.ts'
import { grown } from '../dag/typed-array.ts'
import type { BlockTable } from './block-table.ts'
import { isDislikedAway } from './rules.ts'

const FIRST_CAPACITY = 64

/** A post that became hidden, or visible again. */
export interface HiddenChange {
  readonly post: number
  readonly hidden: boolean
}

export class Hidden {
  readonly #chain: Chain
  readonly #table: BlockTable
  #likes = new Uint32Array(FIRST_CAPACITY)
  /** Those of the posts' own authors included: what they are on is hidden in any case, as what counts is accepted. */
  #dislikes = new Uint32Array(FIRST_CAPACITY)
  /** Accepted dislikes by the posts' own authors. Rare: hence no column. */
  readonly #takingBack = new Map<number, number>()

  constructor(chain: Chain, table: BlockTable) {
    this.#chain = chain
    this.#table = table
  }

  /** A vote counts now. Answers with its target if that makes the difference. */
  counted(index: number): HiddenChange | undefined {
    return this.#count(index, 1)
  }

  /**
   * A vote that counted does not any more.
   * @throws {Bug} if no such vote was counted
   */
  uncounted(index: number): HiddenChange | undefined {
    return this.#count(index, -1)
  }

  /** A block is accepted now. Answers with its target if that takes it back. */
  accepted(index: number): HiddenChange | undefined {
    return this.#accept(index, 1)
  }

  /**
   * A block that was accepted is not any more.
   * @throws {Bug} if it takes back a post and was not told of
   */
  withdrawn(index: number): HiddenChange | undefined {
    return this.#accept(index, -1)
  }

  /** Rule 3.b: taken back by its author, or disliked away. */
  isHidden(post: number): boolean {
    return this.isTakenBack(post) || this.#isDislikedAway(post)
  }

  /** Whether its author took it back; likes do not undo that. */
  isTakenBack(post: number): boolean {
    return this.#takingBack.has(post)
  }

  /** Likes less dislikes. */
  repsOf(post: number): number {
    return (this.#likes[post] ?? 0) - (this.#dislikes[post] ?? 0)
  }

  #count(index: number, by: 1 | -1): HiddenChange | undefined {
    const like = this.#table.likeOf(index)
    if (like === undefined) return undefined
    const { n, target } = like
    const before = this.isHidden(target)
    this.#likes = grown(this.#likes, target + 1)
    this.#dislikes = grown(this.#dislikes, target + 1)
    const column = n === 1 ? this.#likes : this.#dislikes
    column[target] = votesAfter(column[target] ?? 0, by, target)
    return this.#changeOf(target, before)
  }

  #accept(index: number, by: 1 | -1): HiddenChange | undefined {
    const target = this.#table.targetOf(index)
    // A vote on one's own post can only be a dislike: such a like is not sound.
    if (target === undefined || this.#table.authorOf(index) !== this.#table.authorOf(target)) return undefined
    const before = this.isHidden(target)
    const after = votesAfter(this.#takingBack.get(target) ?? 0, by, target)
    if (after === 0) this.#takingBack.delete(target)
    else this.#takingBack.set(target, after)
    return this.#changeOf(target, before)
  }

  #changeOf(post: number, before: boolean): HiddenChange | undefined {
    const hidden = this.isHidden(post)
    return hidden === before ? undefined : { post, hidden }
  }

  /** Never the owner's posts nor those in groups. */
  #isDislikedAway(post: number): boolean {
    const author = this.#table.authorOf(post)
    if (isUnlimited(this.#chain.params, author === undefined ? undefined : this.#table.keyOf(author))) return false
    return isDislikedAway(this.#likes[post] ?? 0, this.#dislikes[post] ?? 0)
  }
}

function votesAfter(votes: number, by: 1 | -1, post: number): number {
  if (votes + by < 0) throw new Bug(`block ${String(post)} has no vote to take back`)
  return votes + by
}

/**
 * Votes on posts for the posts themselves (spec §4, rule 3.b): those that count, without a window. Which do is told to it,
 * vote by vote; it does not know of payloads, which its caller deletes and fetches.
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
  #dislikes = new Uint32Array(FIRST_CAPACITY)

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

  /** Rule 3.b; never the owner's posts nor those in groups. */
  isHidden(post: number): boolean {
    return this.#canHide(post) && isDislikedAway(this.#likes[post] ?? 0, this.#dislikes[post] ?? 0)
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
    const votes = (column[target] ?? 0) + by
    if (votes < 0) throw new Bug(`block ${String(target)} has no vote to take back`)
    column[target] = votes
    const hidden = this.isHidden(target)
    return hidden === before ? undefined : { post: target, hidden }
  }

  #canHide(post: number): boolean {
    const author = this.#table.authorOf(post)
    return !isUnlimited(this.#chain.params, author === undefined ? undefined : this.#table.keyOf(author))
  }
}

/**
 * Which of an author's blocks turns first after the account changed (spec §4): a vote that counts and that the author has no rep
 * for any more, a post that is minting without standing, or the other way round. Decides nothing else, and turns nothing.
 *
 * A vote is found by descent to those that may have turned (`margins.ts`), and its balance is looked at: a vote that did not
 * turn is noted anew, so it is not looked at again until its author's balance may have changed by as much as it has to spare.
 */
import type { Graph } from '../dag/graph.ts'
import type { Account, Accounts } from './accounts.ts'
import { POST_MINTING, POST_PLAIN, type Kind } from './moments.ts'
import { isEnough } from './rules.ts'
import { LOOK_STEPS, type Work } from './work.ts'

export interface TurnsParts {
  readonly graph: Graph
  /** Rule 1.a, of the author with this number. */
  readonly baseOf: (author: number) => number
  readonly work?: Work
}

export class Turns {
  readonly #parts: TurnsParts
  readonly #accounts: Accounts

  constructor(parts: TurnsParts, accounts: Accounts) {
    this.#parts = parts
    this.#accounts = accounts
  }

  /**
   * The first block in order that turns: of all votes, and of the posts behind `at` and up to `until`.
   * @param account - notes of it are brought up to date
   */
  next(author: number, account: Account, at: number, until: number): number | undefined {
    const vote = this.#nextVote(author, account)
    const post = this.#parts.baseOf(author) >= 1 ? undefined : this.#nextPost(account, at, until)
    return this.#earlier(vote, post)
  }

  /** Notes what the author has before a vote of theirs that is in, and is counted or not. */
  note(author: number, account: Account, vote: number, counts: boolean): void {
    this.#accounts.noteBalance(account, vote, { counts, balance: this.balanceAt(author, account, vote) })
  }

  /** What the author has before a vote, at its time. */
  balanceAt(author: number, account: Account, vote: number): number {
    const { baseOf, graph, work } = this.#parts
    work?.note(LOOK_STEPS)
    return this.#accounts.balance(account, baseOf(author), graph.time(vote), vote)
  }

  /** Until when the author has standing, once there is at a post of theirs. */
  standingUntil(author: number, account: Account, post: number): number | undefined {
    if (this.#parts.baseOf(author) >= 1) return Number.POSITIVE_INFINITY
    return this.#accounts.standingUntil(account, post)
  }

  #nextVote(author: number, account: Account): number | undefined {
    for (;;) {
      const next = this.#accounts.firstAtRisk(account)
      if (next === undefined) return undefined
      const balance = this.balanceAt(author, account, next.vote)
      if (isEnough(balance) !== next.counts) return next.vote
      this.#accounts.noteBalance(account, next.vote, { counts: next.counts, balance })
    }
  }

  /** The first post behind a block that is minting and has no standing, or the other way round. */
  #nextPost(account: Account, at: number, until: number): number | undefined {
    const { graph } = this.#parts
    let next = this.#postBehind(account, at)
    while (next !== undefined && graph.time(next.block) <= until) {
      const { block, kind } = next
      const standing = this.#accounts.standingUntil(account, block)
      if ((standing !== undefined) !== (kind === POST_MINTING)) return block
      if (standing === undefined) {
        // Plain posts have none until something gives it.
        const minting = this.#accounts.nextBehind(account, block, ({ mintingPosts }) => mintingPosts > 0, isMinting)
        const like = this.#accounts.nextLike(account, block)
        const liked = like === undefined ? undefined : this.#postBehind(account, like)
        const isSooner = minting !== undefined && (liked === undefined || graph.compare(minting.block, liked.block) < 0)
        next = isSooner ? minting : liked
        continue
      }
      // Until then all posts have standing.
      const plain = this.#accounts.nextBehind(account, block, ({ plainPosts }) => plainPosts > 0, isPlain)
      const plainTime = plain === undefined ? Number.POSITIVE_INFINITY : graph.time(plain.block)
      if (plain !== undefined && plainTime <= standing) return plainTime <= until ? plain.block : undefined
      next = this.#accounts.nextAfter(account, standing, hasPosts, isPost)
    }
    return undefined
  }

  #postBehind(account: Account, block: number): { readonly block: number; readonly kind: Kind } | undefined {
    return this.#accounts.nextBehind(account, block, hasPosts, isPost)
  }

  #earlier(a: number | undefined, b: number | undefined): number | undefined {
    if (a === undefined || b === undefined) return a ?? b
    return this.#parts.graph.compare(a, b) < 0 ? a : b
  }
}

function isPost(kind: Kind): boolean {
  return kind === POST_MINTING || kind === POST_PLAIN
}

function isMinting(kind: Kind): boolean {
  return kind === POST_MINTING
}

function isPlain(kind: Kind): boolean {
  return kind === POST_PLAIN
}

function hasPosts({ mintingPosts, plainPosts }: { mintingPosts: number; plainPosts: number }): boolean {
  return mintingPosts + plainPosts > 0
}

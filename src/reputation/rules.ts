/**
 * Numbered rules of the paper's §3.3 and spec §4, each where a reviewer looks for it. Times are whole milliseconds since
 * the epoch. Which votes count is the business of `ledger.ts`.
 */
import type { Chain } from '../dag/chain.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { hasFirstPostPioneer } from '../dag/sound.ts'

/** One UTC day: the unit of rules 1.b and 2.a. */
export const DAY_MS = 86_400_000

/** Rule 1.a: reps that a forum's pioneers start with, shared between them. */
export const PIONEERS_REPS = 30

/** Rules 1.b, 2.a: a post of this age costs nothing any more, and may be worth 1. */
export const OLD_AGE_MS = 24 * 60 * 60 * 1000

/** Rule 3.b: fewer dislikes never hide a post. */
export const HIDING_DISLIKES = 5

/** Rule 3.b: a post is hidden only with this many times as many dislikes as likes. */
export const HIDING_RATIO = 2

/** Rule 4.a: reps that a block needs to be accepted without a like. */
export const NEEDED_REPS = 1

/** Rule 4.b: no author holds more than this, at any moment. */
export const MAX_REPS = 30

/** Rule 4.c: only blocks of at most this age count. */
export const WINDOW_MS = 90 * DAY_MS

/**
 * Rule 1.a: 30 for the author of the forum's first post, or ⌊30/k⌋ for each of the k pioneers that the forum was made
 * with; it never expires.
 * @param pioneer - author of the first post, if there is one; ignored in other chains
 */
export function baseReps(chain: Chain, author: AuthorKey, pioneer: AuthorKey | undefined): number {
  const { kind, pioneers } = chain.params
  if (kind !== 'forum') return 0
  if (hasFirstPostPioneer(chain)) return author === pioneer ? PIONEERS_REPS : 0
  return pioneers.includes(author) ? Math.floor(PIONEERS_REPS / pioneers.length) : 0
}

/** Rule 1.b: an old post is worth 1 rep, one per day: the day that a time is in. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS)
}

/** Rule 3.b: whether a post with so many likes and dislikes that count is hidden. */
export function isDislikedAway(likes: number, dislikes: number): boolean {
  return dislikes >= HIDING_DISLIKES && dislikes >= HIDING_RATIO * likes
}

/** Rule 4.a: whether this many reps let a block in without a like. */
export function isEnough(reps: number): boolean {
  return reps >= NEEDED_REPS
}

/** Rule 4.c: blocks from this time on count at `t`. */
export function windowStart(t: number): number {
  return t - WINDOW_MS
}

/** Rule 4.d: in private groups every member has unlimited reputation and need not sign. */
export function isGroupUnlimited(chain: Chain): boolean {
  return chain.params.kind === 'group'
}

/** Rule 4.e: in an identity chain the owner has unlimited reputation. */
export function isOwnerUnlimited(chain: Chain, author: AuthorKey | undefined): boolean {
  return author !== undefined && chain.params.owner === author
}

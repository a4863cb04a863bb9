/**
 * What people do, as numbers: none is known, all are assumptions (docs/economy.md names them). A share is a probability.
 */

export interface Habits {
  /** Visits on an average day. */
  readonly visits: number
  /** Share of visits on which something is posted. */
  readonly posts: number
  /** Share of good posts that are liked when they are read; an attacker's harmless ones are liked `harmlessLikes` times as often. */
  readonly likes: number
  /** Share of unwanted posts that are disliked when they are read, while the reader has reps to spare. */
  readonly dislikes: number
  /** Share of visits on which posts that wait for a like are looked at. */
  readonly looks: number
  /** Reps that are kept for posts of one's own: likes and welcomes stop there, dislikes at 1. */
  readonly reserve: number
}

export const REGULAR: Habits = { visits: 1.5, posts: 0.7, likes: 0.03, dislikes: 0.3, looks: 0.5, reserve: 3 }

export const OCCASIONAL: Habits = { visits: 0.25, posts: 0.7, likes: 0.03, dislikes: 0.1, looks: 0.2, reserve: 3 }

/** Share of members who are regulars. */
export const REGULARS = 0.4

/** Unread posts that are read on one visit, the newest ones. */
export const READ_AT_ONCE = 60

/** Posts that wait for a like, looked at on one visit, any of them. */
export const LOOKED_AT = 5

/** Share of honest newcomers' posts that are welcomed when they are looked at. */
export const WELCOMED = 0.7

/** A newcomer who is not let in tries again with another post after so long, and gives up after {@link PATIENCE_DAYS}. */
export const PATIENCE_DAYS = 14

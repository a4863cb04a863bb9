/** What a ledger says of the votes, days and likes of a set of authors, up to a time (spec §4, *books balance*). */
import { DAY, FIRST_DAY } from './economy.ts'
import type { LedgerTwin, ReputationTwin, TwinBlock } from './reputation-twin.ts'

export interface Books {
  /** Votes on others that count. */
  readonly given: number
  /** What they may be at most: base, once for each 90 days begun, days minted, likes from others that count. */
  readonly most: number
}

/** @param ledger - of these blocks, the first of which is no earlier than the first of all played days */
export function booksOf(
  twin: ReputationTwin,
  ledger: LedgerTwin,
  blocks: readonly TwinBlock[],
  { group, t }: { group: ReadonlySet<string>; t: number },
): Books {
  const upTo = blocks.filter((u) => u.time <= t)
  const isOurs = (author: string | undefined) => author !== undefined && group.has(author)
  const votes = upTo.filter((u) => u.like !== undefined && ledger.counts(u))
  const given = votes.filter((u) => isOurs(u.author) && !isOurs(u.like!.target.author)).length
  const likes = votes.filter((u) => !isOurs(u.author) && u.like!.n === 1 && isOurs(u.like!.target.author)).length
  /** Days parted by the edge of a period count in both. */
  const periods = Math.floor((t - FIRST_DAY) / (90 * DAY)) + 1
  const days = new Set<string>()
  for (const u of upTo) {
    const post = u.like === undefined ? u : u.like.target
    if (!isOurs(post.author)) continue
    const isSource = u.like === undefined ? ledger.isMinting(u) : u.like.n === 1 && ledger.counts(u)
    const period = Math.floor((t - post.time) / (90 * DAY))
    if (isSource && u.time + DAY <= t)
      days.add(`${post.author!} ${String(Math.floor(post.time / DAY))} ${String(period)}`)
  }
  const bases = [...group].reduce((sum, key) => sum + twin.reps(key, new Set(), FIRST_DAY), 0)
  return { given, most: bases * periods + days.size + likes }
}

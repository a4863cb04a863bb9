/** A forum where a private branch of ten days was never seen, for tests of the throttle (spec §5). */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { post } from './blocks.ts'
import { DAY, HOUR, MINUTE } from './economy.ts'
import { ANN, forumOf, openForumReplica, stands, type ForumReplica } from './forum-replicas.ts'
import { NOW_MS, takeIn } from './replicas.ts'

/** Seven authors with four reps each. */
export const forum: Chain = forumOf(7)
export const START_MS = NOW_MS - 12 * DAY
export const first = post(forum, { author: ANN, time: START_MS - DAY })

/** A branch by six of them that grew for ten days while nobody else saw it. */
export const branch: MadeBlock[] = []
for (let n = 0; n < 230; n += 1) {
  const backs = [(branch.at(-1) ?? first).block]
  branch.push(post(forum, { author: 1 + (n % 6), backs, time: START_MS + n * 62 * MINUTE }))
}
export const tip: MadeBlock = branch.at(-1) ?? first

/** The one who has no part in it. */
export const FAY = 7

const ACCOUNTS = 30
/** Thirty authors with one rep each; one of them has posted. */
export const many: Chain = forumOf(ACCOUNTS)
export const founding: MadeBlock = post(many, { author: ACCOUNTS, time: NOW_MS - 80 * DAY })

/** The other 29 go on alone; each posts what it has, a little later each day: every block is paid. */
export function longBranch(blocks: number): MadeBlock[] {
  const made: MadeBlock[] = []
  for (let day = 0; ; day += 1) {
    for (let n = 0; n < Math.min(30, day + 1) * (ACCOUNTS - 1); n += 1) {
      const time = founding.block.header.time + (day + 1) * (DAY + HOUR) + n * 100
      made.push(post(many, { author: 1 + (n % (ACCOUNTS - 1)), backs: [(made.at(-1) ?? founding).block], time }))
      if (made.length === blocks) return made
    }
  }
}

/** Online and in sync all that time. */
export function watchAll(on: ForumReplica, fromMs = START_MS, toMs = NOW_MS): void {
  for (let ms = fromMs; ms <= toMs; ms += 3 * MINUTE) on.replica.watch.note(ms)
}

/** With the first post, online and in sync ever since. */
export async function watcher(): Promise<ForumReplica> {
  const on = await openForumReplica(forum)
  watchAll(on)
  await takeIn(on, [first])
  return on
}

/** The runs of equal words: `3 accepted, 2 delayed`. */
export function runs(words: readonly string[]): string {
  const found: [string, number][] = []
  for (const word of words) {
    const last = found.at(-1)
    if (last?.[0] === word) last[1] += 1
    else found.push([word, 1])
  }
  return found.map(([word, count]) => `${String(count)} ${word}`).join(', ')
}

export const standing = (on: ForumReplica, list: readonly MadeBlock[]): string =>
  runs(list.map((made) => stands(on, made)))

export async function settleAt(on: ForumReplica, ms: number): Promise<void> {
  on.clock.set(ms)
  await on.replica.advanceClock()
}

/** What a study is, and what several of them say of a run. */
import { middle, type Run } from './runs.ts'
import { spamIn, sum } from './counts.ts'
import { percent, type Table } from './table.ts'

export interface Findings {
  readonly tables: readonly Table[]
  /** `file`: its name in docs/economy, without ending. */
  readonly plots: readonly { readonly file: string; readonly svg: string }[]
}

export interface Study {
  readonly name: string
  readonly title: string
  /**
   * @param isQuick - small, one seed: for a look
   * @param tell - hears how far it is
   */
  readonly run: (isQuick: boolean, tell: (line: string) => void) => Findings
}

/** Days at the end that are looked at: the forum has come to some rest. */
const LATE = 14

/** Of the last {@link LATE} days: most of what is seen is spam, or most members cannot post by themselves. */
export function hasFallen({ days }: Run): boolean {
  const late = days.slice(-LATE)
  return spamIn(late) >= 0.5 || sum(late.map(({ able }) => able)) < 0.5 * sum(late.map(({ members }) => members))
}

/** Headings of {@link harmOf}. */
export const HARM = [
  'fallen',
  'spam seen',
  'of the last 14 days',
  'members who can post',
  'dislikes a day',
  'reps a member',
]

/** What an attack did, from that day on: medians over the runs. */
export function harmOf(runs: readonly Run[], fromDay: number): (string | number)[] {
  const late = (run: Run) => run.days.slice(-LATE)
  const since = (run: Run) => run.days.slice(fromDay)
  return [
    `${runs.filter(hasFallen).length} of ${runs.length}`,
    percent(middle(runs, (run) => spamIn(since(run)))),
    percent(middle(runs, (run) => spamIn(late(run)))),
    percent(
      middle(runs, (run) => sum(late(run).map(({ able }) => able)) / sum(late(run).map(({ members }) => members))),
    ),
    middle(runs, (run) => sum(since(run).map(({ dislikes }) => dislikes.spam)) / since(run).length).toFixed(1),
    middle(runs, (run) => (run.days.at(-1)?.reps ?? 0) / (run.days.at(-1)?.members ?? 1)).toFixed(1),
  ]
}

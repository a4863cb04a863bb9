/** Forums without attackers: how long newcomers wait, and what reps become. */
import { percent } from './table.ts'
import { svgOf } from './plot.ts'
import { median, sum } from './counts.ts'
import { byDay, middle, playAll, SEEDS, waitsOf, type Run } from './runs.ts'
import type { Study } from './study.ts'

const SIZES = [5, 20, 100, 500]

export const peace: Study = {
  name: 'peace',
  title: 'forums of honest people',
  run: (isQuick) => {
    const [sizes, days] = isQuick ? [[5, 20], 30] : [SIZES, 365]
    // The largest forum plays for minutes.
    const seedsOf = (members: number) => (isQuick ? [1] : members > 100 ? SEEDS.slice(0, 1) : SEEDS)
    const played = sizes.map((members) => ({ members, runs: playAll({ members, days }, seedsOf(members)) }))
    const rush = playAll({ members: 100, days: 40, arrivalDays: 10 }, isQuick ? [1] : SEEDS)
    const rows = [
      ...played.map(({ members, runs }) => rowOf(String(members), runs)),
      rowOf('100, arriving within 10 days', rush),
    ]
    const head = [
      'members',
      'in after, days (median, 90 %)',
      'never let in',
      'posts held',
      'reps in all, last day',
      'reps a member',
      'Gini',
      'can post',
    ]
    return {
      tables: [{ caption: `${days} days`, head, rows }],
      plots: [
        {
          file: 'reps',
          svg: svgOf({
            title: 'Reps of honest members, all together',
            x: 'day',
            y: 'reps',
            isLog: true,
            series: played.map(({ members, runs }) => ({
              name: `${members} members`,
              points: byDay(runs, ({ reps }) => reps),
            })),
          }),
        },
        {
          file: 'gini',
          svg: svgOf({
            title: 'How unequal: Gini coefficient of honest members’ reps',
            x: 'day',
            y: 'Gini',
            most: 1,
            series: played.map(({ members, runs }) => ({
              name: `${members} members`,
              points: byDay(runs, ({ gini }) => gini),
            })),
          }),
        },
      ],
    }
  },
}

function rowOf(members: string, runs: readonly Run[]): (string | number)[] {
  const waits = runs.flatMap(waitsOf).sort((a, b) => a - b)
  const last = (run: Run) => run.days.at(-1)
  const held = middle(runs, ({ days }) => sum(days.map((day) => day.held)) / sum(days.map(({ posts }) => posts)))
  return [
    members,
    `${median(waits).toFixed(1)}, ${(waits[Math.floor(waits.length * 0.9)] ?? Number.NaN).toFixed(1)}`,
    percent(
      middle(runs, ({ world }) => world.people.filter(({ inMs }) => inMs === undefined).length / world.people.length),
    ),
    percent(held),
    middle(runs, (run) => last(run)?.reps ?? 0),
    middle(runs, (run) => (last(run)?.reps ?? 0) / (last(run)?.members ?? 1)).toFixed(1),
    middle(runs, (run) => last(run)?.gini ?? 0).toFixed(2),
    percent(middle(runs, (run) => (last(run)?.able ?? 0) / (last(run)?.members ?? 1))),
  ]
}

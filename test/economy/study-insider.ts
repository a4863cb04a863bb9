/** An insider who raises accounts: how many by day, and what a loud and a quiet farm do to a forum. */
import { Farm, Raid } from './attackers.ts'
import { median, type DayCounts } from './counts.ts'
import { svgOf } from './plot.ts'
import { byDay, middle, SEEDS, type Run } from './runs.ts'
import { HARM, harmOf, type Study } from './study.ts'
import { percent } from './table.ts'
import { World, type WorldOptions } from './world.ts'

interface Farmed {
  readonly run: Run
  /** Accounts raised by the end of each day. */
  readonly accounts: readonly (readonly [day: number, accounts: number])[]
}

export interface FarmPlan {
  /** The insider is a member from this day on, and begins to raise accounts so many days later. */
  readonly joinsDay: number
  readonly afterDays: number
  readonly size: number
  readonly isLoud?: boolean
  readonly greets?: boolean
  /** When all accounts spend all they have. */
  readonly raidDay?: number
}

/** Each account of a full farm posts once a week. */
const EVERY_DAYS = 7

export function playFarm(options: WorldOptions, plan: FarmPlan): Farmed & { readonly farm: Farm } {
  const { joinsDay, afterDays, size, isLoud = false, greets = false, raidDay } = plan
  const world = new World(options)
  const farm = new Farm({
    insider: world.joinInDisguise(joinsDay),
    fromDay: joinsDay + afterDays,
    size,
    everyDays: EVERY_DAYS,
    isLoud,
    greets,
  })
  world.join(farm)
  const accounts: [number, number][] = []
  const days: DayCounts[] = []
  while (world.day < options.days) {
    accounts.push([world.day - joinsDay - afterDays, farm.accounts.length])
    if (world.day === raidDay) {
      farm.isOver = true
      world.join(new Raid(farm.accounts, { fromDay: raidDay }))
    }
    days.push(world.playDay())
  }
  return { run: { world, days }, accounts, farm }
}

const BEGINS = 30
const RAID = 75

export const insider: Study = {
  name: 'insider',
  title: 'an insider raises accounts',
  run: (isQuick) => {
    const seeds = isQuick ? [1] : SEEDS.slice(0, 2)
    const [days, raidDay] = isQuick ? [40, BEGINS + 5] : [105, RAID]
    // With the two reps that a newcomer has a day after his welcome; nobody is in his way.
    const free = seeds.map((seed) =>
      playFarm({ members: 20, days: 24, seed, harmlessLikes: 0 }, { joinsDay: 12, afterDays: 2, size: 100_000 }),
    )
    const loud = seeds.map((seed) =>
      playFarm({ members: 100, days, seed }, { joinsDay: 5, afterDays: BEGINS - 5, size: 100_000, isLoud: true }),
    )
    const farms = (
      isQuick ? [[20, 50]] : [20, 100].flatMap((members) => [50, 100, 200].map((size) => [members, size]))
    ).map(([members = 0, size = 0]) => ({
      members,
      size,
      runs: seeds.map(
        (seed) => playFarm({ members, days, seed }, { joinsDay: 5, afterDays: BEGINS - 5, size, raidDay }).run,
      ),
    }))
    const week = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    const by = (farmed: readonly Farmed[], day: number): number =>
      median(farmed.map(({ accounts }) => accounts.find(([at]) => at === day)?.[1] ?? Number.NaN))
    return {
      tables: [
        {
          caption: 'Accounts of an insider after so many days',
          head: ['', ...week.map(String)],
          rows: [
            ['with 2 reps, harmless posts, 20 members', ...week.map((day) => by(free, day))],
            ['with what 25 days give, spam, 100 members', ...week.map((day) => by(loud, day))],
          ],
        },
        {
          caption: `A loud farm among 100 members from day ${BEGINS} on, ${days} days`,
          head: ['accounts raised', 'of them can post at the end', ...HARM],
          rows: [
            [
              median(loud.map(({ farm }) => farm.accounts.length)),
              middle(
                loud.map(({ run }) => run),
                ({ days: all }) => all.at(-1)?.keys ?? 0,
              ),
              ...harmOf(
                loud.map(({ run }) => run),
                BEGINS,
              ),
            ],
          ],
        },
        {
          caption: `A quiet farm from day ${BEGINS} on, which spends all it has from day ${raidDay} on; ${days} days`,
          head: [
            'members',
            'accounts',
            'their reps before',
            'members’ reps before',
            'could post 2 days later',
            ...HARM,
          ],
          rows: farms.map(({ members, size, runs }) => [
            members,
            size,
            middle(runs, (run) => run.days[raidDay - 1]?.attackersReps ?? Number.NaN),
            middle(runs, (run) => run.days[raidDay - 1]?.reps ?? Number.NaN),
            percent(
              middle(
                runs,
                (run) => (run.days[raidDay + 1]?.able ?? Number.NaN) / (run.days[raidDay + 1]?.members ?? 1),
              ),
            ),
            ...harmOf(runs, raidDay),
          ]),
        },
      ],
      plots: [
        {
          file: 'insider',
          svg: svgOf({
            title: 'Accounts that an insider raises, by day',
            x: 'days since the insider began',
            y: 'accounts',
            isLog: true,
            series: [
              { name: '2 reps, harmless', points: week.map((day) => [day, by(free, day)]) },
              { name: '25 days’ reps, spam', points: week.map((day) => [day, by(loud, day)]) },
            ],
          }),
        },
        {
          file: 'quiet-farm',
          svg: svgOf({
            title: `Members who can post by themselves: 100 members, a quiet farm that strikes on day ${RAID}`,
            x: 'day',
            y: 'share of members',
            most: 1,
            series: farms
              .filter(({ members }) => members === 100)
              .map(({ size, runs }) => ({
                name: `${size} accounts`,
                points: byDay(runs, (day) => day.able / day.members),
              })),
          }),
        },
      ],
    }
  },
}

/** A hundred strangers' keys before the door, and members who take some of their posts for newcomers'. */
import { Strangers } from './attackers.ts'
import { median, spamIn, sum } from './counts.ts'
import { svgOf } from './plot.ts'
import { byDay, middle, newcomersOf, playAll, SEEDS, waitsOf, type Run } from './runs.ts'
import { HARM, harmOf, type Study } from './study.ts'
import { percent } from './table.ts'
import type { World } from './world.ts'

const FROM_DAY = 20
const KEYS = 100
const MISTAKES = [0.01, 0.02, 0.05]

export const strangers: Study = {
  name: 'strangers',
  title: `${KEYS} strangers' keys`,
  run: (isQuick) => {
    const seeds = isQuick ? [1] : SEEDS.slice(0, 2)
    const days = isQuick ? 40 : 60
    const cases = [false, true].flatMap((breeds) =>
      MISTAKES.map((wrongWelcomes) => ({ breeds, members: 20, wrongWelcomes })),
    )
    if (!isQuick) cases.push({ breeds: true, members: 100, wrongWelcomes: 0.01 })
    const played = cases.map(({ breeds, members, wrongWelcomes }) => {
      const begin = (world: World) => world.join(new Strangers(world, { keys: KEYS, fromDay: FROM_DAY, breeds }))
      return {
        breeds,
        members,
        wrongWelcomes,
        runs: playAll({ members, days, wrongWelcomes }, members > 20 ? seeds.slice(0, 1) : seeds, { begin }),
      }
    })
    const rows = played.map(({ breeds, members, wrongWelcomes, runs }) => [
      breeds ? 'in one hand' : 'each for itself',
      members,
      percent(wrongWelcomes),
      middle(runs, (run) => sum(run.days.map(({ welcomes }) => welcomes.spam))),
      ...harmOf(runs, FROM_DAY),
      waitUnderAttack(runs),
    ])
    return {
      tables: [
        {
          caption: `${days} days, the keys come on day ${FROM_DAY}`,
          head: ['keys', 'members', 'taken for newcomers', 'wrong welcomes', ...HARM, 'newcomers in after, days'],
          rows,
        },
      ],
      plots: [
        {
          file: 'strangers',
          svg: svgOf({
            title: `Share of spam in what is seen: 20 members, ${KEYS} strangers' keys from day ${FROM_DAY} on`,
            x: 'day',
            y: 'share of spam',
            most: 1,
            series: played
              .filter(({ members, wrongWelcomes }) => members === 20 && wrongWelcomes > 0)
              .map(({ breeds, wrongWelcomes, runs }) => ({
                name: `${breeds ? 'one hand' : 'apart'}, ${percent(wrongWelcomes)}`,
                points: byDay(runs, (day) => spamIn([day])),
              })),
          }),
        },
      ],
    }
  },
}

/** Of those who came while the keys were there; and how many are still out. */
function waitUnderAttack(runs: readonly Run[]): string {
  const waits = runs.flatMap((run) => waitsOf(run, FROM_DAY))
  const all = sum(runs.map((run) => newcomersOf(run, FROM_DAY).length))
  const out = all - waits.length
  const wait = waits.length === 0 ? [] : [median(waits).toFixed(1)]
  return [...wait, ...(out === 0 ? [] : [`${out} of ${all} never`])].join(', ')
}

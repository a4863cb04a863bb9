/** Members who turn: trolls, sleepers, colluders. */
import { Colluders, Raid } from './attackers.ts'
import { sum } from './counts.ts'
import { Troll } from './person.ts'
import { svgOf } from './plot.ts'
import { byDay, middle, play, SEEDS, type Run } from './runs.ts'
import { HARM, harmOf, type Study } from './study.ts'
import { percent } from './table.ts'

const MEMBERS = 100
const DAYS = 90
/** Sleepers and colluders have been members for so long when they begin. */
const TURN_DAY = 60

type Kind = 'trolls' | 'sleepers' | 'colluders'

const MANY: Record<Kind, readonly number[]> = { trolls: [10, 30], sleepers: [5, 10, 20], colluders: [5, 10, 20] }

function playWith(kind: Kind, many: number, isQuick: boolean, seed: number): Run {
  const [members, days, turnDay] = isQuick ? [20, 40, 30] : [MEMBERS, DAYS, TURN_DAY]
  return play(
    { members, days, seed },
    {
      begin: (world) => {
        if (kind === 'trolls') {
          for (let n = 0; n < many; n += 1)
            world.join(new Troll(world.newKey(), world.startMs + world.dice.below(turnDay * 86_400_000)))
          return
        }
        const people = Array.from({ length: many }, (_, n) => world.joinInDisguise(5 + (n % 20)))
        if (kind === 'colluders') world.join(new Colluders(people, { fromDay: turnDay }))
        else
          world.join(
            new Raid(
              people.map(({ number }) => number),
              { fromDay: turnDay },
            ),
          )
      },
    },
  )
}

export const members: Study = {
  name: 'members',
  title: 'members who turn',
  run: (isQuick) => {
    const seeds = isQuick ? [1] : SEEDS.slice(0, 1)
    const cases = (['trolls', 'sleepers', 'colluders'] as const).flatMap((kind) =>
      (isQuick ? [5] : MANY[kind]).map((many) => ({
        kind,
        many,
        runs: seeds.map((seed) => playWith(kind, many, isQuick, seed)),
      })),
    )
    const from = isQuick ? 30 : TURN_DAY
    // Trolls come one by one; by the tenth day there are members to see them.
    const since = (kind: Kind): number => (kind === 'trolls' ? 10 : from)
    return {
      tables: [
        {
          caption: `${isQuick ? 20 : MEMBERS} honest members and so many who turn; sleepers and colluders on day ${from} of ${isQuick ? 40 : DAYS}`,
          head: ['who', 'how many', 'least that could post', 'honest posts hidden', ...HARM],
          rows: cases.map(({ kind, many, runs }) => [
            kind,
            many,
            percent(
              middle(runs, ({ days }) => Math.min(...days.slice(since(kind)).map((day) => day.able / day.members))),
            ),
            percent(middle(runs, hiddenShare(since(kind)))),
            ...harmOf(runs, since(kind)),
          ]),
        },
      ],
      plots: [
        {
          file: 'sleepers',
          svg: svgOf({
            title: `Members who can post by themselves: ${MEMBERS} members, sleepers strike on day ${from}`,
            x: 'day',
            y: 'share of members',
            most: 1,
            series: cases
              .filter(({ kind }) => kind === 'sleepers')
              .map(({ many, runs }) => ({
                name: `${many} sleepers`,
                points: byDay(runs, (day) => day.able / day.members),
              })),
          }),
        },
      ],
    }
  },
}

/** Of the honest posts from that day on. */
function hiddenShare(from: number): (run: Run) => number {
  return ({ days }) => {
    const since = days.slice(from)
    return sum(since.map(({ hidden }) => hidden.honest)) / sum(since.map(({ posts }) => posts))
  }
}

/**
 * The lens (spec §4): of what is posted, how much a reader sees through it of honest members and of a quiet farm. Its numbers were
 * chosen on other seeds than those of {@link SEEDS}.
 */
import { DAY, keyOf } from '../support/economy.ts'
import { UNBOUNDED } from '../../src/reputation/max-flow.ts'
import { LENS, type LensRule } from '../../src/reputation/lens.ts'
import type { AuthorKey } from '../../src/dag/ids.ts'
import { REGULAR } from './habits.ts'
import { median } from './counts.ts'
import { SEEDS } from './runs.ts'
import { playFarm } from './study-insider.ts'
import type { Study } from './study.ts'
import { percent } from './table.ts'
import type { World } from './world.ts'

const DAYS = 100
/** Posts of so many days are looked at. */
const LOOKED_BACK = 30

/** Members whom the reader knows and adds, the regulars who came first. */
const ADDED = 10

/** Levien's own, for a community of some thousands. */
const ADVOGATO = [800, 200, 50, 12, 4, 2, 1]

/** Advogato as it was: each like is a certificate, and all that an author has may flow along one. */
function advogato(scale: number): LensRule {
  const capacity = (distance: number): number => Math.max(1, Math.round((ADVOGATO[distance] ?? 1) * scale))
  return { capacity, welcome: UNBOUNDED, along: () => UNBOUNDED }
}

/** Scaled so that the pioneer's capacity is the number of authors, which is all that a reader can know of a forum's size. */
const rulesFor = (authors: number): Readonly<Record<string, LensRule>> => ({
  advogato: advogato(1),
  scaled: advogato(authors / 800),
  'flow by likes': { ...advogato(authors / 800), welcome: 1, along: (likes) => likes },
  lens: LENS,
})

interface Seen {
  readonly honest: number
  readonly farm: number
}

interface Case {
  readonly members: number
  readonly size: number
  readonly harmlessLikes: number
  readonly greets?: boolean
  /** Seeds. */
  readonly runs: number
}

interface Measured {
  /** Likes of honest members for the farm's accounts, those who gave them, and the accounts that got them. */
  readonly likes: number
  readonly givers: number
  readonly liked: number
  readonly seen: Readonly<Record<string, Seen>>
}

function measure({ members, size, harmlessLikes, greets = false }: Case, seed: number): Measured {
  const plan = { joinsDay: 5, afterDays: 25, size, greets }
  const { run, farm } = playFarm({ members, days: DAYS, seed, harmlessLikes }, plan)
  const { world } = run
  const accounts = new Set(farm.accounts)
  const mistaken = likesInto(world, accounts)
  const { state } = world.forum
  const friends = world.people.slice(1).filter(({ habits }) => habits === REGULAR)
  const added = friends.slice(0, ADDED).map(({ number }) => keyOf(number))
  const seenBy = (rule: LensRule, roots: readonly AuthorKey[] = []): Seen => {
    const reached = state.lens(world.nowMs, roots, rule)
    const posts = world.forum.posts.filter(({ block }) => block.time >= world.nowMs - LOOKED_BACK * DAY)
    const share = (all: typeof posts): number => all.filter(({ by }) => reached.has(keyOf(by))).length / all.length
    return {
      honest: share(posts.filter(({ content }) => content === 'honest')),
      farm: share(posts.filter(({ by }) => accounts.has(by))),
    }
  }
  const rules = Object.entries(rulesFor(state.authors().length))
  return {
    likes: mistaken.length,
    givers: new Set(mistaken.map(([from]) => from)).size,
    liked: new Set(mistaken.map(([, to]) => to)).size,
    seen: { ...Object.fromEntries(rules.map(([name, rule]) => [name, seenBy(rule)])), added: seenBy(LENS, added) },
  }
}

function likesInto({ forum: { state }, keys }: World, accounts: ReadonlySet<number>): [from: number, to: number][] {
  const honestLikes: [number, number][] = []
  const numberOf = (index: number): number => Number.parseInt(state.authorOf(index) ?? '', 16)
  for (let index = 1; index < state.graph.size; index += 1) {
    const like = state.likeOf(index)
    if (like?.n !== 1 || !state.graph.isAccepted(index)) continue
    const [from, to] = [numberOf(index), numberOf(like.target)]
    if (accounts.has(to) && !keys.has(from)) honestLikes.push([from, to])
  }
  return honestLikes
}

/** Large ones and large farms play for long: fewer seeds. */
const CASES: readonly Case[] = [
  { members: 100, size: 200, harmlessLikes: 0.3, runs: 3 },
  { members: 100, size: 200, harmlessLikes: 1, runs: 3 },
  { members: 100, size: 200, harmlessLikes: 0, runs: 1 },
  { members: 100, size: 200, harmlessLikes: 0.3, greets: true, runs: 2 },
  { members: 100, size: 1000, harmlessLikes: 0.3, runs: 2 },
  { members: 100, size: 1000, harmlessLikes: 1, runs: 2 },
  { members: 100, size: 1000, harmlessLikes: 0.3, greets: true, runs: 1 },
  { members: 20, size: 200, harmlessLikes: 0.3, runs: 2 },
  { members: 20, size: 200, harmlessLikes: 1, runs: 2 },
  { members: 20, size: 1000, harmlessLikes: 0.3, runs: 2 },
  { members: 500, size: 200, harmlessLikes: 0.3, runs: 1 },
  { members: 500, size: 1000, harmlessLikes: 0.3, runs: 1 },
]

export const lens: Study = {
  name: 'lens',
  title: 'what is seen through the lens',
  run: (isQuick, tell) => {
    const cases = isQuick ? [{ members: 20, size: 200, harmlessLikes: 0.3, runs: 1 }] : CASES
    const rows = cases.map((one) => {
      const seeds = isQuick ? [1] : SEEDS.slice(0, one.runs)
      const measured = seeds.map((seed) => measure(one, seed))
      const middle = (valueOf: (each: Measured) => number): number => median(measured.map(valueOf))
      const names = [...Object.keys(rulesFor(1)), 'added']
      const row = [
        one.members,
        one.size,
        one.harmlessLikes,
        one.greets === true ? 'yes' : 'no',
        seeds.length,
        `${middle(({ likes }) => likes)} by ${middle(({ givers }) => givers)} for ${middle(({ liked }) => liked)}`,
        ...names.map((name) => {
          const [honest, farm] = [
            middle(({ seen }) => seen[name]?.honest ?? 0),
            middle(({ seen }) => seen[name]?.farm ?? 0),
          ]
          return `${percent(honest)} / ${percent(farm)}`
        }),
      ]
      tell(row.join(' | '))
      return row
    })
    return {
      tables: [
        {
          caption: `Honest posts / the farm's posts that are seen, of the last ${LOOKED_BACK} of ${DAYS} days`,
          head: [
            'members',
            'farm',
            'harmless posts liked by the measure of honest ones',
            'farm welcomes newcomers',
            'runs',
            'honest likes into the farm',
            'Advogato',
            'scaled to the authors',
            'flow by likes',
            'the lens',
            `with ${ADDED} regulars added`,
          ],
          rows,
        },
      ],
      plots: [],
    }
  },
}

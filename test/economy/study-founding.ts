/** Pioneers who leave, and a forum that falls apart for two days. */
import { sum } from './counts.ts'
import { play, playAll, SEEDS, waitsOf, type Run } from './runs.ts'
import { median } from './counts.ts'
import { type Study } from './study.ts'
import { percent } from './table.ts'
import type { World } from './world.ts'

const LEAVES = [1, 3, 7, 30]
const MEMBERS = 20

export const founding: Study = {
  name: 'founding',
  title: 'a pioneer who leaves, and two halves',
  run: (isQuick) => {
    const seeds = isQuick ? [1] : SEEDS
    const days = isQuick ? 30 : 90
    const cases = [0, 3].flatMap((pioneers) => (isQuick ? [3] : LEAVES).map((leaves) => ({ pioneers, leaves })))
    const left = cases.map(({ pioneers, leaves }) => {
      const before = (world: World) => {
        const [pioneer] = world.people
        if (world.day === leaves && pioneer !== undefined) pioneer.hasLeft = true
      }
      return { pioneers, leaves, runs: playAll({ members: MEMBERS, days, pioneers }, seeds, { before }) }
    })
    const halves = (isQuick ? [20] : [20, 100]).flatMap((members) =>
      PARTS.flatMap((parts) =>
        [0, 0.3].map((travellers) => ({
          members,
          parts,
          travellers,
          runs: seeds.map((seed) => playApart({ members, parts, travellers, seed })),
        })),
      ),
    )
    return {
      tables: [
        {
          caption: `${MEMBERS} members, ${days} days; a pioneer comes for the last time before the day`,
          head: [
            'pioneers',
            'one leaves on day',
            'members in',
            'in after, days (median)',
            'can post at the end',
            'reps in all',
          ],
          rows: left.map(({ pioneers, leaves, runs }) => [
            pioneers === 0 ? '1' : pioneers,
            leaves,
            percent(sum(runs.map((run) => run.days.at(-1)?.members ?? 0)) / (runs.length * MEMBERS)),
            median(runs.flatMap(waitsOf)).toFixed(1),
            percent(sum(runs.map(ableAtEnd)) / runs.length),
            median(runs.map(({ days: all }) => all.at(-1)?.reps ?? 0)),
          ]),
        },
        {
          caption: `Halves that do not meet for two days; sums of ${seeds.length} runs`,
          head: [
            'members',
            'apart from day',
            'post in both halves',
            'their posts and votes while apart',
            'withdrawn',
            'votes that do not count any more',
          ],
          rows: halves.map(({ members, parts, travellers, runs }) => [
            members,
            parts,
            percent(travellers),
            sum(runs.map(({ made }) => made)),
            sum(runs.map(({ withdrawn }) => withdrawn)),
            sum(runs.map(({ voided }) => voided)),
          ]),
        },
      ],
      plots: [],
    }
  },
}

function ableAtEnd({ days }: Run): number {
  const last = days.at(-1)
  return last === undefined ? 0 : last.able / last.members
}

/** A young forum, whose members have few reps, and an older one. */
const PARTS = [12, 40]
const APART = 2

interface ApartRun {
  readonly made: number
  readonly withdrawn: number
  readonly voided: number
}

interface ApartOptions {
  readonly members: number
  readonly parts: number
  /** Share of the members who post now in one half and now in the other, as with two devices. */
  readonly travellers: number
  readonly seed: number
}

function playApart({ members, parts, travellers, seed }: ApartOptions): ApartRun {
  let before = 0
  let made = 0
  const { world } = play(
    { members, days: parts + APART + 2, seed },
    {
      before: (now) => {
        if (now.day === parts) {
          before = now.forum.state.graph.acceptedCount
          now.part(travellers)
        }
        if (now.day !== parts + APART) return
        made = now.meet() - before
      },
    },
  )
  const { state } = world.forum
  let voided = 0
  for (let index = 1; index < state.graph.size; index += 1) {
    if (!state.isPost(index) && state.graph.isAccepted(index) && !state.counts(index)) voided += 1
  }
  return { made, withdrawn: world.forum.withdrawn, voided }
}

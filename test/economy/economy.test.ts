/** What the played days of scripts/economy stand on: runs that repeat, agents who pay through the engine, numbers that add up. */
import { expect, test } from 'vitest'
import { DAY, FIRST_DAY, keyOf } from '../support/economy.ts'
import { Farm, Raid, Strangers } from './attackers.ts'
import { giniOf, median } from './counts.ts'
import { svgOf, ticks } from './plot.ts'
import { play } from './runs.ts'
import { hasFallen } from './study.ts'
import { percent, tableOf } from './table.ts'
import { World } from './world.ts'

const TINY = { members: 5, days: 3, arrivalDays: 1, latecomers: 0 }

/** All that a run says. */
function traceOf(seed: number): unknown {
  const { world, days } = play(
    { ...TINY, seed },
    { begin: (to) => to.join(new Strangers(to, { keys: 3, fromDay: 1 })) },
  )
  return { days, blocks: [...world.forum.accepted()].length, in: world.people.map(({ inMs }) => inMs) }
}

test('a run is decided by its options and its seed', () => {
  expect(traceOf(1)).toEqual(traceOf(1))
  expect(traceOf(1)).not.toEqual(traceOf(2))
})

test('newcomers are held until somebody with reps lets them in, and reps are those of the engine', () => {
  const { world, days } = play({ ...TINY, days: 10, seed: 1 })
  const last = days.at(-1)
  expect(last?.members).toBe(5)
  expect(world.people.slice(1).every(({ arrivesMs, inMs }) => inMs !== undefined && inMs >= arrivesMs)).toBe(true)
  expect(days.some(({ held }) => held > 0)).toBe(true)
  const reps = world.people.map(({ number }) => world.forum.state.repsOf(keyOf(number), world.nowMs))
  expect(last?.reps).toBe(reps.reduce((sum, each) => sum + each, 0))
  expect(reps.every((each) => each >= 0 && each <= 30)).toBe(true)
})

test('who has no reps cannot vote, and leaves nothing behind', () => {
  const world = new World({ ...TINY, seed: 1 })
  const { forum } = world
  const [first] = forum.posts
  const blocks = forum.state.graph.size
  const key = world.newKey()
  expect(world.vote({ number: key, isHonest: false }, -1, first!, FIRST_DAY + 1)).toBe(false)
  expect(world.post({ number: key, isHonest: false }, 'spam', FIRST_DAY + 2).content).toBe('spam')
  expect([forum.state.graph.size, forum.held.size, forum.posts.length]).toEqual([blocks, 1, 1])
  // The pioneer pays for the welcome: 30 less the post and the like.
  expect(world.vote(world.people[0]!, 1, forum.held.get(key)!, FIRST_DAY + 3)).toBe(true)
  expect([forum.held.size, forum.posts.length, forum.repsOf(world.people[0]!.number, FIRST_DAY + 4)]).toEqual([
    0, 2, 28,
  ])
})

test('a farm grows no faster than its reps, and a raid spends no more than it has: each vote is paid', () => {
  const world = new World({ members: 5, days: 20, seed: 4, arrivalDays: 1, latecomers: 0 })
  const farm = new Farm({ insider: world.joinInDisguise(1), fromDay: 4, size: 20, everyDays: 7 })
  world.join(farm)
  const sizes = Array.from({ length: 12 }, () => (world.playDay(), farm.accounts.length))
  expect(sizes.slice(0, 4)).toEqual([0, 0, 0, 0])
  expect(sizes.at(-1)).toBe(20)
  farm.isOver = true
  world.join(new Raid(farm.accounts, { fromDay: 12 }))
  const day = world.playDay()
  expect(day.attackersReps).toBeLessThan(20)
  const { state } = world.forum
  const votes = Array.from({ length: state.graph.size }, (_, index) => index).filter((index) => !state.isPost(index))
  expect(votes.length).toBeGreaterThan(20)
  expect(votes.every((vote) => state.k(vote) >= 1 && state.counts(vote))).toBe(true)
  expect(day.able).toBeLessThan(day.members)
})

test('two halves that met accept what either accepted, nobody with one device loses anything, and the lens is one', () => {
  const world = new World({ members: 10, days: 12, seed: 3, arrivalDays: 2, latecomers: 0 })
  // More accounts than an insider can pass trust on to.
  world.join(new Farm({ insider: world.joinInDisguise(1), fromDay: 4, size: 20, everyDays: 1 }))
  while (world.day < 8) world.playDay()
  world.part(0)
  world.playDay()
  const second = world.forumOf({ number: 1 })
  const lensOf = (forum: typeof second): string[] => [...forum.state.lens(world.nowMs)].sort()
  second.take(world.forum, world.nowMs)
  const blocks = world.meet()
  const { forum } = world
  expect([...forum.accepted()].length).toBe(blocks)
  expect(forum.withdrawn).toBe(0)
  expect([...second.accepted()]).not.toEqual([...forum.accepted()])
  expect([...second.accepted()].sort()).toEqual([...forum.accepted()].sort())
  expect(lensOf(second)).toEqual(lensOf(forum))
  expect(lensOf(forum).length).toBeLessThan(forum.state.authors().length)
})

test('a forum has fallen when most that is seen is spam, or when most cannot post', () => {
  const run = play({ ...TINY, days: 14, seed: 2 })
  const changed = (change: object) => ({ ...run, days: run.days.map((day) => ({ ...day, ...change })) })
  expect(hasFallen(run)).toBe(false)
  expect(hasFallen(changed({ able: 0 }))).toBe(true)
  expect(hasFallen(changed({ views: { honest: 1, harmless: 0, spam: 2 } }))).toBe(true)
})

test('figures', () => {
  expect([giniOf([5, 5, 5]), giniOf([0, 0, 9]), giniOf([-3, 0])]).toEqual([0, 2 / 3, 0])
  expect([median([3, 1, 2]), median([1, 2, 3, 4]), median([])]).toEqual([2, 2.5, Number.NaN])
  expect([percent(0), percent(0.0123), percent(0.5), percent(Number.NaN)]).toEqual(['0 %', '1.2 %', '50 %', '–'])
  expect(tableOf({ caption: 'c', head: ['a', 'b'], rows: [[1, 'x']] })).toBe(
    'c:\n\n| a | b |\n| --- | --- |\n| 1 | x |',
  )
  expect([ticks(0, 1), ticks(0, 365)]).toEqual([
    [0, 0.2, 0.4, 0.6, 0.8, 1],
    [0, 100, 200, 300],
  ])
  const svg = svgOf({
    title: 't <',
    x: 'x',
    y: 'y',
    series: [
      {
        name: 's',
        points: [
          [0, 1],
          [DAY, 2],
        ],
      },
    ],
  })
  expect(svg).toContain('t &lt;')
  expect(svg).toContain('points="60,175 550,36"')
})

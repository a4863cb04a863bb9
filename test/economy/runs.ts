/** Played runs: the same world with several seeds, and what its days have in common. */
import { DAY } from '../support/economy.ts'
import { median, type DayCounts } from './counts.ts'
import type { Person } from './person.ts'
import { World, type WorldOptions } from './world.ts'

export interface Run {
  readonly world: World
  readonly days: readonly DayCounts[]
}

/** Those on which docs/economy.md reports. */
export const SEEDS = [101, 102, 103] as const

/** Called before the first day, and before each one. */
export interface Plan {
  readonly begin?: (world: World) => void
  readonly before?: (world: World) => void
}

export function play(options: WorldOptions, { begin, before }: Plan = {}): Run {
  const world = new World(options)
  begin?.(world)
  const days: DayCounts[] = []
  while (world.day < options.days) {
    before?.(world)
    days.push(world.playDay())
  }
  return { world, days }
}

export function playAll(options: Omit<WorldOptions, 'seed'>, seeds: readonly number[], plan?: Plan): Run[] {
  return seeds.map((seed) => play({ ...options, seed }, plan))
}

/** Honest people who came after the beginning, from that day on. */
export function newcomersOf({ world }: Run, fromDay = 0): Person[] {
  return world.people.filter(({ arrivesMs }) => arrivesMs > world.startMs + fromDay * DAY)
}

/** Days until honest newcomers were in, of those who are. */
export function waitsOf(run: Run, fromDay = 0): number[] {
  return newcomersOf(run, fromDay).flatMap(({ arrivesMs, inMs }) =>
    inMs === undefined ? [] : [(inMs - arrivesMs) / DAY],
  )
}

/** A value of each day, the median over the runs. */
export function byDay(runs: readonly Run[], valueOf: (day: DayCounts) => number): [number, number][] {
  const length = Math.min(...runs.map(({ days }) => days.length))
  return Array.from({ length }, (_, n) => [
    n + 1,
    median(runs.flatMap(({ days }) => days.slice(n, n + 1)).map(valueOf)),
  ])
}

/** Of the runs: the median of a value of each. */
export function middle(runs: readonly Run[], valueOf: (run: Run) => number): number {
  return median(runs.map(valueOf))
}

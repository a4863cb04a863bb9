/**
 * A seeded run of many cores through a scenario (spec §7, §8): people post while gossip gets lost, streams are cut, the
 * network parts and cores fall; then everything stays online, and all have to come to the same and to rest. The seed and
 * the scenario decide every choice: the same ones give the same run, message by message.
 */
import { Bug } from '../../src/dag/result.ts'
import { Dice } from '../support/random.ts'
import { disagreements, isAlike } from './agreement.ts'
import { Core } from './core.ts'
import { found, START_MS, type Founding } from './founding.ts'
import { Network } from './network.ts'
import { People } from './people.ts'
import type { Scenario } from './scenario.ts'
import { Timeline } from './timeline.ts'
import { Trace } from './trace.ts'

const MINUTE_MS = 60_000
const LOOK_MS = 10_000

/** Rewrites are rationed: one per author and hour after the sixtieth (spec §5, *Throttle*). */
const MOST_CALM_MS = 24 * 60 * MINUTE_MS

/** What is under way when nobody starts anything new is over by then. */
const LAST_WORDS_MS = 60 * MINUTE_MS

export interface Report {
  /** Blocks that were made, and those that all accept in the end, with the founding history. */
  readonly made: number
  readonly accepted: number
  readonly withdrawals: number
  /** Times that a core kept blocks back. */
  readonly delays: number
  readonly exchanges: number
  readonly cuts: number
  /** Pulls given up for others; replies that never came. */
  readonly overtaken: number
  readonly stalls: number
  readonly messages: number
  readonly gossipBytes: number
  readonly syncBytes: number
  /** From when nothing goes wrong any more until the last core changed what it accepts; 0 if that was before. */
  readonly convergedMs: number
  /** What was not as it has to be, in words. */
  readonly problems: readonly string[]
  /** Of everything that happened. */
  readonly trace: string
}

export interface SimulationOptions {
  /** Whether cores that meet, and those that have been linked for a while, compare their heads; they do unless told. */
  readonly comparesHeads?: boolean
}

export async function simulate(
  scenario: Scenario,
  seed: number,
  { comparesHeads = true }: SimulationOptions = {},
): Promise<Report> {
  return new Simulation({ ...scenario, seed, comparesHeads }, await found()).run()
}

type Plan = Scenario & { readonly seed: number } & Required<SimulationOptions>

class Simulation {
  readonly #plan: Plan
  readonly #founding: Founding
  readonly #timeline = new Timeline(START_MS)
  readonly #trace = new Trace()
  readonly #network: Network
  readonly #people: People
  readonly #cores: Core[] = []
  readonly #dice: Dice

  constructor(plan: Plan, founding: Founding) {
    this.#plan = plan
    this.#founding = founding
    const dice = new Dice(plan.seed)
    const shared = { timeline: this.#timeline, trace: this.#trace }
    this.#network = new Network(plan.cores, plan.links, { ...shared, dice: dice.fork(), weather: plan })
    const people = { economy: founding.economy, timeline: this.#timeline, dice: dice.fork(), cores: this.#cores }
    this.#people = new People(people)
    this.#dice = dice
  }

  async run(): Promise<Report> {
    const { cores, minutes, acts } = this.#plan
    await this.#open(cores)
    const endMs = minutes * MINUTE_MS
    this.#people.plan(acts, endMs)
    this.#planPartitions()
    this.#planFalls(endMs)
    await this.#timeline.runUntil(START_MS + endMs)
    await this.#calmDown()
    const calmMs = this.#timeline.nowMs
    await this.#settle()
    await this.#rest()
    return this.#report(calmMs)
  }

  async #open(count: number): Promise<void> {
    const { economy, store } = this.#founding
    const shared = { timeline: this.#timeline, trace: this.#trace, network: this.#network, chain: economy.chain }
    const { comparesHeads, clocksOffMinutes } = this.#plan
    for (let number = 0; number < count; number += 1) {
      const aheadMs = Math.round(this.#dice.between(-clocksOffMinutes, clocksOffMinutes) * MINUTE_MS)
      const modules = { ...shared, comparesHeads, aheadMs, mostIds: this.#plan.pulls.ids, dice: this.#dice.fork() }
      const core = new Core(number, await store.copy(), modules)
      this.#cores.push(core)
      await core.rise()
    }
  }

  #planPartitions(): void {
    for (const { fromMinute, toMinute, parts } of this.#plan.partitions) {
      this.#timeline.in(fromMinute * MINUTE_MS, () => this.#network.part(parts))
      this.#timeline.in(toMinute * MINUTE_MS, () => this.#network.part(1))
    }
  }

  #planFalls(withinMs: number): void {
    const { falls, downMinutes, forgetful, mostForgotten } = this.#plan.churn
    for (let n = 0; n < falls; n += 1) {
      const core = this.#cores[this.#dice.below(this.#cores.length)]
      const downMs = this.#dice.between(...downMinutes) * MINUTE_MS
      const forgotten = this.#dice.chance(forgetful) ? this.#dice.below(mostForgotten + 1) : 0
      this.#timeline.in(this.#dice.between(0, withinMs), async () => {
        if (core?.isUp !== true) return
        core.fall()
        await core.store.forget(forgotten)
        this.#trace.note(this.#timeline.nowMs, `core ${String(core.number)} falls, forgets ${String(forgotten)}`)
        this.#timeline.in(downMs, () => core.rise())
      })
    }
  }

  /** Whole, everybody up, and nothing gets lost any more. */
  async #calmDown(): Promise<void> {
    this.#network.part(1)
    while (this.#cores.some(({ isUp }) => !isUp)) await this.#timeline.runUntil(this.#timeline.nowMs + LOOK_MS)
    this.#network.calmDown()
  }

  /** As long as it takes: what all accept is the same, and nothing is under way or kept back. */
  async #settle(): Promise<void> {
    const latestMs = this.#timeline.nowMs + MOST_CALM_MS
    while (!(this.#cores.every(({ isIdle }) => isIdle) && isAlike(this.#cores))) {
      if (this.#timeline.nowMs >= latestMs) {
        this.#trace.problem('they do not come to the same within a day')
        return
      }
      await this.#timeline.runUntil(this.#timeline.nowMs + LOOK_MS)
    }
  }

  /** Once nobody compares heads by the clock, no message starts another for ever; a last exchange brings nothing new. */
  async #rest(): Promise<void> {
    for (const core of this.#cores) core.stopComparing()
    await this.#timeline.runUntil(this.#timeline.nowMs + LAST_WORDS_MS)
    if (!this.#timeline.isEmpty) this.#trace.problem('it does not come to rest')
    const before = this.#trace.lastChangeMs
    for (const core of this.#cores) await core.compareWithAll()
    await this.#timeline.runUntil(this.#timeline.nowMs + LAST_WORDS_MS)
    if (!this.#timeline.isEmpty) this.#trace.problem('a last exchange does not come to rest')
    if (this.#trace.lastChangeMs !== before) this.#trace.problem('a last exchange brought something new')
  }

  #report(calmMs: number): Report {
    const [first] = this.#cores
    if (first === undefined) throw new Bug('there is some core')
    const trace = this.#trace
    const problems = [...trace.problems, ...disagreements(this.#cores, this.#founding.economy, this.#timeline.nowMs)]
    return {
      made: this.#people.made,
      accepted: first.replica.blocks,
      withdrawals: trace.withdrawals,
      delays: trace.delays,
      exchanges: trace.exchanges,
      cuts: trace.cuts,
      overtaken: trace.overtaken,
      stalls: trace.stalls,
      messages: trace.messages,
      gossipBytes: trace.gossipBytes,
      syncBytes: trace.syncBytes,
      convergedMs: Math.max(0, trace.lastChangeMs - calmMs),
      problems,
      trace: trace.digest(),
    }
  }
}

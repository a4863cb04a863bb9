/**
 * Who posts and likes during a simulated run, where and when: by the rules of `chain/posting.ts`, at any core that is up.
 * Most stay at one core; some go about, and post at several at once, so that more of their blocks are concurrent than
 * they can pay for. Newcomers post, and whoever has reps at that core may welcome them.
 */
import { post, vote } from '../../src/node/chain/posting.ts'
import type { Replica } from '../../src/node/chain/replica.ts'
import { author, bytes } from '../support/blocks.ts'
import type { SignedEconomy } from '../support/economy-blocks.ts'
import type { Dice } from '../support/random.ts'
import type { Core } from './core.ts'
import { MEMBERS } from './founding.ts'
import type { Timeline } from './timeline.ts'

const KINDS = [
  ...(['post', 'post', 'post', 'like', 'dislike'] as const),
  ...(['burst', 'burst', 'newcomer', 'welcome', 'welcome'] as const),
]

/** Posts of one author within this time, at several cores. */
const BURST_MS = 2_000
const MOST_IN_BURST = 8

/** Members with odd numbers go about. */
const isAtHome = (member: number): boolean => member % 2 === 0

export interface PeopleModules {
  readonly cores: readonly Core[]
  readonly economy: SignedEconomy
  readonly timeline: Timeline
  readonly dice: Dice
}

export class People {
  readonly #modules: PeopleModules
  /** Blocks made, accepted where they were or held. */
  made = 0
  #newcomers = 0

  constructor(modules: PeopleModules) {
    this.#modules = modules
  }

  /** So many acts, spread over this time. */
  plan(acts: number, withinMs: number): void {
    const { timeline, dice } = this.#modules
    for (let n = 0; n < acts; n += 1) timeline.in(dice.between(0, withinMs), () => this.#act())
  }

  async #act(): Promise<void> {
    const { dice } = this.#modules
    const member = dice.below(MEMBERS)
    const core = this.#coreOf(member)
    // Before a first post a node asks all others (spec §2), and is told here that there is one.
    if (core === undefined || core.replica.blocks === 0) return
    switch (dice.pick(KINDS)) {
      case undefined:
      case 'post':
        await this.#post(core, member)
        return
      case 'like':
        await this.#vote(core, member, 1, this.#acceptedPost(core))
        return
      case 'dislike':
        await this.#vote(core, member, -1, this.#acceptedPost(core))
        return
      case 'welcome':
        await this.#welcome(member)
        return
      case 'newcomer':
        this.#newcomers += 1
        await this.#post(core, MEMBERS + (this.#newcomers % MEMBERS))
        return
      case 'burst':
        this.#burst(member)
    }
  }

  #burst(member: number): void {
    const { dice, timeline } = this.#modules
    for (let n = 2 + dice.below(MOST_IN_BURST - 1); n > 0; n -= 1) {
      const core = this.#anyCore()
      timeline.in(dice.between(0, BURST_MS), async () => {
        if (core?.isUp === true && core.replica.blocks > 0) await this.#post(core, member)
      })
    }
  }

  /** At some core where a post is held. */
  async #welcome(member: number): Promise<void> {
    const { dice, cores } = this.#modules
    const core = dice.pick(cores.filter((one) => one.isUp && one.replica.heldHere().length > 0))
    if (core === undefined) return
    await this.#vote(core, member, 1, dice.pick(core.replica.heldHere()))
  }

  async #post(core: Core, by: number): Promise<void> {
    const payload = bytes(`post ${String(this.made)}`)
    const { replica, clock } = core
    const made = await post(replica, { payload, pvt: author(by) }, clock)
    if (made.ok) await this.#adopt(replica, made.value.id, payload)
  }

  /** Refused if the author has no reps there, or likes himself. */
  async #vote(core: Core, by: number, n: 1 | -1, target: number | undefined): Promise<void> {
    if (target === undefined) return
    const { replica, clock } = core
    const payload = new Uint8Array(0)
    const made = await vote(replica, { payload, pvt: author(by), n, target }, clock)
    if (made.ok) await this.#adopt(replica, made.value.id, payload)
  }

  async #adopt(replica: Replica, id: Parameters<Replica['has']>[0], payload: Uint8Array): Promise<void> {
    this.made += 1
    this.#modules.economy.adopt({ block: await replica.block(replica.graph.indexOf(id)!), payload })
  }

  #acceptedPost({ replica: { graph, state: reputation } }: Core): number | undefined {
    const index = graph.atRank(1 + this.#modules.dice.below(graph.ranked - 1))
    return index !== undefined && index > 0 && reputation.isPost(index) ? index : undefined
  }

  #coreOf(member: number): Core | undefined {
    const { cores } = this.#modules
    if (!isAtHome(member)) return this.#anyCore()
    const home = cores[(member * 7) % cores.length]
    return home?.isUp === true ? home : undefined
  }

  #anyCore(): Core | undefined {
    const { cores, dice } = this.#modules
    return dice.pick(cores.filter(({ isUp }) => isUp))
  }
}

/**
 * One simulated core over its lives (`life.ts`): its store, its clock, and the record of when it was in sync stay when it
 * falls; everything else is gone.
 */
import { Bug } from '../../src/dag/result.ts'
import type { Chain } from '../../src/dag/chain.ts'
import type { Clock } from '../../src/node/base/clock.ts'
import { silentLogger, type Logger } from '../../src/node/base/log.ts'
import { Replica } from '../../src/node/chain/replica.ts'
import { Throttle, type ThrottleRecord } from '../../src/reputation/throttle.ts'
import { Watch, type Interval } from '../../src/reputation/watch.ts'
import type { Dice } from '../support/random.ts'
import type { ForgetfulStore } from './forgetful-store.ts'
import { Life } from './life.ts'
import type { Network } from './network.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

export interface CoreModules {
  readonly chain: Chain
  readonly network: Network
  readonly timeline: Timeline
  readonly trace: Trace
  readonly dice: Dice
  /** How far its clock is ahead. */
  readonly aheadMs: number
  /** Blocks that one request of it asks for, at most. */
  readonly mostIds: number
  /** Off only to see that the rest does not do without it. */
  readonly comparesHeads: boolean
}

export class Core {
  readonly number: number
  readonly store: ForgetfulStore
  readonly clock: Clock
  readonly #modules: CoreModules
  readonly #log: Logger
  /** Of earlier lives, as a node saves them. */
  #watched: readonly Interval[] = []
  #rations: ThrottleRecord | undefined
  #life: Life | undefined

  constructor(number: number, store: ForgetfulStore, modules: CoreModules) {
    this.number = number
    this.store = store
    this.#modules = modules
    this.clock = { nowMs: () => modules.timeline.nowMs + modules.aheadMs }
    this.#log = logTo(modules.trace)
  }

  get isUp(): boolean {
    return this.#life !== undefined
  }

  /** @throws {Bug} while it is down */
  get replica(): Replica {
    return this.#alive.replica
  }

  /** Nothing is under way, kept back, or ahead of the clock. */
  get isIdle(): boolean {
    return this.#alive.isIdle
  }

  async rise(): Promise<void> {
    const { chain, trace, timeline, network } = this.#modules
    const throttle = new Throttle(new Watch(this.#watched), this.#rations)
    const { store, clock } = this
    const replica = await Replica.open({ chain, seed: this.number }, { store, clock, log: this.#log, throttle })
    replica.listen((events, origin) => {
      for (const { kind, id } of events) {
        if (kind === 'withdrawn') trace.withdrawals += 1
        trace.note(timeline.nowMs, `core ${String(this.number)} ${origin} ${kind} ${id}`)
        if (kind !== 'held' && kind !== 'hidden') trace.lastChangeMs = timeline.nowMs
      }
    })
    this.#life = new Life(this.number, { ...this.#modules, replica, clock })
    network.goUp(this.number, this.#life)
  }

  fall(): void {
    this.#watched = this.replica.watch.intervals()
    this.#rations = this.replica.throttle.record()
    this.#alive.end()
    this.#life = undefined
    this.#modules.network.goDown(this.number)
  }

  /** Compares no heads by itself any more. */
  stopComparing(): void {
    this.#life?.stopComparing()
  }

  /** Pulls from every neighbour. */
  async compareWithAll(): Promise<void> {
    for (const peer of this.#modules.network.neighbours(this.number)) await this.#alive.puller.suggest(peer)
  }

  get #alive(): Life {
    if (this.#life === undefined) throw new Bug('the core is down')
    return this.#life
  }
}

/** What a node would warn of is counted, and what it could not live with is a problem. */
function logTo(trace: Trace): Logger {
  return {
    ...silentLogger,
    warn: (event) => {
      if (event === 'chain.delayed') trace.delays += 1
    },
    error: (event, facts) => {
      trace.problem(`${event} ${JSON.stringify(facts)}`)
    },
  }
}

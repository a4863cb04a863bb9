/**
 * The worst that spec §5 names: the founder of a forum, with all the reps that anybody can have, goes on in private from an
 * old version for 60 days, lets twenty sybils in and spends all on dislikes of what others wrote, while the others, and
 * now and then the founder, go on in public.
 */
import { DAY, FIRST_DAY, HOUR, keyOf, MINUTE, twinBlock, type Economy, type TwinParts } from './economy.ts'
import { headsOf, ReputationTwin, type TwinBlock } from './reputation-twin.ts'

export interface PrivateBranch extends Economy {
  /** How many blocks, the first ones, are public: in common and after. */
  readonly published: number
  readonly forkMs: number
  readonly dislikes: number
}

const FOUNDER = 0
const HONEST = [1, 2, 3, 4]
const SYBILS = Array.from({ length: 20 }, (_, n) => 100 + n)
const FORK_DAY = 14
const DAYS = 60

export function privateBranch(): PrivateBranch {
  const chain = { kind: 'forum', pioneers: [], pioneer: keyOf(FOUNDER) } as const
  const twin = new ReputationTwin(chain)
  const common = new Line('common', [])
  common.add(FOUNDER, 0)
  for (const by of HONEST) common.welcome(by, by * MINUTE)
  for (let day = 1; day < FORK_DAY - 1; day += 1) {
    for (const by of [FOUNDER, ...HONEST]) common.add(by, day * DAY + by * MINUTE)
  }
  for (const by of HONEST) common.add(by, (FORK_DAY - 1) * DAY + by * MINUTE)
  const forkMs = FIRST_DAY + FORK_DAY * DAY
  const open = new Line('open', common.blocks)
  for (let day = FORK_DAY; day < FORK_DAY + DAYS; day += 1) {
    for (const n of [0, 1]) open.add(HONEST[(2 * day + n) % HONEST.length]!, day * DAY + HOUR + n)
    if (day % 10 === 0) open.add(FOUNDER, day * DAY + 2 * HOUR)
  }
  const dark = new Line('dark', common.blocks)
  const targets = common.blocks.filter((u) => u.author !== keyOf(FOUNDER) && u.like === undefined)
  const repsOf = (by: number, time: number) => twin.reps(keyOf(by), new Set(dark.blocks), FIRST_DAY + time)
  let dislikes = 0
  for (let day = FORK_DAY; day < FORK_DAY + DAYS; day += 1) {
    const guest = SYBILS[day - FORK_DAY]
    if (guest !== undefined) dark.welcome(guest, day * DAY)
    for (const by of [FOUNDER, ...SYBILS]) {
      const time = day * DAY + HOUR + by * MINUTE
      // Whoever has reps posts to have more, and gives away what is left.
      if ((by === FOUNDER || (day + by) % 5 === 0) && repsOf(by, time) >= 1) dark.add(by, time)
      const target = targets[dislikes % targets.length]!
      if (dislikes < 100 && repsOf(by, time) >= 3) {
        dark.add(by, time, { like: { n: -1, target } })
        dislikes += 1
      }
    }
  }
  const blocks = [...open.blocks, ...dark.blocks.slice(common.blocks.length)]
  return { chain, blocks, published: open.blocks.length, forkMs, dislikes }
}

/** Blocks one upon the other. */
class Line {
  readonly blocks: TwinBlock[]
  readonly #name: string

  constructor(name: string, below: readonly TwinBlock[]) {
    this.#name = name
    this.blocks = [...below]
  }

  /** @param time - since the first day */
  add(by: number, time: number, more: Partial<TwinParts> = {}, backs = this.blocks.slice(-1)): TwinBlock {
    const parts = { author: keyOf(by), time: FIRST_DAY + time, ...more }
    const made = twinBlock(`${this.#name} ${this.blocks.length}`, backs, parts)
    this.blocks.push(made)
    return made
  }

  /** A post of somebody new, and the founder's like of it. */
  welcome(by: number, time: number): void {
    const heads = headsOf(new Set(this.blocks))
    const target = this.add(by, time)
    this.add(FOUNDER, time + 1, { like: { n: 1, target } }, [...heads, target])
  }
}

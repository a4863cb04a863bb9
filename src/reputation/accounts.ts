/**
 * One author's account in a ledger (spec §4): the changes of the balance, what mints days, and how much votes have to spare.
 * Answers what the author has, and whether there is standing, at any time in the past of any block; O(log n), and a step more
 * for each day that a like minted. Which votes count is told to it.
 */
import type { Graph } from '../dag/graph.ts'
import type { BlockTable } from './block-table.ts'
import { DayTrees, type DaySources } from './day-sources.ts'
import { MarginTrees, type Drift, type Margins, type Reach } from './margins.ts'
import { behind, blockOf, changeOf, DAY, entryOf, from, kindOf, LIKED, momentsOf, POST_MINTING } from './moments.ts'
import type { Changes, Kind, Moments, Place } from './moments.ts'
import type { Trees } from './persistent-tree.ts'
import type { Edit } from './tree-nodes.ts'
import { DAY_MS, dayOf, MAX_REPS, OLD_AGE_MS, WINDOW_MS, windowStart } from './rules.ts'

/** A change is in the window for so long, or moves a day of that window. */
export const REACH_MS = WINDOW_MS + DAY_MS

/** A day that goes over to another post: its moment is another one, or it is not there. */
const MOVED: Drift = { fall: 1, rise: 1 }

export interface Account {
  moments: Moments
  sources: DaySources
  /** Of the author's votes. */
  margins: Margins
}

/** A day that is not to be looked at, or one that is at another moment than its entry says. */
interface Correction {
  readonly moment: number
  /** The block whose entry is left out; else a day is minted here. */
  readonly leftOut: number | undefined
}

export class Accounts {
  readonly #graph: Graph
  readonly #table: BlockTable
  readonly #moments: Trees<Changes, Place>
  readonly #days: DayTrees
  readonly #margins: MarginTrees

  constructor(graph: Graph, table: BlockTable) {
    this.#graph = graph
    this.#table = table
    this.#moments = momentsOf(graph, table)
    this.#days = new DayTrees(graph, table)
    this.#margins = new MarginTrees(graph)
  }

  insert(account: Account, block: number, kind: Kind, edit: Edit): void {
    account.moments = this.#moments.insert(account.moments, entryOf(block, kind), edit)
    this.#drift(account, block, changeOf(kind))
  }

  remove(account: Account, block: number, kind: Kind, edit: Edit): void {
    account.moments = this.#moments.remove(account.moments, entryOf(block, kind), edit)
    this.#drift(account, block, -changeOf(kind))
  }

  /** A vote or post of the author's, of this kind before, counts from now on or does not. */
  turn(account: Account, block: number, { before, after }: { before: Kind; after: Kind }, edit: Edit): void {
    account.moments = this.#moments.replace(account.moments, entryOf(block, after), edit)
    this.#drift(account, block, changeOf(after) - changeOf(before))
  }

  /** Notes the author's balance before one of the author's votes. */
  noteBalance(account: Account, vote: number, noted: { counts: boolean; balance: number }): void {
    account.margins = this.#margins.put(account.margins, vote, noted)
  }

  /** A vote of the author's is not in any more. */
  forgetBalance(account: Account, vote: number): void {
    account.margins = this.#margins.remove(account.margins, vote)
  }

  /** The first of the author's votes that may have turned by changes since its balance was noted, and whether it counted. */
  firstAtRisk({ margins }: Account): { readonly vote: number; readonly counts: boolean } | undefined {
    return this.#margins.firstAtRisk(margins)
  }

  /** The kind of a vote or post of the author's, given one that it may have. */
  kindOf(account: Account, block: number, like: Kind): Kind | undefined {
    const entry = this.#moments.find(account.moments, entryOf(block, like))
    return entry === undefined ? undefined : kindOf(entry)
  }

  /** A minting post, or a like of a post. */
  addSource(account: Account, source: number, edit: Edit): void {
    const before = this.#days.entryOf(account.sources, source)
    account.sources = this.#days.insert(account.sources, source, edit)
    this.#moveDay(account, source, { before, after: this.#days.entryOf(account.sources, source) }, edit)
  }

  removeSource(account: Account, source: number, edit: Edit): void {
    const before = this.#days.entryOf(account.sources, source)
    account.sources = this.#days.remove(account.sources, source, edit)
    this.#moveDay(account, source, { before, after: this.#days.entryOf(account.sources, source) }, edit)
  }

  /**
   * The balance at `t`: after all blocks, or after those that come before one of this time in order.
   * @param block - of time `t`
   */
  balance(account: Account, base: number, t: number, block?: number): number {
    const start = windowStart(t)
    const { moments } = account
    let x = base
    // What is 24 h later belongs to blocks that are out of the window here.
    const ripe = start + OLD_AGE_MS
    this.#moments.range(moments, from(start), from(ripe), ({ sumNow, capNow }) => {
      x = Math.min(capNow, x + sumNow)
    })
    let place = from(ripe)
    const goTo = (next: Place, on = next): void => {
      this.#moments.range(moments, place, next, ({ sum, cap }) => {
        x = Math.min(cap, x + sum)
      })
      place = on
    }
    const group = (which: 0 | 1 | 2): Place => ({ moment: t, group: which, block: block ?? 'last' })
    let isInLast = block === undefined
    const enterLast = (): void => {
      if (!isInLast) goTo(group(0), { moment: t, group: 1, block: 'first' })
      isInLast = true
    }
    for (const { moment, leftOut } of this.#corrections(account, start, t)) {
      if (moment === t) enterLast()
      const at: Place = { moment, group: 1, block: leftOut ?? 'first' }
      goTo(at, leftOut === undefined ? at : { ...at, isBehind: true })
      if (leftOut === undefined) x = Math.min(MAX_REPS, x + 1)
    }
    enterLast()
    goTo(block === undefined ? behind(t) : group(2))
    return x
  }

  /**
   * Until when there is standing, once there is at a post of the author's: what gives it is a like that counts, or a minting
   * post that is 24 h old. `undefined` if there is none.
   */
  standingUntil({ moments }: Account, post: number): number | undefined {
    const t = this.#graph.time(post)
    const like = this.#moments.lastBefore(
      moments,
      { moment: t, group: 2, block: post },
      ({ likes }) => likes > 0,
      (entry) => kindOf(entry) === LIKED,
    )
    const minting = this.#moments.lastBefore(
      moments,
      { moment: t - OLD_AGE_MS, group: 0, block: 'last' },
      ({ mintingPosts }) => mintingPosts > 0,
      (entry) => kindOf(entry) === POST_MINTING,
    )
    const latest = Math.max(
      ...[like, minting].map((entry) => (entry === undefined ? -Infinity : this.#graph.time(blockOf(entry)))),
    )
    return latest >= windowStart(t) ? latest + WINDOW_MS : undefined
  }

  /** The first own block behind one in order, of those that `isOf` knows. */
  nextBehind(
    { moments }: Account,
    block: number,
    holds: (changes: Changes) => boolean,
    isOf: (kind: Kind) => boolean,
  ): { readonly block: number; readonly kind: Kind } | undefined {
    const place: Place = { moment: this.#graph.time(block), group: 0, block, isBehind: true }
    return this.#next(moments, place, holds, isOf)
  }

  /** The same of those later than a time. */
  nextAfter(
    { moments }: Account,
    time: number,
    holds: (changes: Changes) => boolean,
    isOf: (kind: Kind) => boolean,
  ): { readonly block: number; readonly kind: Kind } | undefined {
    return this.#next(moments, behind(time), holds, isOf)
  }

  /** The first like behind a block in order. */
  nextLike({ moments }: Account, block: number): number | undefined {
    const place: Place = { moment: this.#graph.time(block), group: 2, block, isBehind: true }
    return this.#next(
      moments,
      place,
      ({ likes }) => likes > 0,
      (kind) => kind === LIKED,
    )?.block
  }

  /** What of an account comes no later in order than a block. */
  upTo({ moments, sources, margins }: Account, last: number, edit: Edit): Account {
    const time = this.#graph.time(last)
    const isKept = (block: number): boolean => this.#graph.compare(block, last) <= 0
    let kept = this.#moments.before(moments, from(time), edit)
    // Ties, and later moments of blocks that are not later.
    for (const entry of this.#moments.entries(moments, from(time), behind(time + OLD_AGE_MS))) {
      if (isKept(blockOf(entry))) kept = this.#moments.insert(kept, entry, edit)
    }
    return {
      moments: kept,
      sources: this.#days.upTo(sources, last, edit),
      margins: this.#margins.upTo(margins, last),
    }
  }

  #next(
    moments: Moments,
    place: Place,
    holds: (changes: Changes) => boolean,
    isOf: (kind: Kind) => boolean,
  ): { readonly block: number; readonly kind: Kind } | undefined {
    const entry = this.#moments.firstFrom(moments, place, holds, (each) => isOf(kindOf(each)))
    return entry === undefined ? undefined : { block: blockOf(entry), kind: kindOf(entry) }
  }

  /**
   * Where the window from `start` on parts a day, it may be minted by later posts than it is as a whole. A day that is
   * minted by a late like of a post before the window is not minted at all there.
   */
  #corrections(account: Account, start: number, t: number): readonly Correction[] {
    const parted = dayOf(start)
    const whole = this.#days.earliestOf(account.sources, parted)
    const part = whole === undefined ? undefined : this.#days.earliest(account.sources, start, (parted + 1) * DAY_MS)
    const corrections: Correction[] = []
    if (part !== undefined && part !== whole && this.#days.minted(part) <= t) {
      corrections.push({ moment: this.#days.minted(part), leftOut: undefined })
    }
    const { moments } = account
    if ((moments?.summary.likedDays ?? 0) === 0) return corrections
    const place = from(start + OLD_AGE_MS)
    for (const source of this.#likedDays(moments, place, t)) {
      const day = this.#days.dayOf(source)
      const isLeftOut = day < parted || (day === parted && source !== part)
      if (isLeftOut) corrections.push({ moment: this.#days.minted(source), leftOut: source })
    }
    // A day that is minted comes first within a moment.
    return corrections.sort((a, b) => a.moment - b.moment)
  }

  /** The likes that mint a day at a moment from `place` to `t`, in order. */
  *#likedDays(moments: Moments, place: Place, t: number): Generator<number> {
    const isLikedDay = (entry: number): boolean => kindOf(entry) === DAY && !this.#table.isPost(blockOf(entry))
    for (let at = place; ;) {
      const entry = this.#moments.firstFrom(moments, at, ({ likedDays }) => likedDays > 0, isLikedDay)
      if (entry === undefined) return
      const block = blockOf(entry)
      const moment = this.#days.minted(block)
      if (moment > t) return
      yield block
      at = { moment, group: 1, block, isBehind: true }
    }
  }

  #moveDay(
    account: Account,
    source: number,
    { before, after }: { before?: number | undefined; after?: number | undefined },
    edit: Edit,
  ): void {
    if (before === after) {
      // It may be the earliest one where the window's edge parts its day.
      const fromMs = this.#days.dayOf(source) * DAY_MS + WINDOW_MS
      this.#driftIn(account, MOVED, { behind: source, fromMs, untilMs: fromMs + DAY_MS })
      return
    }
    if (before !== undefined) this.remove(account, before, DAY, edit)
    if (after !== undefined) this.insert(account, after, DAY, edit)
  }

  /**
   * Balances behind a block moved by at most so much: capping, and a window that begins later, make no difference larger.
   */
  #drift(account: Account, block: number, change: number): void {
    if (change === 0) return
    const untilMs = this.#graph.time(block) + REACH_MS
    this.#driftIn(account, { fall: Math.max(0, -change), rise: Math.max(0, change) }, { behind: block, untilMs })
  }

  #driftIn(account: Account, by: Drift, reach: Reach): void {
    account.margins = this.#margins.drift(account.margins, by, reach)
  }
}

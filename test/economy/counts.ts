/** What is counted of played days, and what is measured at the end of each. Reps are those that the engine says. */
import type { Content } from './played-forum.ts'
import type { World } from './world.ts'

type ByContent = Record<Content, number>

/** Since the day before, but for what is marked. */
export interface DayCounts {
  readonly day: number
  /** Posts read by honest members. */
  readonly views: ByContent
  /** Held posts looked at by honest members. */
  readonly looks: ByContent
  /** Posts by honest members, and those of them that were held. */
  readonly posts: number
  readonly held: number
  /** Votes of honest members: welcomes, likes of accepted posts, dislikes. */
  readonly welcomes: ByContent
  readonly likes: ByContent
  readonly dislikes: ByContent
  /** Posts that became hidden. */
  readonly hidden: ByContent
  readonly withdrawn: number
  /** At the end: honest members who are in, and those of them that can post by themselves. */
  readonly members: number
  readonly able: number
  /** At the end: reps of honest members, all and by Gini coefficient, and of attackers' keys. */
  readonly reps: number
  readonly gini: number
  readonly attackersReps: number
  /** At the end: attackers' keys that can post by themselves. */
  readonly keys: number
}

const none = (): ByContent => ({ honest: 0, harmless: 0, spam: 0 })

export class Counts {
  #views = none()
  #looks = none()
  #welcomes = none()
  #likes = none()
  #dislikes = none()
  #posts = 0
  #held = 0
  #hiddenBefore = none()
  #withdrawnBefore = 0

  noteView(content: Content): void {
    this.#views[content] += 1
  }

  noteLook(content: Content): void {
    this.#looks[content] += 1
  }

  notePost(isAccepted: boolean): void {
    this.#posts += 1
    if (!isAccepted) this.#held += 1
  }

  noteVote(n: 1 | -1, isWelcome: boolean, content: Content): void {
    const column = n === -1 ? this.#dislikes : isWelcome ? this.#welcomes : this.#likes
    column[content] += 1
  }

  endDay(world: World): DayCounts {
    const { forum, nowMs } = world
    const members = world.people.filter(({ inMs }) => inMs !== undefined)
    const reps = members.map(({ number }) => forum.repsOf(number, nowMs))
    const theirs = [...world.keys].map((key) => forum.repsOf(key, nowMs))
    const hidden = difference(forum.hidden, this.#hiddenBefore)
    const counts = {
      day: world.day,
      views: this.#views,
      looks: this.#looks,
      posts: this.#posts,
      held: this.#held,
      welcomes: this.#welcomes,
      likes: this.#likes,
      dislikes: this.#dislikes,
      hidden,
      withdrawn: forum.withdrawn - this.#withdrawnBefore,
      members: members.length,
      able: reps.filter((one) => one >= 1).length,
      reps: sum(reps),
      gini: giniOf(reps),
      attackersReps: sum(theirs),
      keys: theirs.filter((one) => one >= 1).length,
    }
    this.#withdrawnBefore = forum.withdrawn
    this.#hiddenBefore = { ...forum.hidden }
    this.#views = none()
    this.#looks = none()
    this.#welcomes = none()
    this.#likes = none()
    this.#dislikes = none()
    this.#posts = 0
    this.#held = 0
    return counts
  }
}

/** 0: all have the same; near 1: one has it all. What is below 0 counts as 0. */
export function giniOf(values: readonly number[]): number {
  const sorted = values.map((value) => Math.max(0, value)).sort((a, b) => a - b)
  const total = sum(sorted)
  if (total === 0) return 0
  const weighted = sum(sorted.map((value, n) => (2 * n + 1 - sorted.length) * value))
  return weighted / (sorted.length * total)
}

/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Share of spam in these views. */
export function spamIn(days: readonly DayCounts[]): number {
  const seen = sum(days.map(({ views }) => views.honest + views.harmless + views.spam))
  return seen === 0 ? 0 : sum(days.map(({ views }) => views.spam)) / seen
}

function difference(now: ByContent, before: ByContent): ByContent {
  return {
    honest: now.honest - before.honest,
    harmless: now.harmless - before.harmless,
    spam: now.spam - before.spam,
  }
}

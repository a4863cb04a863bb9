/**
 * Attackers: many keys in one hand, or several people who act as one. They see everything, and have no rep that the engine did not
 * give them.
 */
import { DAY } from '../support/economy.ts'
import type { Agent, Person } from './person.ts'
import type { Message } from './played-forum.ts'
import type { World } from './world.ts'

/** Posts that one key makes on one visit, if it has the reps. */
const POSTS_AT_ONCE = 3

/** Times a day that whoever has the keys looks after them. */
const VISITS = 4

/** Times a day that whoever watches the door looks there. */
const WATCHES = 48

/** Strangers' keys: each has a post that waits; one that is in posts as much as it can, and is replaced when it cannot any more. */
export class Strangers implements Agent {
  readonly #keys: number[]
  readonly #areIn = new Set<number>()
  readonly #fromDay: number
  readonly #breeds: boolean

  /** @param breeds - they are in one hand: who is in spends its first rep on the next one */
  constructor(world: World, { keys, fromDay, breeds = false }: { keys: number; fromDay: number; breeds?: boolean }) {
    this.#keys = Array.from({ length: keys }, () => world.newKey())
    this.#fromDay = fromDay
    this.#breeds = breeds
  }

  visitsOn(day: number): number {
    return day < this.#fromDay ? 0 : VISITS
  }

  visit(world: World, nowMs: number): void {
    const { forum } = world
    for (const [n, key] of this.#keys.entries()) {
      const reps = forum.repsOf(key, nowMs)
      if (reps >= 1) {
        this.#areIn.add(key)
        if (this.#breeds) this.#welcomeOne(world, key, nowMs)
        for (let posts = 0; posts < POSTS_AT_ONCE && forum.repsOf(key, nowMs) >= 1; posts += 1) {
          world.post({ number: key, isHonest: false }, 'spam', nowMs)
        }
      } else if (reps < 0 && this.#areIn.has(key)) this.#keys[n] = world.newKey()
      else if (!this.#areIn.has(key) && !forum.held.has(key)) {
        world.post({ number: key, isHonest: false }, 'spam', nowMs)
      }
    }
  }

  #welcomeOne(world: World, by: number, nowMs: number): void {
    const next = this.#keys.find((key) => !this.#areIn.has(key) && world.forum.held.has(key))
    const post = next === undefined ? undefined : world.forum.held.get(next)
    if (next === undefined || post === undefined) return
    if (world.vote({ number: by, isHonest: false }, 1, post, nowMs)) this.#areIn.add(next)
  }
}

/** Spends what keys have: on dislikes that silence members, the cheapest first, and on spam. */
export class Raid implements Agent {
  readonly keys: readonly number[]
  readonly #lastPost = new Map<number, number>()
  readonly #fromDay: number
  readonly #spamOnly: boolean

  constructor(keys: readonly number[], { fromDay, spamOnly = false }: { fromDay: number; spamOnly?: boolean }) {
    this.keys = keys
    this.#fromDay = fromDay
    this.#spamOnly = spamOnly
  }

  visitsOn(day: number): number {
    return day < this.#fromDay ? 0 : VISITS
  }

  visit(world: World, nowMs: number): void {
    const { forum } = world
    const victims = new Victims(world, nowMs)
    for (const number of this.keys) {
      const key = { number, isHonest: false }
      let reps = forum.repsOf(number, nowMs)
      // A post a day, for the rep that it will be worth.
      if (reps >= 1 && nowMs - (this.#lastPost.get(number) ?? 0) >= DAY) {
        world.post(key, 'spam', nowMs)
        this.#lastPost.set(number, nowMs)
        reps = forum.repsOf(number, nowMs)
      }
      for (; reps >= 1; reps = forum.repsOf(number, nowMs)) {
        const post = this.#spamOnly ? undefined : victims.next()
        if (post === undefined || !world.vote(key, -1, post, nowMs)) world.post(key, 'spam', nowMs)
      }
    }
  }
}

/** Posts of honest members who can still post, those with the fewest reps first. */
class Victims {
  readonly #world: World
  readonly #nowMs: number
  readonly #able: number[]

  constructor(world: World, nowMs: number) {
    this.#world = world
    this.#nowMs = nowMs
    const reps = world.people.map(({ number }) => ({ number, reps: world.forum.repsOf(number, nowMs) }))
    this.#able = reps
      .filter((one) => one.reps >= 1)
      .sort((a, b) => b.reps - a.reps || a.number - b.number)
      .map(({ number }) => number)
  }

  next(): Message | undefined {
    for (let at = this.#able.at(-1); at !== undefined; at = this.#able.at(-1)) {
      const post = this.#world.forum.latestOf(at)
      if (post !== undefined && this.#world.forum.repsOf(at, this.#nowMs) >= 1) return post
      this.#able.pop()
    }
    return undefined
  }
}

export interface FarmOptions {
  /** A member in disguise, whose reps the farm begins with. */
  readonly insider: Person
  readonly fromDay: number
  /** Accounts wanted; no more are raised then. */
  readonly size: number
  /** Each account posts once in so many days, when the farm has its size; while it grows, each day, to grow faster. */
  readonly everyDays: number
  /** Loud: spam from the beginning. */
  readonly isLoud?: boolean
  /** The accounts watch the door, and welcome honest newcomers before anybody else does. */
  readonly greets?: boolean
}

/** An insider's accounts: each one that has a rep left welcomes the next. */
export class Farm implements Agent {
  readonly accounts: number[] = []
  readonly #options: FarmOptions
  readonly #lastPost = new Map<number, number>()
  #spentMs = 0
  /** Another agent has the accounts now. */
  isOver = false

  constructor(options: FarmOptions) {
    this.#options = options
  }

  visitsOn(day: number): number {
    if (day < this.#options.fromDay || this.isOver) return 0
    return this.#options.greets === true ? WATCHES : VISITS
  }

  visit(world: World, nowMs: number): void {
    const { insider } = this.#options
    if (this.#options.greets === true) {
      this.#greet(world, nowMs)
      if (nowMs - this.#spentMs < DAY / VISITS) return
      this.#spentMs = nowMs
    }
    for (const key of [insider.number, ...this.accounts]) this.#spend(world, key, nowMs)
  }

  #greet(world: World, nowMs: number): void {
    const waiting = [...world.forum.held.values()].filter(({ content }) => content === 'honest')
    for (const number of this.accounts) {
      const [post] = waiting
      if (post === undefined) return
      if (world.forum.repsOf(number, nowMs) >= 1 && world.vote({ number, isHonest: false }, 1, post, nowMs))
        waiting.shift()
    }
  }

  #spend(world: World, number: number, nowMs: number): void {
    const { size, everyDays, isLoud = false } = this.#options
    const { forum } = world
    const key = { number, isHonest: false }
    const isGrowing = this.accounts.length < size
    const content = isLoud ? 'spam' : 'harmless'
    const sinceMs = nowMs - (this.#lastPost.get(number) ?? 0)
    const isDue = sinceMs >= (isGrowing || isLoud ? DAY : everyDays * DAY)
    let reps = forum.repsOf(number, nowMs)
    if (reps >= 1 && isDue) {
      world.post(key, content, nowMs)
      this.#lastPost.set(number, nowMs)
      reps = forum.repsOf(number, nowMs)
    }
    for (; reps >= 1 && this.accounts.length < size; reps = forum.repsOf(number, nowMs)) {
      const fresh = world.newKey()
      const post = world.post({ number: fresh, isHonest: false }, content, nowMs)
      if (!world.vote(key, 1, post, nowMs)) return
      this.accounts.push(fresh)
      this.#lastPost.set(fresh, nowMs)
    }
  }
}

/** Members in disguise who hide what honest members write, five dislikes a post, and like each other with what is left. */
export class Colluders implements Agent {
  readonly #members: readonly Person[]
  readonly #fromDay: number
  /** Dislikes that hit an honest post. */
  spent = 0

  constructor(members: readonly Person[], { fromDay }: { fromDay: number }) {
    this.#members = members
    this.#fromDay = fromDay
  }

  visitsOn(day: number): number {
    return day < this.#fromDay ? 0 : VISITS
  }

  visit(world: World, nowMs: number): void {
    const { forum } = world
    const targets = forum.posts.slice(-20).filter((post) => post.content === 'honest' && forum.isShown(post))
    for (let post = targets.pop(); post !== undefined; post = targets.pop()) {
      for (const member of this.#members) {
        // One rep stays, for a post of one's own.
        if (!forum.isShown(post)) break
        if (forum.repsOf(member.number, nowMs) >= 2 && world.vote(member, -1, post, nowMs)) this.spent += 1
      }
      // Without reps for this one there are none for the next.
      if (forum.isShown(post)) return
    }
  }
}

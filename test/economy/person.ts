/**
 * Somebody of a played forum: comes now and then, reads, votes, looks at posts that wait for a like, and posts. What he does
 * costs him reps by the engine alone.
 */
import { LOOKED_AT, PATIENCE_DAYS, READ_AT_ONCE, REGULAR, WELCOMED, type Habits } from './habits.ts'
import type { Message, PlayedForum } from './played-forum.ts'
import type { World } from './world.ts'
import { DAY } from '../support/economy.ts'

/** Somebody, or a number of keys in one hand, who does something when his time comes. */
export interface Agent {
  /** How often he comes on this day. */
  visitsOn(day: number, world: World): number
  visit(world: World, nowMs: number): void
}

const TROLL_PATIENCE_MS = 7 * DAY
/** On one visit. */
const TROLL_DISLIKES = 2

export interface PersonOptions {
  readonly number: number
  readonly habits: Habits
  /** When he first comes, in ms. */
  readonly arrivesMs: number
  readonly isHonest?: boolean
}

export class Person implements Agent {
  readonly number: number
  readonly habits: Habits
  readonly arrivesMs: number
  readonly isHonest: boolean
  /** When his first post was accepted. */
  inMs: number | undefined
  /** He has come for the last time. */
  hasLeft = false
  #read = 0
  #askedMs: number | undefined

  constructor({ number, habits, arrivesMs, isHonest = true }: PersonOptions) {
    this.number = number
    this.habits = habits
    this.arrivesMs = arrivesMs
    this.isHonest = isHonest
  }

  visitsOn(day: number, { startMs, dice }: World): number {
    const dayMs = startMs + day * DAY
    if (this.hasLeft || this.arrivesMs >= dayMs + DAY) return 0
    const { visits } = this.habits
    return Math.floor(visits) + (dice.chance(visits % 1) ? 1 : 0)
  }

  /** Whatever {@link visitsOn} says, he comes once when he arrives. */
  visit(world: World, nowMs: number): void {
    if (this.hasLeft || nowMs < this.arrivesMs) return
    const forum = world.forumOf(this)
    this.#readNew(world, forum, nowMs)
    const { dice } = world
    if (dice.chance(this.habits.looks)) this.#lookAtHeld(world, forum, nowMs)
    if (this.inMs === undefined) this.#askIn(world, nowMs)
    else if (dice.chance(this.habits.posts)) this.write(world, nowMs)
  }

  protected write(world: World, nowMs: number): void {
    world.post(this, this.isHonest ? 'honest' : 'harmless', nowMs)
  }

  /** A first post, and another one each day until one is welcomed. */
  #askIn(world: World, nowMs: number): void {
    if (nowMs - this.arrivesMs > PATIENCE_DAYS * DAY) this.hasLeft = true
    else if (this.#askedMs === undefined || nowMs - this.#askedMs >= DAY) {
      this.#askedMs = nowMs
      this.write(world, nowMs)
    }
  }

  #readNew(world: World, forum: PlayedForum, nowMs: number): void {
    const { posts } = forum
    const from = Math.max(this.#read, posts.length - READ_AT_ONCE)
    this.#read = posts.length
    // Asked again after each vote: `posts` does not grow meanwhile.
    let reps = forum.repsOf(this.number, nowMs)
    for (let at = from; at < this.#read; at += 1) {
      const message = posts[at]
      if (message === undefined || message.by === this.number || !forum.isShown(message)) continue
      if (this.isHonest) world.noteView(message.content)
      const n = this.#opinionOf(message, world)
      const least = n === 1 ? this.habits.reserve : 1
      if (n === 0 || reps <= least) continue
      if (world.vote(this, n, message, nowMs)) reps = forum.repsOf(this.number, nowMs)
    }
  }

  #opinionOf({ content }: Message, { dice, options }: World): -1 | 0 | 1 {
    const { likes, dislikes } = this.habits
    if (content === 'spam') return dice.chance(dislikes) ? -1 : 0
    return dice.chance(content === 'honest' ? likes : likes * options.harmlessLikes) ? 1 : 0
  }

  #lookAtHeld(world: World, forum: PlayedForum, nowMs: number): void {
    const { dice, options } = world
    const waiting = [...forum.held.values()]
    for (let looked = 0; looked < LOOKED_AT && waiting.length > 0; looked += 1) {
      const [message] = waiting.splice(dice.below(waiting.length), 1)
      if (message === undefined || message.by === this.number) continue
      world.noteLook(message.content)
      const isTaken = dice.chance(message.content === 'spam' ? options.wrongWelcomes : WELCOMED)
      if (isTaken && forum.repsOf(this.number, nowMs) > 1) world.vote(this, 1, message, nowMs)
    }
  }
}

/** Behaves for a week, then writes what nobody wants to read, and dislikes what others write. */
export class Troll extends Person {
  constructor(number: number, arrivesMs: number) {
    super({ number, habits: REGULAR, arrivesMs, isHonest: false })
  }

  override visit(world: World, nowMs: number): void {
    const { forum } = world
    if (this.inMs === undefined || nowMs - this.inMs < TROLL_PATIENCE_MS) {
      super.visit(world, nowMs)
      return
    }
    if (forum.repsOf(this.number, nowMs) >= 1) world.post(this, 'spam', nowMs)
    const targets = forum.posts.slice(-READ_AT_ONCE).filter((post) => post.content === 'honest')
    for (let n = 0; n < TROLL_DISLIKES && forum.repsOf(this.number, nowMs) >= 2; n += 1) {
      const target = world.dice.pick(targets)
      if (target !== undefined && forum.isShown(target)) world.vote(this, -1, target, nowMs)
    }
  }
}

/**
 * Played days: agents come at times that chance gives them, and act through the engine; what happens is counted, day by day.
 * A run is decided by its options and its seed.
 */
import { chainOf } from '../../src/dag/chain.ts'
import { Bug } from '../../src/dag/result.ts'
import { DAY, FIRST_DAY, keyOf } from '../support/economy.ts'
import { Dice } from '../support/random.ts'
import { Counts, type DayCounts } from './counts.ts'
import { OCCASIONAL, REGULAR, REGULARS } from './habits.ts'
import { Person, type Agent } from './person.ts'
import { BlockNumbers, PlayedForum, type Content, type Message } from './played-forum.ts'

export interface WorldOptions {
  /** Honest members in the end, the pioneers among them. */
  readonly members: number
  readonly days: number
  readonly seed: number
  /** Given pioneers (spec §2); 0: the first post's author is the pioneer. Default 0. */
  readonly pioneers?: number
  /** The others arrive within so many days, evenly. Default: three a day, but not in less than 10 days. */
  readonly arrivalDays?: number
  /** Share of the members who are newcomers all along: they arrive evenly over all days. Default 0.2. */
  readonly latecomers?: number
  /** Share of strangers' spam that a member who looks at it takes for a newcomer's post. Default 0. */
  readonly wrongWelcomes?: number
  /** How often an attacker's harmless post is liked, by the measure of honest ones. Default 1. */
  readonly harmlessLikes?: number
}

/** Somebody's tie to the first forum, or to the second while they are apart. */
interface Authored {
  readonly number: number
  readonly isHonest: boolean
}

export class World {
  readonly options: Required<WorldOptions>
  readonly dice: Dice
  readonly startMs = FIRST_DAY
  readonly counts: Counts
  /** Honest ones, the pioneers first. */
  readonly people: Person[] = []
  readonly #agents: Agent[] = []
  readonly #persons = new Map<number, Person>()
  /** Keys in attackers' hands. */
  readonly keys = new Set<number>()
  #forums: readonly [PlayedForum, PlayedForum?]
  /** While they are apart: where travellers are. */
  readonly #halves = new Map<number, number>()
  #authors = 0
  #day = 0

  constructor(options: WorldOptions) {
    const { members, pioneers = 0, wrongWelcomes = 0, harmlessLikes = 1, latecomers = 0.2 } = options
    const { arrivalDays = Math.max(10, Math.round(members / 3)) } = options
    this.options = { ...options, pioneers, arrivalDays, wrongWelcomes, harmlessLikes, latecomers }
    this.dice = new Dice(options.seed)
    this.counts = new Counts()
    const founders = Math.max(1, pioneers)
    const regulars = Math.max(founders, Math.round(members * REGULARS))
    for (let n = 0; n < members; n += 1) {
      const arrivesMs = n < founders ? 0 : this.#arrivalOf(n - founders + 1)
      // Regulars and occasionals come in turns.
      const isRegular =
        n < founders || Math.floor((n * regulars) / members) !== Math.floor(((n - 1) * regulars) / members)
      const habits = isRegular ? REGULAR : OCCASIONAL
      const person = new Person({ number: this.newAuthor(), habits, arrivesMs: this.startMs + arrivesMs })
      this.people.push(person)
      this.join(person)
    }
    const keys = pioneers === 0 ? [] : this.people.slice(0, pioneers).map(({ number }) => keyOf(number))
    const chain = chainOf('#played', keys)
    if (!chain.ok) throw new Bug('the forum has a name')
    this.#forums = [new PlayedForum(chain.value, new BlockNumbers())]
    for (const founder of this.people.slice(0, founders)) {
      founder.inMs = this.startMs
      this.post(founder, 'honest', this.startMs)
    }
  }

  /** In ms from the start: every so-many-th comes late. */
  #arrivalOf(n: number): number {
    const { members, days, arrivalDays, latecomers } = this.options
    const isLate = Math.floor(n * latecomers) !== Math.floor((n - 1) * latecomers)
    return Math.round((n / members) * (isLate ? days : arrivalDays) * DAY)
  }

  get forum(): PlayedForum {
    return this.#forums[0]
  }

  get day(): number {
    return this.#day
  }

  forumOf({ number }: { readonly number: number }): PlayedForum {
    const [first, second = first] = this.#forums
    return (this.#halves.get(number) ?? number % 2) === 0 ? first : second
  }

  newAuthor(): number {
    this.#authors += 1
    return this.#authors
  }

  /** A key in an attacker's hand. */
  newKey(): number {
    const key = this.newAuthor()
    this.keys.add(key)
    return key
  }

  join(agent: Agent): void {
    this.#agents.push(agent)
    if (agent instanceof Person) this.#persons.set(agent.number, agent)
  }

  /** Somebody who is an attacker's, and behaves as a regular, but for likes and welcomes, until he is made use of. */
  joinInDisguise(arrivesDay: number): Person {
    const habits = { ...REGULAR, likes: 0, looks: 0 }
    const arrivesMs = this.startMs + arrivesDay * DAY + this.dice.below(DAY)
    const person = new Person({ number: this.newKey(), habits, arrivesMs, isHonest: false })
    this.join(person)
    return person
  }

  post(by: Authored, content: Content, nowMs: number): Message {
    const { message, isAccepted } = this.forumOf(by).post(by.number, content, nowMs)
    if (by.isHonest) this.counts.notePost(isAccepted)
    return message
  }

  vote(by: Authored, n: 1 | -1, message: Message, nowMs: number): boolean {
    const forum = this.forumOf(by)
    const isWelcome = !forum.isAccepted(message)
    if (!forum.vote(by.number, n, message, nowMs)) return false
    if (by.isHonest) this.counts.noteVote(n, isWelcome, message.content)
    const guest = isWelcome ? this.#persons.get(message.by) : undefined
    if (guest !== undefined) guest.inMs ??= nowMs
    return true
  }

  noteView(content: Content): void {
    this.counts.noteView(content)
  }

  noteLook(content: Content): void {
    this.counts.noteLook(content)
  }

  /**
   * The forum falls into two: members with odd numbers, and those with even ones.
   * @param travellers - share of the members who are now in one half and now in the other, visit by visit
   */
  part(travellers: number): void {
    this.#forums = [this.forum, this.forum.copy(this.nowMs)]
    const many = Math.round(travellers * this.people.length)
    for (const { number } of this.people.slice(1, 1 + many)) this.#halves.set(number, 0)
  }

  /** Both halves give each other what they accept. Returns how many blocks either accepted before. */
  meet(): number {
    const [first, second] = this.#forums
    if (second === undefined) throw new Bug('the forum is not apart')
    const blocks = new Set([first, second].flatMap((half) => [...half.accepted()]))
    first.take(second, this.nowMs)
    this.#forums = [first]
    this.#halves.clear()
    return blocks.size
  }

  /** The begin of the day that is played next. */
  get nowMs(): number {
    return this.startMs + this.#day * DAY
  }

  /** Plays a day, and says what was counted at its end. */
  playDay(): DayCounts {
    const visits: { readonly atMs: number; readonly agent: Agent }[] = []
    for (const agent of this.#agents) {
      const first = agent instanceof Person ? agent.arrivesMs : -1
      if (first >= this.nowMs && first < this.nowMs + DAY) visits.push({ atMs: first, agent })
      const times = agent.visitsOn(this.#day, this)
      for (let n = 0; n < times; n += 1) visits.push({ atMs: this.nowMs + 1 + this.dice.below(DAY - 1), agent })
    }
    visits.sort((a, b) => a.atMs - b.atMs)
    for (const { atMs, agent } of visits) {
      if (agent instanceof Person && this.#halves.has(agent.number)) this.#halves.set(agent.number, this.dice.below(2))
      agent.visit(this, atMs)
    }
    this.#day += 1
    return this.counts.endDay(this)
  }
}

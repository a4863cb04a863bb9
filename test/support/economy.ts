/**
 * Economies for tests: blocks by several authors, likes, forks and played days.
 * - `twinBlock(name, backs, parts)`: one block for the slow twin; the height follows, the id is made of the name.
 * - `economies(most)`: fast-check, random DAGs of at most about that many blocks by honest, equivocating, colluding,
 *   backdating authors and authors without reps, as simulated peers with partitions would make them; sound or not.
 * - `closedPart(blocks, picks)`, `shuffled(blocks, priorities)`: what one peer knows; another order of arrival.
 * - `acceptedHeads(twin, known, …)`: what the posting rule (spec §5) links.
 * - `legalHistory({ posts, … })`: a long forum history that is legal under §4, without the twin and deterministic.
 */
import fc from 'fast-check'
import { Bug } from '../../src/dag/result.ts'
import type { AuthorKey } from '../../src/dag/ids.ts'
import { drawnId } from './draw.ts'
import { randomFrom } from './random.ts'
import { headsOf, inOrder, past, ReputationTwin, withPasts, backsOf } from './reputation-twin.ts'
import type { TwinBlock, TwinChain, TwinSet } from './reputation-twin.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Midnight (UTC), 14 November 2023; where all played days begin. */
export const FIRST_DAY = 1_699_920_000_000

/** The key of author number n: no key pair belongs to it. */
export function keyOf(n: number): AuthorKey {
  return n.toString(16).toUpperCase().padStart(64, '0') as AuthorKey
}

export interface TwinParts {
  readonly author?: string
  readonly time: number
  readonly like?: { readonly n: 1 | -1; readonly target: TwinBlock }
}

/** On no backs: on the genesis. */
export function twinBlock(name: string, backs: readonly TwinBlock[], parts: TwinParts): TwinBlock {
  const height = 1 + Math.max(0, ...backs.map((back) => back.height))
  return { id: idNamed(name), height, backs: backs.length === 0 ? 'genesis' : backs, ...parts }
}

const idsByName = new Map<string, string>()

function idNamed(name: string): string {
  const known = idsByName.get(name) ?? drawnId(name)
  idsByName.set(name, known)
  return known
}

const MOST_BACKS = 16

/**
 * What a post links that is made where these blocks are accepted: all heads but those whose authors are below zero,
 * of more than 16 the ones that the posting rule prefers.
 */
export function acceptedHeads(
  twin: ReputationTwin,
  accepted: TwinSet,
  author: string,
  now: number,
  target?: TwinBlock,
) {
  const isAvoided = (head: TwinBlock) =>
    head.author !== undefined && !twin.isUnlimited(head.author) && twin.reps(head.author, accepted, now) < 0
  let set = accepted
  for (let bad = headsOf(set).filter(isAvoided); bad.length > 0; bad = headsOf(set).filter(isAvoided)) {
    const left = new Set(set)
    for (const head of bad) left.delete(head)
    // What only that head had brought in goes with it.
    set = twin.accepted(left)
  }
  const latest = inOrder([...set].filter((u) => u.author === author)).at(-1)
  const isOver = (head: TwinBlock, below: TwinBlock | undefined) =>
    below !== undefined && (head === below || past(head).has(below))
  const rank = (head: TwinBlock) => (isOver(head, latest) ? 0 : isOver(head, target) ? 1 : 2)
  const heads = headsOf(set).reverse()
  const first = [heads.find((head) => rank(head) === 0), heads.find((head) => isOver(head, target))]
  const welcomed = target === undefined || accepted.has(target) ? [] : [target]
  const wanted = [...first.slice(0, 1), ...welcomed, ...first.slice(1), ...heads]
  const chosen = [...new Set(wanted.filter((u) => u !== undefined))].slice(0, MOST_BACKS)
  return soundPart(twin, chosen, { kept: [...first].reverse(), welcomed })
}

/** The same without those that are in the way of the others (spec §5, *Posting*), one after the other; the first kept one last. */
export function soundPart(
  twin: ReputationTwin,
  chosen: readonly TwinBlock[],
  { kept, welcomed }: { kept: readonly (TwinBlock | undefined)[]; welcomed: readonly TwinBlock[] },
): TwinBlock[] {
  const accepted = twin.accepted(withPasts(chosen))
  const bad = inOrder(chosen.filter((back) => !accepted.has(back) && !welcomed.includes(back)))
  if (bad.length === 0) return [...chosen]
  const out =
    bad.filter((back) => !kept.includes(back)).at(-1) ?? [...kept].reverse().find((back) => back && bad.includes(back))
  return soundPart(
    twin,
    chosen.filter((back) => back !== out),
    { kept, welcomed },
  )
}

/** A chain and blocks of it as they were made, pasts first: sound ones, and ones that no honest peer takes. */
export interface Economy {
  readonly chain: TwinChain
  readonly blocks: readonly TwinBlock[]
}

const AUTHORS = 7
const PEERS = 3

const kinds = [
  ...['post', 'post', 'post', 'post', 'like', 'like', 'dislike', 'welcome', 'welcome', 'welcome'],
  ...['give', 'give', 'give', 'give all', 'burst', 'fork', 'fork', 'fork', 'fork like', 'fork like', 'wild'],
] as const

const waits = [0, 0, 0, 1, MINUTE, HOUR, 8 * HOUR, DAY - 1, DAY, DAY + 1, 3 * DAY, 30 * DAY, 90 * DAY, 90 * DAY + 1]

const steps = fc.record({
  kind: fc.constantFrom(...kinds),
  author: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(AUTHORS - 1) }),
  peer: fc.nat(PEERS - 1),
  to: fc.nat(PEERS - 1),
  wait: fc.constantFrom(...waits),
  picks: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)),
})

type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

/** Forums whose pioneers are rich (30 each), not so rich, poor (1 each), and the other kinds. */
const chains: fc.Arbitrary<TwinChain> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<TwinChain>({ kind: 'forum', pioneers: [], pioneer: keyOf(0) }) },
  { weight: 5, arbitrary: fc.constantFrom(2, 5, 10, 15, 15, 30, 30, 30).map(forumOf) },
  { weight: 2, arbitrary: fc.constant<TwinChain>({ kind: 'identity', pioneers: [], owner: keyOf(0) }) },
)

function forumOf(pioneers: number): TwinChain {
  return { kind: 'forum', pioneers: Array.from({ length: pioneers }, (_, n) => keyOf(n)) }
}

/** At most that many blocks, and about as many. Honest authors make all their blocks at one peer, by the rule. */
export function economies(most: number): fc.Arbitrary<Economy> {
  const honest = fc.array(fc.boolean(), { minLength: AUTHORS, maxLength: AUTHORS })
  const all = fc.array(steps, { minLength: Math.ceil(most / 2), maxLength: Math.ceil(most * 1.5) })
  return fc.tuple(chains, honest, all, fc.nat(3)).map(([chain, isHonest, list, salt]) => {
    const play = new Play(chain, isHonest, salt)
    for (const step of list) if (play.blocks.length < most) play.step(step, most)
    return { chain, blocks: play.blocks, [fc.toStringMethod]: () => pictureOf(chain, play.blocks) }
  })
}

/** For counterexamples: a line for each block, `number author @ms after the first day < backs`, and what it likes. */
function pictureOf(chain: TwinChain, blocks: readonly TwinBlock[]): string {
  const numberOf = new Map(blocks.map((u, n) => [u, n]))
  const by = (key: string | undefined) => (key === undefined ? 'unsigned' : `by ${String(parseInt(key, 16))}`)
  const lines = blocks.map((u, n) => {
    const like = u.like === undefined ? '' : ` ${u.like.n > 0 ? 'likes' : 'dislikes'} ${numberOf.get(u.like.target)}`
    const backs = backsOf(u).map((back) => numberOf.get(back))
    return `${n} ${by(u.author)} @${u.time - FIRST_DAY} < ${backs.join(' ') || 'genesis'}${like}`
  })
  const owner = chain.owner === undefined ? '' : `, owned ${by(chain.owner)}`
  return [`${chain.kind} with ${chain.pioneers.length} pioneers${owner}`, ...lines].join('\n')
}

/** Peers that post by the rules, give each other blocks now and then, and villains who see everything. */
class Play {
  readonly blocks: TwinBlock[] = []
  readonly #twin: ReputationTwin
  readonly #honest: readonly boolean[]
  readonly #salt: number
  readonly #known = Array.from({ length: PEERS }, () => new Set<TwinBlock>())
  #now = FIRST_DAY

  constructor(chain: TwinChain, honest: readonly boolean[], salt: number) {
    this.#twin = new ReputationTwin(chain)
    this.#honest = honest
    this.#salt = salt
    this.#make(0, [], { author: keyOf(0), time: this.#now })
    const [first] = this.blocks
    for (const known of this.#known) known.add(first!)
  }

  step(step: Step, most: number): void {
    const { author, peer, to, wait, picks } = step
    const isVillainy = step.kind === 'burst' || step.kind === 'wild' || step.kind.startsWith('fork')
    const kind = isVillainy && this.#honest[author] === true ? 'post' : step.kind
    this.#now += wait
    const at = this.#honest[author] === true ? author % PEERS : peer
    const known = this.#known[at]!
    if (kind === 'give' || kind === 'give all') {
      const given = kind === 'give' ? this.#twin.acceptedOf(this.#known[peer]!) : this.#known[peer]!
      for (const u of given) this.#known[to]!.add(u)
    } else if (kind === 'fork' || kind === 'fork like') this.#fork(author, kind, picks, wait)
    else if (kind === 'wild') this.#wild(author, picks, wait)
    else if (kind === 'burst') {
      const isCrowd = picks[0] < 96
      const count = Math.min(isCrowd ? 18 : 2 + (picks[0] % 5), most - this.blocks.length)
      const backs = this.#heads(known, author)
      for (let n = 0; n < count; n += 1) {
        // The richest one alone, or the villains in turn.
        const by = isCrowd ? 0 : picks[1] % 2 === 0 ? author : (author + n) % AUTHORS
        if (this.#honest[by] === true) continue
        this.#make(at, backs, { author: keyOf(by), time: this.#timeOn(backs) + (picks[2] % 3 === 0 ? n : 0) })
      }
    } else this.#obey(at, author, kind, picks)
  }

  /** By the posting rule, at a peer. */
  #obey(at: number, author: number, kind: 'post' | 'like' | 'dislike' | 'welcome', picks: Step['picks']): void {
    const known = this.#known[at]!
    const by = kind === 'post' && picks[0] % 16 === 0 ? {} : { author: keyOf(author) }
    const accepted = this.#twin.acceptedOf(known)
    const likeable = [...known].filter(
      (u) => u.like === undefined && (kind === 'dislike' || u.author !== keyOf(author)),
    )
    const held = likeable.filter((u) => !accepted.has(u) && this.#twin.isSound(u))
    const target = pick(kind === 'welcome' ? held : likeable.filter((u) => accepted.has(u)), picks[1])
    if (kind !== 'post' && target === undefined) return
    const backs = this.#heads(known, author, kind === 'post' ? undefined : target)
    const like =
      kind === 'post' ? {} : { like: { n: kind === 'dislike' ? (-1 as const) : (1 as const), target: target! } }
    const all = withPasts(backs)
    if (kind === 'post' || all.has(target!)) this.#make(at, backs, { ...by, time: this.#timeOn(backs), ...like })
  }

  /** On some old version of the chain, dated soon after it: sound, if the rules hold what they promise. */
  #fork(author: number, kind: 'fork' | 'fork like', picks: Step['picks'], wait: number): void {
    const sound = this.blocks.filter((u) => this.#twin.isSound(u))
    const tips = [pick(sound, picks[0]), pick(sound, picks[1])].filter((u) => u !== undefined)
    const version = this.#twin.accepted(withPasts(tips))
    const backs = headsOf(version).slice(0, MOST_BACKS)
    const likeable = [...version].filter((u) => u.like === undefined && u.author !== keyOf(author))
    const target = kind === 'fork like' ? pick(likeable, picks[2]) : undefined
    const like = target === undefined ? {} : { like: { n: picks[2] % 3 === 0 ? (-1 as const) : (1 as const), target } }
    const latest = Math.max(FIRST_DAY, ...backs.map((back) => back.time))
    this.#make(undefined, backs, { author: keyOf(author), time: latest + wait, ...like })
  }

  /** Whatever it likes. */
  #wild(author: number, picks: Step['picks'], wait: number): void {
    const backs = [...new Set(picks.slice(0, 1 + (picks[2] % 2)).map((n) => pick(this.blocks, n)!))]
    const target = pick(this.blocks, picks[2])!
    const like = picks[0] % 2 === 0 ? {} : { like: { n: picks[1] % 2 === 0 ? (-1 as const) : (1 as const), target } }
    const time = this.#timeOn(backs) - (picks[2] % 5 === 0 ? HOUR : 0) + wait
    this.#make(undefined, picks[1] % 8 === 0 ? [] : backs, { author: keyOf(author), time, ...like })
  }

  #heads(known: TwinSet, author: number, target?: TwinBlock): TwinBlock[] {
    return acceptedHeads(this.#twin, this.#twin.acceptedOf(known), keyOf(author), this.#now, target)
  }

  #timeOn(backs: readonly TwinBlock[]): number {
    return Math.max(this.#now, ...backs.map((back) => back.time))
  }

  /** At a peer; else a villain hands it to the peer whose turn it is. */
  #make(at: number | undefined, backs: readonly TwinBlock[], parts: TwinParts): void {
    const made = twinBlock(`${this.#salt} ${this.blocks.length}`, backs, parts)
    this.blocks.push(made)
    const known = this.#known[at ?? this.blocks.length % PEERS]!
    for (const u of withPasts([made])) known.add(u)
  }
}

function pick<T>(from: readonly T[], n: number): T | undefined {
  return from[n % from.length]
}

/** A closed part of an economy's blocks: what one peer knows. */
export function closedPart(blocks: readonly TwinBlock[], picks: readonly number[]): Set<TwinBlock> {
  return withPasts(picks.map((n) => pick(blocks, n)!))
}

/** The blocks in another order in which backs come first. */
export function shuffled(blocks: readonly TwinBlock[], priorities: readonly number[]): TwinBlock[] {
  const listed = new Set<TwinBlock>()
  const byPriority = blocks.map((u, n) => ({ u, at: priorities[n % Math.max(1, priorities.length)] ?? n }))
  byPriority.sort((a, b) => a.at - b.at)
  const list = (u: TwinBlock): void => {
    for (const back of backsOf(u)) if (!listed.has(back)) list(back)
    listed.add(u)
  }
  for (const { u } of byPriority) list(u)
  return [...listed]
}

/** A block to be made; indexes count the blocks of the history from 0. */
export interface HistorySpec {
  /** From 0 (the pioneer) on. */
  readonly author: number
  readonly time: number
  /** Empty: the genesis. */
  readonly backs: readonly number[]
  readonly like?: { readonly n: 1 | -1; readonly target: number }
}

export interface HistoryOptions {
  /** Blocks in all, likes among them. */
  readonly posts: number
  /** Default: 20. */
  readonly authors?: number
  /** How long it took; default: long enough. */
  readonly days?: number
  /** All times are before it. */
  readonly now: number
  readonly seed?: number
}

/**
 * The history of a forum without pioneers: every block is paid, or a post by one without reps that the next block likes;
 * authors without concurrent blocks of their own, one round of posts in ten made by several at once.
 * @throws {Bug} if so many blocks are not legal in so few days
 */
export function* legalHistory({ posts, authors = 20, days, now, seed = 1 }: HistoryOptions): Generator<HistorySpec> {
  const span = (days ?? 40 + Math.ceil(posts / (20 * authors))) * DAY
  const start = Math.floor((now - span) / DAY) * DAY
  const random = randomFrom(seed)
  const members = Array.from({ length: authors }, (_, n) => new Purse(n === 0 ? 30 : 0))
  /** The latest posts, to be liked. */
  const recent: { at: number; author: number }[] = []
  let heads = [0]
  let made = 1
  let joined = 1
  let time = start
  yield { author: 0, time, backs: [] }
  members[0]!.post(time)
  while (made < posts) {
    time = Math.max(time + Math.floor(random() * MINUTE), start + Math.floor((span * 0.98 * made) / posts))
    const able = () => payers(members.slice(0, joined), time, random)
    let round = able()
    for (; round.length === 0; round = able()) time += HOUR
    if (time >= now) throw new Bug(`${posts} blocks by ${authors} authors are not legal in ${span / DAY} days`)
    const isTime = time >= start + joined * Math.min(DAY / 2, span / (4 * authors))
    const guest = joined < authors && isTime ? joined : pauper(members.slice(0, joined), time, random)
    if (guest !== undefined && posts - made >= 2) {
      yield { author: guest, time, backs: heads }
      yield { author: round[0]!, time, backs: [...heads, made], like: { n: 1, target: made } }
      members[guest]!.post(time)
      members[round[0]!]!.give(time)
      members[guest]!.receive(time, 1)
      joined = Math.max(joined, guest + 1)
      heads = [made + 1]
      made += 2
      continue
    }
    const crowd = random() < 0.1 ? 3 : 1
    const backs = heads
    heads = []
    const fresh: { at: number; author: number }[] = []
    for (const author of round.slice(0, Math.min(crowd, posts - made))) {
      const target = random() < 0.05 ? recent[Math.floor(random() * recent.length)] : undefined
      if (target === undefined || target.author === author) {
        yield { author, time, backs }
        members[author]!.post(time)
        fresh.push({ at: made, author })
      } else {
        const n = random() < 0.1 ? -1 : 1
        yield { author, time, backs, like: { n, target: target.at } }
        members[author]!.give(time)
        members[target.author]!.receive(time, n)
      }
      heads.push(made)
      made += 1
    }
    recent.push(...fresh)
    recent.splice(0, recent.length - 64)
  }
}

/** Up to three members that have reps, beginning anywhere. */
function payers(members: readonly Purse[], time: number, random: () => number): number[] {
  const found: number[] = []
  const first = Math.floor(random() * members.length)
  for (let n = 0; n < members.length && found.length < 3; n += 1) {
    const author = (first + n) % members.length
    if (members[author]!.reps(time) >= 1) found.push(author)
  }
  return found
}

/** Now and then, a member that has no reps. */
function pauper(members: readonly Purse[], time: number, random: () => number): number | undefined {
  const one = Math.floor(random() * members.length * 50)
  const purse = members[one]
  return purse !== undefined && purse.reps(time) < 1 ? one : undefined
}

/**
 * An author's running balance; time only goes on. Never more than §4 says: the cap of all times before is kept, also of those
 * that are out of the window.
 */
class Purse {
  readonly #base: number
  readonly #fresh: number[] = []
  readonly #days: { day: number; last: number }[] = []
  readonly #given: number[] = []
  readonly #received: { time: number; n: number }[] = []
  #sum = 0
  /** The balance, if nothing were ever out of the window. */
  #kept: number

  constructor(base: number) {
    this.#base = base
    this.#kept = base
  }

  post(time: number): void {
    this.#goOn(time)
    this.#fresh.push(time)
    this.#kept -= 1
  }

  give(time: number): void {
    this.#goOn(time)
    this.#given.push(time)
    this.#kept -= 1
  }

  receive(time: number, n: number): void {
    this.#goOn(time)
    this.#received.push({ time, n })
    this.#sum += n
    this.#kept = Math.min(30, this.#kept + n)
  }

  reps(now: number): number {
    this.#goOn(now)
    const windowed = this.#base + this.#days.length + this.#sum - this.#given.length - this.#fresh.length
    return Math.min(this.#kept, windowed)
  }

  #goOn(now: number): void {
    while (this.#fresh.length > 0 && now - this.#fresh[0]! >= DAY) this.#ripen(this.#fresh.shift()!)
    while (this.#days.length > 0 && now - this.#days[0]!.last > 90 * DAY) this.#days.shift()
    while (this.#given.length > 0 && now - this.#given[0]! > 90 * DAY) this.#given.shift()
    while (this.#received.length > 0 && now - this.#received[0]!.time > 90 * DAY) this.#sum -= this.#received.shift()!.n
  }

  #ripen(time: number): void {
    const day = Math.floor(time / DAY)
    const latest = this.#days.at(-1)
    if (latest?.day === day) latest.last = time
    else this.#days.push({ day, last: time })
    this.#kept = Math.min(30, this.#kept + (latest?.day === day ? 1 : 2))
  }
}

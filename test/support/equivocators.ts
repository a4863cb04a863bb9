/**
 * Chains as nodes have them, without stores and signatures, beside the slow twin: whoever is honest links what the real posting
 * rule chooses (`reputation/backs.ts`); equivocators let a fresh key in on each branch of their own, which votes with what they
 * gave it. What a node answers is compared with the definitions after every block.
 */
import fc from 'fast-check'
import type { AuthorKey, BlockId } from '../../src/dag/ids.ts'
import { ChainState } from '../../src/reputation/chain-state.ts'
import { chain } from './blocks.ts'
import { DAY, FIRST_DAY, HOUR, keyOf, MINUTE, twinBlock, type TwinParts } from './economy.ts'
import { backsOf, headsOf, ReputationTwin, withPasts, type TwinBlock, type TwinSet } from './reputation-twin.ts'

const NODES = 2
/** Of them, these are equivocators. */
const MEMBERS = 6
const VILLAINS = 2
const MAX_BACKS = 16

const waits = [0, 0, 1, MINUTE, MINUTE, HOUR, 8 * HOUR, DAY - 1, DAY, DAY, 3 * DAY, 30 * DAY, 90 * DAY, 90 * DAY + 1]

const steps = fc.record({
  deed: fc.constantFrom(
    'post',
    'post',
    'like',
    'dislike',
    'welcome',
    'join',
    'give',
    'branch',
    'branch',
    'branch',
    'branch',
    'crowd',
  ),
  by: fc.nat(MEMBERS - 1),
  at: fc.nat(NODES - 1),
  wait: fc.constantFrom(...waits),
  /** How long after what it stands on a branch says that it was made. */
  late: fc.constantFrom(0, 1, HOUR, DAY, DAY + 1),
  picks: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)),
})

type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

export interface Attack {
  readonly pioneers: number
  readonly steps: readonly Step[]
}

export const attacks = (most: number): fc.Arbitrary<Attack> =>
  fc.record({
    pioneers: fc.constantFrom(1, 6, 10, 15, 15, 15, 15, 30),
    steps: fc.array(steps, { minLength: most >> 1, maxLength: most, size: 'max' }),
  })

/** What happened: else a test tests nothing. */
export interface AttackSeen {
  blocks: number
  freshVotes: number
  void: number
  turned: number
  crowded: number
}

/** One node: it goes by all sound blocks that it has. */
export class TwinnedNode {
  readonly state: ChainState
  readonly twin: ReputationTwin
  readonly known = new Set<TwinBlock>()
  readonly #indexes = new Map<TwinBlock, number>()

  constructor(twin: ReputationTwin, state: ChainState) {
    this.twin = twin
    this.state = state
  }

  /** Takes a block if it has its backs and it is sound, which it says as the definition does. */
  take(u: TwinBlock): boolean {
    const { state } = this
    if (this.known.has(u) || !backsOf(u).every((back) => this.known.has(back))) return false
    const backs = u.backs === 'genesis' ? [0] : u.backs.map((back) => this.indexOf(back))
    const like = u.like === undefined ? undefined : { n: u.like.n, target: this.indexOf(u.like.target) }
    const isSound = state.stands(backs, like).ok
    if (isSound !== this.twin.isSound(u)) throw new Error(`a node says that ${u.id} is ${isSound ? '' : 'not '}sound`)
    if (!isSound) return false
    const block = {
      id: u.id as BlockId,
      height: u.height,
      time: u.time,
      backs,
      ...(u.author !== undefined && { author: u.author as AuthorKey }),
      ...(like && { like }),
    }
    const index = state.append(block, state.kOf(block))
    state.enter(index)
    this.known.add(u)
    this.#indexes.set(u, index)
    return true
  }

  /** The backs that the node would choose now; `undefined` if the vote cannot be made. */
  backsFor(author: string, now: number, vote?: { n: 1 | -1; target: TwinBlock }): TwinBlock[] | undefined {
    const { state } = this
    const isAvoided = (index: number) => {
      const by = state.authorOf(index)
      return by !== undefined && state.repsOf(by, now) < 0
    }
    const like = vote && { n: vote.n, target: this.indexOf(vote.target) }
    const chosen = state.backsFor({ author: author as AuthorKey, isAvoided, ...(like && { vote: like }) })
    const byIndex = new Map([...this.#indexes].map(([u, index]) => [index, u]))
    const backs = chosen.flatMap((index) => byIndex.get(index) ?? [])
    return vote === undefined || withPasts(backs).has(vote.target) ? backs : undefined
  }

  indexOf(u: TwinBlock): number {
    return this.#indexes.get(u)!
  }

  get accepted(): TwinBlock[] {
    return [...this.known].filter((u) => this.state.graph.isAccepted(this.indexOf(u)))
  }

  /** What it says of blocks and authors. */
  answers(authors: Iterable<string>, times: readonly number[]) {
    const { state } = this
    const accepted = this.accepted
    const latest = Math.max(0, ...accepted.map(({ time }) => time))
    return {
      accepted: accepted.map((u) => u.id),
      counting: accepted.filter((u) => u.like !== undefined && state.counts(this.indexOf(u))).map((u) => u.id),
      hidden: accepted.filter((u) => u.like === undefined && state.isHidden(this.indexOf(u))).map((u) => u.id),
      reps: [...authors].map((by) => times.map((t) => state.repsOf(by as AuthorKey, Math.max(t, latest)))),
    }
  }

  /** The same by definition. */
  expected(authors: Iterable<string>, times: readonly number[]): ReturnType<TwinnedNode['answers']> {
    const set: TwinSet = this.twin.accepted(this.known)
    const accepted = [...this.known].filter((u) => set.has(u))
    const ledger = this.twin.ledger(set)
    const latest = Math.max(0, ...accepted.map(({ time }) => time))
    return {
      accepted: accepted.map((u) => u.id),
      counting: accepted.filter((u) => u.like !== undefined && ledger.counts(u)).map((u) => u.id),
      hidden: accepted.filter((u) => u.like === undefined && this.twin.hidden(u, set)).map((u) => u.id),
      reps: [...authors].map((by) => times.map((t) => ledger.reps(by, Math.max(t, latest)))),
    }
  }
}

/** Plays an attack; `check` is called with the node that took a block, after each. */
export function playAttack(
  { pioneers, steps: list }: Attack,
  seen: AttackSeen,
  check: (node: TwinnedNode) => void,
): void {
  const founders = Array.from({ length: pioneers }, (_, n) => keyOf(n))
  const twin = new ReputationTwin({ kind: 'forum', pioneers: founders })
  const nodes = Array.from(
    { length: NODES },
    () => new TwinnedNode(twin, new ChainState(chain('#forum', ...founders), 5)),
  )
  let made = 0
  let now = FIRST_DAY
  const crowdedBefore = seen.crowded
  const make = (backs: readonly TwinBlock[], parts: TwinParts) =>
    twinBlock(`attack ${String((made += 1))}`, backs, parts)
  const give = (node: TwinnedNode, u: TwinBlock): boolean => {
    const before = votesOf(node)
    if (!node.take(u)) return false
    check(node)
    seen.blocks += 1
    for (const [vote, counts] of votesOf(node)) if (before.get(vote) === !counts) seen.turned += 1
    if (u.like !== undefined && node.accepted.includes(u) && !node.state.counts(node.indexOf(u))) seen.void += 1
    if (node.state.graph.headCount > MAX_BACKS) seen.crowded += 1
    return true
  }
  const first = make([], { author: keyOf(0), time: now })
  for (const node of nodes) give(node, first)
  for (const { deed, by, at, wait, late, picks } of list) {
    now += wait
    const node = nodes[at]!
    const posts = [...node.known].filter((u) => u.like === undefined)
    const accepted = new Set(node.accepted)
    if (deed === 'give') for (const u of nodes[(at + 1) % NODES]!.known) give(node, u)
    else if (deed === 'crowd' && seen.crowded === crowdedBefore) {
      const backs = headsOf(new Set(node.accepted)).slice(0, 1)
      const time = Math.max(now, ...backs.map((back) => back.time))
      for (let n = 0; n <= MAX_BACKS + 1; n += 1) {
        give(node, make(backs, { author: keyOf(n % MEMBERS), time: time + n }))
      }
    } else if (deed === 'branch') {
      const tips = [picks[0], picks[1]].map((pick) => [...node.known][pick % node.known.size]!)
      const version = twin.accepted(withPasts(tips))
      const backs = headsOf(version).slice(0, MAX_BACKS)
      let time = Math.max(FIRST_DAY, ...backs.map((back) => back.time)) + late
      const fresh = keyOf(1000 + made)
      const villain = keyOf(by % VILLAINS)
      const post = make(backs, { author: fresh, time })
      const target = [...version].filter((u) => u.like === undefined)[picks[0] % 3]
      if (!give(node, post)) continue
      let tip = make([post], { author: villain, time: (time += 1), like: { n: 1, target: post } })
      for (let gifts = 1 + (picks[2] % 3); gifts >= 0 && give(node, tip); gifts -= 1) {
        tip = make([tip], { author: villain, time: (time += 1), like: { n: 1, target: post } })
      }
      tip = backsOf(tip)[0]!
      for (let votes = 1 + (picks[1] % 3); votes > 0 && target !== undefined; votes -= 1) {
        tip = make([tip], { author: fresh, time: (time += 1 + (picks[0] % 2) * DAY), like: { n: -1, target } })
        if (!give(node, tip)) break
        seen.freshVotes += 1
      }
    } else {
      const author = deed === 'join' || deed === 'crowd' ? keyOf(500 + (by % 2)) : keyOf(by)
      const others = posts.filter((u) => deed === 'dislike' || u.author !== author)
      const able = deed === 'welcome' ? others.filter((u) => !accepted.has(u)) : others.filter((u) => accepted.has(u))
      const target = able[picks[0] % Math.max(1, able.length)]
      const isVote = deed === 'like' || deed === 'dislike' || deed === 'welcome'
      if (isVote && target === undefined) continue
      const n = deed === 'dislike' ? -1 : 1
      const vote = isVote ? ({ n, target: target! } as const) : undefined
      const backs = node.backsFor(author, now, vote)
      if (backs === undefined) continue
      const time = Math.max(now, ...backs.map((back) => back.time))
      // A post must always be possible.
      if (!give(node, make(backs, { author, time, ...(vote && { like: vote }) }))) throw new Error('it is not sound')
    }
  }
}

function votesOf(node: TwinnedNode): Map<TwinBlock, boolean> {
  const votes = node.accepted.filter((u) => u.like !== undefined)
  return new Map(votes.map((u) => [u, node.state.counts(node.indexOf(u))]))
}

/** The authors of what a node has. */
export function authorsAt(node: TwinnedNode): Set<string> {
  return new Set([...node.known].flatMap((u) => u.author ?? []))
}

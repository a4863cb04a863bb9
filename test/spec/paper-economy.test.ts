/**
 * The economy that the paper's §3.3 talks about, played over 100 days, every number worked out by hand from spec §4: a
 * pioneer P, a diligent author B whom P lets in, and C whom B lets in and others dislike.
 */
import { describe, expect, test } from 'vitest'
import { author, bytes, chain, must } from '../support/blocks.ts'
import { DAY, FIRST_DAY, HOUR, keyOf, legalHistory, MINUTE, twinBlock, type HistorySpec } from '../support/economy.ts'
import { headsOf, ReputationTwin, type TwinBlock, type TwinChain } from '../support/reputation-twin.ts'
import { makeBlock } from '../../src/dag/block.ts'
import { genesisBlockId, type BlockId } from '../../src/dag/ids.ts'

const [P, B, C] = [keyOf(0), keyOf(1), keyOf(2)]

/** `at(3, '10:30')`: that time of day 3, in UTC. */
function at(day: number, clock: string, ms = 0): number {
  const [hours, minutes] = clock.split(':').map(Number)
  return FIRST_DAY + day * DAY + hours! * HOUR + minutes! * MINUTE + ms
}

/** One peer that has every block. Whoever posts links all heads, and what they welcome. */
class Forum {
  readonly twin: ReputationTwin
  readonly #known = new Set<TwinBlock>()

  constructor(of: TwinChain = { kind: 'forum', pioneers: [], pioneer: P }) {
    this.twin = new ReputationTwin(of)
  }

  get accepted(): Set<TwinBlock> {
    return this.twin.acceptedOf(this.#known)
  }

  post(by: string, time: number): TwinBlock {
    return this.#add([], { author: by, time })
  }

  like(by: string, time: number, target: TwinBlock, n: 1 | -1 = 1): TwinBlock {
    const isHeld = !this.accepted.has(target)
    return this.#add(isHeld ? [target] : [], { author: by, time, like: { n, target } })
  }

  dislike(by: string, time: number, target: TwinBlock): TwinBlock {
    return this.like(by, time, target, -1)
  }

  reps(of: string, time: number): number {
    return this.twin.reps(of, this.accepted, time)
  }

  isIn(u: TwinBlock): boolean {
    return this.accepted.has(u)
  }

  #add(welcomed: readonly TwinBlock[], parts: Parameters<typeof twinBlock>[2]): TwinBlock {
    const made = twinBlock(`paper ${this.#known.size}`, [...headsOf(this.accepted), ...welcomed], parts)
    this.#known.add(made)
    expect(this.twin.isSound(made)).toBe(true)
    return made
  }
}

test('a forum of three authors over 100 days', () => {
  const forum = new Forum()
  const expectReps = (time: number, reps: { P?: number; B?: number; C?: number }) => {
    const of = { P, B, C }
    const names = Object.keys(reps) as ('P' | 'B' | 'C')[]
    expect(Object.fromEntries(names.map((name) => [name, forum.reps(of[name], time)]))).toEqual(reps)
  }

  // 1.a, 2.a: the first post brings 30, and costs 1 while it is fresh.
  forum.post(P, at(0, '08:00'))
  expectReps(at(0, '08:00'), { P: 29, B: 0 })

  // 4.a: B has nothing, so the post is held. 3.a: a like lets it in, and moves a rep.
  const greeting = forum.post(B, at(0, '10:00'))
  expect(forum.isIn(greeting)).toBe(false)
  expectReps(at(0, '10:30'), { P: 29, B: 0 })
  forum.like(P, at(0, '11:00'), greeting)
  expect(forum.isIn(greeting)).toBe(true)
  expect(forum.twin.repsOfPost(greeting, forum.accepted)).toBe(1)
  expectReps(at(0, '11:00'), { P: 28, B: 0 })

  // 2.a ends and 1.b begins at 24 h sharp. B's day is worth 1 a day after the like: B's own word could not mint it.
  expectReps(at(1, '08:00', -1), { P: 28 })
  expectReps(at(1, '08:00'), { P: 30 })
  expectReps(at(1, '10:00', -1), { B: 0 })
  expectReps(at(1, '10:00'), { B: 1 })
  expectReps(at(1, '11:00', -1), { P: 30, B: 1 })
  expectReps(at(1, '11:00'), { P: 30, B: 2 })

  // 1.b, the paper's example: ten posts in seven days count +7.
  for (let day = 1; day <= 7; day += 1) {
    forum.post(B, at(day, '12:00'))
    if (day > 4) forum.post(B, at(day, '13:00'))
  }
  expectReps(at(8, '12:00', -1), { B: 8 - 2 })
  expectReps(at(8, '12:00'), { B: 9 - 1 })
  expectReps(at(8, '13:00'), { B: 9 })

  // C gets in, and is disliked; 3.b: the dislikes cost both sides, and the fifth hides the post.
  const rant = forum.post(C, at(9, '09:00'))
  forum.like(B, at(9, '10:00'), rant)
  expectReps(at(9, '10:00'), { P: 30, B: 8, C: 0 })
  expectReps(at(10, '09:30'), { P: 30, B: 8, C: 1 })
  for (let n = 0; n < 4; n += 1) forum.dislike(P, at(10, `10:0${n}`), rant)
  expect(forum.twin.hidden(rant, forum.accepted)).toBe(false)
  forum.dislike(B, at(10, '10:04'), rant)
  expect(forum.twin.hidden(rant, forum.accepted)).toBe(true)
  expect(forum.twin.repsOfPost(rant, forum.accepted)).toBe(-4)
  expectReps(at(10, '12:00'), { P: 26, B: 7, C: -3 })

  // Two likes more, and twice the likes are more than the dislikes: it is back. C still cannot post.
  forum.like(P, at(11, '10:00'), rant)
  expect(forum.twin.hidden(rant, forum.accepted)).toBe(true)
  forum.like(P, at(11, '10:01'), rant)
  expect(forum.twin.hidden(rant, forum.accepted)).toBe(false)
  expect(forum.isIn(forum.post(C, at(11, '11:00')))).toBe(false)
  // P: 30 − 4 − 2.
  expectReps(at(11, '12:00'), { P: 24, B: 7, C: -1 })

  // P falls silent; B posts at noon every day.
  for (let day = 12; day <= 59; day += 1) forum.post(B, at(day, '12:00'))
  // 4.b: B's days are far over 30. At noon B earns 2 and spends 1 in one moment.
  expectReps(at(59, '12:30'), { P: 24, B: 30, C: -1 })
  expectReps(at(60, '12:00'), { B: 30 })

  // 4.b: 54 saved up, yet not more than 30 posts within 24 h.
  for (let n = 0; n < 30; n += 1) {
    const one = forum.post(B, at(60, '12:01', n * MINUTE))
    expect([forum.twin.k(one), forum.isIn(one)]).toEqual([30 - n, true])
  }
  const tooMuch = forum.post(B, at(60, '12:31'))
  expect([forum.twin.k(tooMuch), forum.isIn(tooMuch)]).toEqual([0, false])
  expectReps(at(60, '13:00'), { B: 0 })
  expectReps(at(61, '12:29'), { B: 30 })

  for (let day = 61; day <= 89; day += 1) forum.post(B, at(day, '13:00'))
  // 4.c: 90 days sharp still count, a millisecond more does not. P's first post goes, then the first like.
  expectReps(at(90, '08:00'), { P: 24 })
  expectReps(at(90, '08:00', 1), { P: 23 })
  expectReps(at(90, '11:00'), { P: 23 })
  expectReps(at(90, '11:00', 1), { P: 24 })

  for (let day = 90; day <= 98; day += 1) forum.post(B, at(day, '13:00'))
  // C's only post in goes, then B's like of it, then five dislikes; P's two likes stay until day 101.
  expectReps(at(99, '09:00'), { C: 1 + 3 - 5 })
  expectReps(at(99, '09:00', 1), { C: 3 - 5 })
  expectReps(at(99, '10:00', 1), { C: 2 - 5 })
  expectReps(at(100, '10:02', 1), { C: 2 - 2 })
  expectReps(at(100, '10:04', 1), { C: 2, P: 28, B: 30 })
  const comeback = forum.post(C, at(100, '11:00'))
  expect([forum.twin.k(comeback), forum.isIn(comeback)]).toEqual([2, true])
  expectReps(at(100, '11:00'), { C: 1 })
  // A post's reps know no window.
  expect(forum.twin.repsOfPost(rant, forum.accepted)).toBe(-2)
  // The base never expires.
  expectReps(at(400, '00:00'), { P: 30, B: 0, C: 0 })
})

test('in an identity chain the owner has no limit, is never hidden, and lets guests in', () => {
  const forum = new Forum({ kind: 'identity', pioneers: [], owner: P })
  const posts = Array.from({ length: 40 }, (_, n) => forum.post(P, at(0, '08:00', n)))
  expect(posts.every((u) => forum.isIn(u))).toBe(true)
  const guest = forum.post(B, at(0, '09:00'))
  expect(forum.isIn(guest)).toBe(false)
  for (let n = 0; n < 10; n += 1) forum.like(P, at(0, '10:00', n), guest)
  expect([forum.isIn(guest), forum.reps(B, at(0, '11:00'))]).toEqual([true, 9])
  for (let n = 0; n < 6; n += 1) forum.dislike(B, at(0, '12:00', n), posts[0]!)
  expect(forum.twin.repsOfPost(posts[0]!, forum.accepted)).toBe(-6)
  expect(forum.twin.hidden(posts[0]!, forum.accepted)).toBe(false)
})

test('in a group every member has no limit, and need not sign', () => {
  const twin = new ReputationTwin({ kind: 'group', pioneers: [] })
  const first = twinBlock('group first', [], { time: FIRST_DAY })
  const more = Array.from({ length: 40 }, (_, n) => twinBlock(`group ${n}`, [first], { author: B, time: FIRST_DAY }))
  expect(twin.acceptedOf([first, ...more]).size).toBe(41)
})

describe('a generated history', () => {
  const now = FIRST_DAY + 1000 * DAY
  const play = (specs: Iterable<HistorySpec>): TwinBlock[] => {
    const made: TwinBlock[] = []
    for (const { author: by, time, backs, like } of specs) {
      const on = backs.map((back) => made[back]!)
      const likes = like === undefined ? {} : { like: { n: like.n, target: made[like.target]! } }
      made.push(twinBlock(`history ${made.length}`, on, { author: keyOf(by), time, ...likes }))
    }
    return made
  }

  test.each([1, 2, 3])('is legal: every block is sound and accepted (seed %i)', (seed) => {
    const blocks = play(legalHistory({ posts: 160, authors: 6, days: 20, now, seed }))
    const twin = new ReputationTwin({ kind: 'forum', pioneers: [], pioneer: P })
    expect(blocks.filter((u) => !twin.isSound(u))).toEqual([])
    const set = new Set(blocks)
    expect(twin.accepted(set).size).toBe(160)
    const paid = twin.paid(set)
    const welcomed = blocks.filter((u) => !paid.has(u))
    expect(welcomed.length).toBeGreaterThanOrEqual(5)
    for (const u of welcomed) expect(blocks[blocks.indexOf(u) + 1]!.like?.target).toBe(u)
    expect(new Set(blocks.map((u) => u.author)).size).toBe(6)
    expect(blocks.some((u) => u.like !== undefined && u.like.target !== blocks[blocks.indexOf(u) - 1])).toBe(true)
    expect(blocks.at(-1)!.time).toBeLessThan(now)
  })

  test('of 100,000 blocks comes in seconds, the same one for the same seed', () => {
    const tail = () => [...legalHistory({ posts: 100_000, now, seed: 4 })].slice(-1000)
    const once = tail()
    expect(once.at(-1)!.time).toBeLessThan(now)
    expect(new Set(once.map((spec) => spec.author)).size).toBe(20)
    expect(tail()).toEqual(once)
  })

  test('can be made into blocks of a chain', () => {
    const forum = chain('#history')
    const ids: BlockId[] = []
    const heights: number[] = []
    for (const { author: by, time, backs, like } of legalHistory({ posts: 40, days: 10, now })) {
      const height = 1 + Math.max(0, ...backs.map((back) => heights[back]!))
      const on = backs.length === 0 ? [genesisBlockId(forum.id)] : backs.map((back) => ids[back]!)
      const likes = like === undefined ? {} : { like: { n: like.n, target: ids[like.target]! } }
      const parts = { chain: forum, height, time, backs: on, payload: bytes(`${ids.length}`), toOwner: false }
      const made = must(makeBlock({ ...parts, pvt: author(by), random: () => bytes('x'.repeat(32)), ...likes }))
      ids.push(made.block.id)
      heights.push(height)
    }
    expect(new Set(ids).size).toBe(40)
  })
})

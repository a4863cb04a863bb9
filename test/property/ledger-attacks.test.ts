/**
 * What the ledger of spec §4 is against: votes that nobody had the reps for, reps that were saved up, days that were made up.
 * On the real rules, without signatures and stores; the books are balanced on the definition as well.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChainState } from '../../src/reputation/chain-state.ts'
import { chain } from '../support/blocks.ts'
import { booksOf } from '../support/books.ts'
import { DRAWN_CHAIN, drawnId } from '../support/draw.ts'
import { DAY, economies, FIRST_DAY, HOUR, keyOf, MINUTE } from '../support/economy.ts'
import { ReputationTwin } from '../support/reputation-twin.ts'
import { checkProperty } from '../support/property.ts'

/** A forum whose pioneers, authors 0 to `pioneers` − 1, have ⌊30 / pioneers⌋ reps each. */
class Forum {
  readonly state: ChainState
  #made = 0

  constructor(pioneers: number) {
    this.state = new ChainState(chain('#forum', ...Array.from({ length: pioneers }, (_, n) => keyOf(n))), 5)
  }

  /** A sound block; gives its index. */
  add(by: number, backs: readonly number[], time: number, like?: { n: 1 | -1; target: number }): number {
    const { state } = this
    this.#made += 1
    const height = 1 + Math.max(...backs.map((back) => state.graph.height(back)))
    const id = drawnId(`${DRAWN_CHAIN} ${String(this.#made)}`)
    const block = { id, height, time, backs, author: keyOf(by), ...(like && { like }) }
    expect(state.stands(backs, like).ok).toBe(true)
    const index = state.append(block, state.kOf(block))
    state.enter(index)
    return index
  }

  /** Accepted votes on a post that count. */
  counting(n: 1 | -1, target: number): number {
    const { graph } = this.state
    return Array.from({ length: graph.size }, (_, index) => index).filter((index) => {
      const like = this.state.likeOf(index)
      return like?.n === n && like.target === target && graph.isAccepted(index) && this.state.counts(index)
    }).length
  }

  get acceptedAll(): boolean {
    return this.state.graph.acceptedCount === this.#made
  }
}

const [EVE, VICTIM] = [0, 1]
const at = (ms: number) => FIRST_DAY + ms

describe('fresh keys, one on each branch of an equivocator with 2 reps', () => {
  test.each([
    { branches: 1, order: 'as they are made' },
    { branches: 10, order: 'as they are made' },
    { branches: 10, order: 'the latest first' },
    { branches: 1000, order: 'as they are made' },
  ])('$branches branches, $order: one dislike counts, and the post is not hidden', { timeout: 60_000 }, (attack) => {
    const forum = new Forum(15)
    const first = forum.add(VICTIM, [0], at(0))
    const branches = Array.from({ length: attack.branches }, (_, n) => n)
    if (attack.order === 'the latest first') branches.reverse()
    for (const n of branches) {
      const time = at(HOUR + n * 1000)
      const post = forum.add(100 + n, [first], time)
      const welcome = forum.add(EVE, [first, post], time + 1, { n: 1, target: post })
      const again = forum.add(EVE, [welcome], time + 2, { n: 1, target: post })
      forum.add(100 + n, [again], time + 3, { n: -1, target: first })
    }
    // History stands: all of it is accepted.
    expect(forum.acceptedAll).toBe(true)
    expect(forum.counting(-1, first)).toBe(1)
    expect(forum.state.repsOf(keyOf(VICTIM), at(3 * HOUR))).toBe(2 - 1 - 1)
    expect([forum.state.isHidden(first), forum.state.repsOfPost(first)]).toEqual([false, -1])
  })
})

describe('colluders with 2 reps, each liked by all others on a branch of his own', () => {
  test.each([5, 10])('%i of them take at most 2 each from a victim', { timeout: 60_000 }, (count) => {
    const forum = new Forum(15)
    const victim = 14
    const first = forum.add(victim, [0], at(0))
    for (let n = 0; n < count; n += 1) {
      let time = at(HOUR + n * MINUTE)
      const step = () => (time += 1)
      let tip = forum.add(n, [first], step())
      const post = tip
      for (let other = 0; other < count; other += 1) {
        for (let vote = 0; vote < 2 && other !== n; vote += 1) {
          tip = forum.add(other, [tip], step(), { n: 1, target: post })
        }
      }
      for (let vote = 0; vote < 1 + 2 * (count - 1); vote += 1)
        tip = forum.add(n, [tip], step(), { n: -1, target: first })
    }
    // All likes, and more dislikes than they have reps, are in.
    expect(forum.state.graph.acceptedCount).toBeGreaterThan(1 + count * (1 + 2 * (count - 1) + 2))
    expect(forum.counting(-1, first)).toBeLessThanOrEqual(2 * count)
    expect(forum.state.repsOf(keyOf(victim), at(DAY - 1))).toBeGreaterThanOrEqual(2 - 1 - 2 * count)
  })
})

test('4.b who posted daily for 60 days gives 30 likes in three days, and no more', () => {
  const forum = new Forum(1)
  let tip = 0
  for (let day = 0; day < 60; day += 1) tip = forum.add(0, [tip], at(day * DAY))
  const guest = forum.add(7, [tip], at(60 * DAY))
  let given = 0
  for (let hours = 1; hours <= 72; hours += 1) {
    for (;;) {
      const backs = given === 0 ? [tip, guest] : [tip]
      const time = at(60 * DAY + hours * HOUR)
      if (forum.state.kOf({ author: keyOf(0), backs, time }) < 1) break
      tip = forum.add(0, backs, time, { n: 1, target: guest })
      given += 1
    }
  }
  expect(given).toBe(30)
})

describe('1.b newcomers’ posts that say that they are old pass one rep along, as each has its cost back already', () => {
  const guests = Array.from({ length: 62 }, (_, n) => 100 + n)

  /** Each guest's post is dated 25 h before the like that welcomes it, by the guest before; says what all have together. */
  function passedAlong(likedAt: number) {
    const forum = new Forum(30)
    const first = forum.add(EVE, [0], at(0))
    let tip = first
    let payer = 1
    for (const guest of guests) {
      const post = forum.add(guest, [first], likedAt - 25 * HOUR)
      tip = forum.add(payer, [tip, post], likedAt, { n: 1, target: post })
      payer = guest
    }
    const sum = (time: number) => [1, ...guests].reduce((reps, by) => reps + forum.state.repsOf(keyOf(by), time), 0)
    return { forum, sum }
  }

  test('in one moment there is never more than that rep, and none has a day before 24 h after the like', () => {
    const likedAt = at(26 * HOUR)
    const { forum, sum } = passedAlong(likedAt)
    expect([forum.acceptedAll, sum(likedAt), sum(likedAt + DAY - 1)]).toEqual([true, 1, 1])
  })

  test('known limit: a day later each of them has a day of its own, 63 reps from 1', () => {
    const likedAt = at(26 * HOUR)
    const { forum, sum } = passedAlong(likedAt)
    expect(sum(likedAt + DAY)).toBe(1 + guests.length)
    const able = guests.filter((by) => forum.state.repsOf(keyOf(by), likedAt + DAY) >= 1)
    expect(able.length).toBe(guests.length)
  })

  test('known limit: likes that say that they are a day old too make 62 accounts from 1 rep at once', () => {
    const now = at(3 * DAY)
    const { forum, sum } = passedAlong(now - DAY)
    expect([forum.acceptedAll, sum(now)]).toEqual([true, 1 + guests.length])
  })

  test('a post that says the truth passes nothing along within a day', () => {
    const forum = new Forum(30)
    const first = forum.add(EVE, [0], at(0))
    const post = forum.add(100, [first], at(HOUR))
    const tip = forum.add(1, [first, post], at(2 * HOUR), { n: 1, target: post })
    const k = (time: number) => forum.state.kOf({ author: keyOf(100), backs: [tip], time })
    expect([k(at(2 * HOUR)), k(at(25 * HOUR) - 1), k(at(25 * HOUR))]).toEqual([0, 0, 1])
  })
})

describe('an insider who spends a rep a day on welcomes reveals two early votes late', () => {
  const members = Array.from({ length: 29 }, (_, n) => 10 + n)

  /** How many members can post, before and after. Eve's days hold whatever she spent: two welcomes turn, and no more. */
  test.each([
    { liked: 'all members have a like of somebody else', isLiked: true, able: [29, 29] },
    { liked: 'nobody else liked them', isLiked: false, able: [29, 27] },
  ])('$liked: $able are able to post', ({ isLiked, able }) => {
    const forum = new Forum(1)
    const first = forum.add(0, [0], at(0))
    const eves = forum.add(7, [first], at(HOUR))
    const welcomed = forum.add(0, [eves], at(HOUR), { n: 1, target: eves })
    let tip = welcomed
    const add = (...[by, time, like]: [number, number, { n: 1; target: number }?]) =>
      (tip = forum.add(by, [tip], time, like))
    for (let day = 2; day < members.length + 5; day += 1) {
      const today = at(day * DAY)
      const [newcomer, member] = [members[day - 2], members[day - 4]]
      if (newcomer !== undefined) {
        add(7, today + 4 * HOUR)
        const target = add(newcomer, today + 5 * HOUR)
        add(7, today + 5 * HOUR, { n: 1, target })
      }
      if (member !== undefined) {
        const target = add(member, today + 6 * HOUR)
        if (isLiked) add(0, today + 7 * HOUR, { n: 1, target })
      }
      add(0, today + 8 * HOUR)
    }
    const end = at((members.length + 6) * DAY)
    const count = () => members.filter((by) => forum.state.repsOf(keyOf(by), end) >= 1).length
    const before = count()
    const early = at(2 * DAY + 3 * HOUR)
    const guest = forum.add(9, [welcomed], early)
    const votes = [forum.add(7, [guest], early, { n: 1, target: guest })]
    votes.push(forum.add(7, votes, early + 1, { n: 1, target: guest }))
    expect(votes.every((vote) => forum.state.graph.isAccepted(vote) && forum.state.counts(vote))).toBe(true)
    expect([before, count()]).toEqual(able)
  })
})

describe('an insider who alone welcomed 29 members reveals a shadow branch: one earlier vote for each welcome', () => {
  const members = Array.from({ length: 29 }, (_, n) => 10 + n)

  /** The founder welcomes all of them; then they post daily for so many days, and perhaps each likes the next one's posts. */
  function revealed(votes: number, { days, areFriends }: { days: number; areFriends: boolean }) {
    const forum = new Forum(1)
    const first = forum.add(0, [0], at(0))
    let tip = first
    for (const [n, by] of members.entries()) {
      const post = forum.add(by, [tip], at(DAY + n * MINUTE))
      tip = forum.add(0, [tip, post], at(DAY + n * MINUTE), { n: 1, target: post })
    }
    const latest = new Map<number, number>()
    for (let day = 3; day < 3 + days; day += 1) {
      for (const by of members) latest.set(by, (tip = forum.add(by, [tip], at(day * DAY))))
      if (!areFriends) continue
      for (const [n, by] of members.entries()) {
        const target = latest.get(members[(n + day) % members.length]!)!
        if (target !== latest.get(by)) tip = forum.add(by, [tip], at(day * DAY + HOUR), { n: 1, target })
      }
    }
    const now = at((3 + days) * DAY)
    const able = () => members.filter((by) => forum.state.repsOf(keyOf(by), now) >= 1).length
    const before = able()
    let shadow = first
    for (let n = 0; n < votes; n += 1) {
      const early = forum.add(200 + n, [first], at(DAY / 2))
      shadow = forum.add(0, [shadow, early], at(DAY / 2), { n: 1, target: early })
    }
    return { before, after: able(), isAllIn: forum.state.graph.isAccepted(shadow) }
  }

  test.each([1, 5, 29])('%i votes: all can post who were liked by each other', (votes) => {
    expect(revealed(votes, { days: 8, areFriends: true })).toEqual({ before: 29, after: 29, isAllIn: true })
  })

  test('known limit: whom nobody else ever liked loses standing, each for one vote that the founder cannot pay for twice', () => {
    const after = [1, 5, 29].map((votes) => revealed(votes, { days: 8, areFriends: false }).after)
    expect(after).toEqual([29, 26, 2])
  })
})

test('the books balance: votes on others are paid by the base, by days and by likes of others, for every set of authors', () => {
  let full = 0
  checkProperty(
    'ledger-books-balance',
    fc.property(economies(36), ({ chain: of, blocks }) => {
      const twin = new ReputationTwin(of)
      const ledger = twin.ledger(new Set(blocks.filter((u) => twin.isSound(u))))
      const sound = blocks.filter((u) => twin.isSound(u))
      const authors = Array.from({ length: 7 }, (_, n) => keyOf(n)).filter((key) => !twin.isUnlimited(key))
      const latest = Math.max(...sound.map(({ time }) => time))
      for (let mask = 1; mask < 1 << authors.length; mask += 1) {
        const group = new Set(authors.filter((_, n) => (mask >> n) & 1))
        for (const t of [latest, sound[sound.length >> 1]!.time]) {
          const { given, most } = booksOf(twin, ledger, sound, { group, t })
          expect(given).toBeLessThanOrEqual(most)
          if (given > 0 && given === most) full += 1
        }
      }
    }),
    { numRuns: 200 },
  )
  expect(full).toBeGreaterThan(0)
})

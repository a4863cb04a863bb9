/**
 * What spec §5 says follows from its definitions, tried on the definitions themselves: the slow twin. Each title is the
 * spec's sentence.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  acceptedHeads,
  closedPart,
  DAY,
  economies,
  FIRST_DAY,
  HOUR,
  keyOf,
  shuffled,
  twinBlock,
  type Economy,
} from '../support/economy.ts'
import {
  areConcurrent,
  backsOf,
  compareBlocks,
  headsOf,
  inOrder,
  past,
  ReputationTwin,
  withPasts,
  type TwinBlock,
  type TwinSet,
} from '../support/reputation-twin.ts'
import { checkProperty } from '../support/property.ts'

const RUNS = { numRuns: 300 }
const picks = fc.array(fc.nat(255), { minLength: 1, maxLength: 12 })
const orders = fc.array(fc.nat(255), { maxLength: 40 })

const isOwn = (u: TwinBlock, v: TwinBlock) => u.author === v.author
const names = (blocks: Iterable<TwinBlock>): string[] => inOrder(blocks).map((u) => u.id)
const has = (set: TwinSet) => (u: TwinBlock) => set.has(u)

/** The sound ones among the blocks in a closed part of the economy: some peer's V. */
function partOf(twin: ReputationTwin, { blocks }: Economy, part: readonly number[]): Set<TwinBlock> {
  return new Set([...closedPart(blocks, part)].filter((u) => twin.isSound(u)))
}

test('everybody with the same blocks accepts the same ones, whatever the order of arrival', () => {
  checkProperty(
    'law-arrival-order',
    fc.property(economies(36), orders, ({ chain, blocks }, order) => {
      const [one, other] = [new ReputationTwin(chain), new ReputationTwin(chain)]
      const had = new Set<TwinBlock>()
      let accepted: TwinSet = new Set()
      // The other peer judges each block as it comes.
      for (const u of shuffled(blocks, order)) accepted = other.acceptedOf(had.add(u))
      expect(names(accepted)).toEqual(names(one.acceptedOf(blocks)))
    }),
    RUNS,
  )
})

test('peers that give each other what they accept come to accept the same, and the exchange ends', () => {
  checkProperty(
    'law-exchange-ends',
    fc.property(economies(36), fc.tuple(picks, picks, picks, picks), orders, (economy, parts, order) => {
      const twin = new ReputationTwin(economy.chain)
      const peers = parts.map((part) => partOf(twin, economy, part))
      // The last two keep nothing but what they accept.
      const take = (to: number, given: TwinSet): void => {
        const all = new Set([...peers[to]!, ...given])
        peers[to] = to < 2 ? all : twin.accepted(all)
      }
      const give = (from: number, to: number) => take(to, twin.accepted(peers[from]!))
      for (const n of order) give(n % 4, (n >> 2) % 4)
      const states = () => peers.map((known) => names(twin.accepted(known)).join())
      let rounds = 0
      for (let before = ''; before !== states().join(' '); rounds += 1) {
        before = states().join(' ')
        for (let from = 0; from < 4; from += 1) for (let to = 0; to < 4; to += 1) give(from, to)
        expect(rounds).toBeLessThanOrEqual(economy.blocks.length)
      }
      expect(new Set(states()).size).toBe(1)
    }),
    RUNS,
  )
})

test('accepted(accepted(V)) = accepted(V)', () => {
  checkProperty(
    'law-accepted-idempotent',
    fc.property(economies(36), picks, (economy, part) => {
      const twin = new ReputationTwin(economy.chain)
      const accepted = twin.accepted(partOf(twin, economy, part))
      expect(names(twin.accepted(accepted))).toEqual(names(accepted))
    }),
    RUNS,
  )
})

test('the past of an accepted block is accepted', () => {
  checkProperty(
    'law-past-accepted',
    fc.property(economies(36), ({ chain, blocks }) => {
      const accepted = new ReputationTwin(chain).acceptedOf(blocks)
      for (const u of accepted) expect(backsOf(u).every(has(accepted))).toBe(true)
    }),
    RUNS,
  )
})

test('a post on one head, or on all, is sound, and one on what the posting rule links', () => {
  checkProperty(
    'post-on-one-head-or-all-is-sound',
    fc.property(economies(36), picks, fc.nat(40), fc.nat(6), (economy, part, one, author) => {
      const twin = new ReputationTwin(economy.chain)
      const accepted = twin.accepted(partOf(twin, economy, part))
      const now = Math.max(FIRST_DAY, ...[...accepted].map((u) => u.time)) + DAY
      const heads = headsOf(accepted)
      const all = heads.length <= 16 ? heads : []
      const single = heads.slice(one % Math.max(1, heads.length)).slice(0, 1)
      for (const backs of [single, all, acceptedHeads(twin, accepted, keyOf(author), now)]) {
        if (backs.length > 0)
          expect(twin.isSound(twinBlock('next', backs, { author: keyOf(author), time: now }))).toBe(true)
      }
    }),
    RUNS,
  )
})

describe('an author with k reps gets at most k concurrent posts in by himself', () => {
  test('in any economy', () => {
    checkProperty(
      'law-at-most-k-concurrent',
      fc.property(economies(36), picks, orders, (economy, part, order) => {
        const twin = new ReputationTwin(economy.chain)
        const set = partOf(twin, economy, part)
        const [paid, accepted] = [twin.paid(set), twin.accepted(set)]
        const isStoodOn = (u: TwinBlock) => [...accepted].some((v) => !isOwn(u, v) && past(v).has(u))
        // In by himself: paid, or nobody else stands on it.
        const alone = shuffled([...accepted], order).filter((u) => paid.has(u) || !isStoodOn(u))
        for (const author of new Set(alone.map((u) => u.author))) {
          if (twin.isUnlimited(author)) continue
          const own = alone.filter((u) => u.author === author)
          const crowd: TwinBlock[] = []
          for (const u of own) if (crowd.every((v) => areConcurrent(u, v))) crowd.push(u)
          expect(crowd.length).toBeLessThanOrEqual(twin.k(crowd.sort(compareBlocks).at(-1)!))
        }
      }),
      RUNS,
    )
  })

  test('nor does he get a withdrawn one back by a later post of his own', () => {
    const { twin, first, at } = poorForum()
    const late = twinBlock('late', [first], at(2, 0))
    const [like, dayAfter] = [
      twinBlock('like', [late], { ...at(3, 2), like: { n: 1, target: late } }),
      twinBlock('day after', [late], at(26, 0)),
    ]
    expect(twin.k(dayAfter)).toBe(2)
    expect(names(twin.acceptedOf([first, late, dayAfter]))).toEqual(names([first, late, dayAfter]))
    const early = twinBlock('early', [first], at(1, 0))
    expect(names(twin.acceptedOf([first, late, dayAfter, early]))).toEqual(names([first, early]))
    // Somebody else who stands on it keeps it in, and above that he may go on.
    const onLike = twinBlock('on like', [like], at(26, 0))
    const all = [first, late, like, onLike, early]
    expect(names(twin.acceptedOf(all))).toEqual(names(all))
  })

  test('and k of them do get in', () => {
    checkProperty(
      'law-k-get-in',
      fc.property(fc.constantFrom(1, 2, 5, 10, 15, 30), fc.integer({ min: 1, max: 35 }), (pioneers, posts) => {
        const twin = new ReputationTwin({
          kind: 'forum',
          pioneers: Array.from({ length: pioneers }, (_, n) => keyOf(n)),
        })
        const first = twinBlock('first', [], { author: keyOf(pioneers - 1), time: FIRST_DAY })
        const at = { author: keyOf(0), time: FIRST_DAY + DAY }
        const all = Array.from({ length: posts }, (_, n) => twinBlock(`post ${n}`, [first], at))
        const k = pioneers === 1 ? 30 : 30 / pioneers
        const accepted = twin.acceptedOf([first, ...all])
        expect(accepted.size - 1).toBe(Math.min(posts, k))
        // They are the first ones in order.
        expect(names([...accepted].filter((u) => u !== first))).toEqual(names(inOrder(all).slice(0, k)))
      }),
    )
  })
})

/** Blocks accepted and paid after each arrival. */
function* arrivals({ chain, blocks }: Economy, order: readonly number[]) {
  const twin = new ReputationTwin(chain)
  const had = new Set<TwinBlock>()
  for (const u of shuffled(blocks, order)) {
    if (!twin.isSound(u)) continue
    had.add(u)
    yield { paid: twin.paid(had), accepted: twin.accepted(had) }
  }
}

/**
 * Said of blocks that got in by themselves. A post that was welcomed hangs on the like that let it in, so it goes when
 * that like does, if nothing else stands on it: see below.
 */
test('an author who makes no concurrent blocks never has one withdrawn', () => {
  checkProperty(
    'law-no-concurrent-none-withdrawn',
    fc.property(economies(36), orders, (economy, order) => {
      const twin = new ReputationTwin(economy.chain)
      const sound = economy.blocks.filter((u) => twin.isSound(u))
      const rivals = sound.filter((v) => sound.some((w) => isOwn(v, w) && areConcurrent(v, w)))
      const twofold = new Set(rivals.map((u) => u.author))
      let before: TwinSet = new Set()
      for (const { paid, accepted } of arrivals(economy, order)) {
        for (const u of before) if (!twofold.has(u.author)) expect(accepted.has(u)).toBe(true)
        before = paid
      }
    }),
    RUNS,
  )
})

test('a welcomed post goes with the only like that let it in', () => {
  const { twin, first, at } = poorForum()
  const guest = twinBlock('guest', [first], at(1, 40))
  const welcome = twinBlock('welcome', [first, guest], { ...at(3, 0), like: { n: 1, target: guest } })
  const rival = twinBlock('rival', [first], at(2, 0))
  expect(names(twin.acceptedOf([first, guest, welcome]))).toEqual(names([first, guest, welcome]))
  expect(names(twin.acceptedOf([first, guest, welcome, rival]))).toEqual(names([first, rival]))
})

test('nobody has one withdrawn while somebody else’s paid block stands on it', () => {
  checkProperty(
    'law-paid-on-top-protects',
    fc.property(economies(36), orders, (economy, order) => {
      let before: TwinSet = new Set()
      for (const { paid, accepted } of arrivals(economy, order)) {
        for (const u of before) {
          if (accepted.has(u)) continue
          expect([...paid].filter((v) => v.author !== u.author && past(v).has(u))).toEqual([])
        }
        before = accepted
      }
    }),
    RUNS,
  )
})

test('a joiner needs nothing but accepted blocks', () => {
  checkProperty(
    'law-joiner-needs-accepted',
    fc.property(economies(36), picks, (economy, part) => {
      const giver = new ReputationTwin(economy.chain)
      const given = giver.accepted(partOf(giver, economy, part))
      const paid = giver.paid(given)
      const joiner = new ReputationTwin(economy.chain)
      const had = new Set<TwinBlock>()
      for (const payer of inOrder(paid)) {
        for (const u of inOrder(withPasts([payer]))) had.add(u)
        // Cut off behind any paid block, it accepts all that it was given.
        expect(names(joiner.acceptedOf(had))).toEqual(names(had))
      }
      expect(had).toEqual(given)
    }),
    RUNS,
  )
})

/** Each of 30 pioneers has one rep; number 1 has posted. */
function poorForum() {
  const twin = new ReputationTwin({ kind: 'forum', pioneers: Array.from({ length: 30 }, (_, n) => keyOf(n)) })
  const at = (hours: number, author: number) => ({ time: FIRST_DAY + hours * HOUR, author: keyOf(author) })
  return { twin, at, first: twinBlock('first', [], at(0, 1)) }
}

test('a block on a held one is not sound, unless it is a like that welcomes it', () => {
  const { twin, first, at } = poorForum()
  const guest = twinBlock('guest', [first], at(1, 40))
  const on = (n?: 1 | -1) =>
    twinBlock('on guest', [guest], { ...at(2, 0), ...(n ? { like: { n, target: guest } } : {}) })
  expect([guest, on(), on(-1), on(1)].map((u) => twin.isSound(u))).toEqual([true, false, false, true])
  const second = twinBlock('second', [first], at(1, 41))
  const both = twinBlock('both', [guest, second], { ...at(2, 0), like: { n: 1, target: guest } })
  expect(twin.isSound(both)).toBe(false)
})

test('two rival welcomes by one author with one rep do not make the next post unsound', () => {
  const { twin, first, at } = poorForum()
  const guests = [40, 41].map((n) => twinBlock(`guest ${n}`, [first], at(1, n)))
  const welcomes = guests.map((target) =>
    twinBlock(`welcome of ${target.id}`, [first, target], { ...at(2, 0), like: { n: 1, target } }),
  )
  const all = new Set([first, ...guests, ...welcomes])
  const accepted = twin.acceptedOf(all)
  const [winner] = inOrder(welcomes)
  expect(names(accepted)).toEqual(names([first, winner!, winner!.like!.target]))
  const next = twinBlock('next', headsOf(accepted), at(3, 2))
  expect(twin.isSound(next)).toBe(true)
  expect(twin.acceptedOf(all.add(next)).has(next)).toBe(true)
})

test('a private branch of 60 days with sybils and a hundred dislikes, revealed at once, withdraws no honest block', () => {
  const twin = new ReputationTwin({ kind: 'forum', pioneers: [keyOf(0), keyOf(1), keyOf(2)] })
  const line = (name: string, tip: TwinBlock, parts: Parameters<typeof twinBlock>[2]) => twinBlock(name, [tip], parts)
  const at = (day: number, ms: number, author: number) => ({ time: FIRST_DAY + day * DAY + ms, author: keyOf(author) })
  const first = twinBlock('first', [], at(0, 0, 0))
  const early = [1, 2].map((author) => line(`early ${author}`, first, at(0, 1, author)))
  const honest: TwinBlock[] = [first, ...early, twinBlock('fork', early, at(0, 2, 0))]
  const fork = honest.at(-1)!
  for (let day = 1; day <= 60; day += 1) honest.push(line(`honest ${day}`, honest.at(-1)!, at(day, HOUR, day % 2)))
  // Pioneer 2 works in private: lets a sybil in every tenth day, and whoever has reps dislikes what the others wrote.
  const branch: TwinBlock[] = [fork]
  const add = (parts: Parameters<typeof twinBlock>[2]) =>
    branch.push(line(`dark ${branch.length}`, branch.at(-1)!, parts))
  let dislikes = 0
  for (let day = 1; day <= 60; day += 1) {
    if (day % 10 === 1 && day < 60) {
      const guest = line(`sybil ${day}`, branch.at(-1)!, at(day, 0, 100 + day))
      branch.push(
        guest,
        twinBlock(`welcome ${day}`, [branch.at(-1)!, guest], { ...at(day, 1, 2), like: { n: 1, target: guest } }),
      )
    }
    for (const villain of [2, 101, 111, 121, 131, 141, 151]) {
      const parts = at(day, 2 + villain, villain)
      const reps = twin.reps(parts.author, new Set(branch), parts.time)
      if (reps >= 1) add(parts)
      if (reps >= 3 && dislikes < 100) {
        add({ ...parts, like: { n: -1, target: dislikes % 2 === 0 ? first : early[0]! } })
        dislikes += 1
      }
    }
  }
  expect(dislikes).toBe(100)
  expect(branch.every((u) => twin.isSound(u))).toBe(true)
  const revealed = twin.acceptedOf([...honest, ...branch])
  expect(branch.every(has(revealed))).toBe(true)
  expect(honest.filter((u) => !revealed.has(u))).toEqual([])
})

test('the economies hold what they are made for', () => {
  const seen = {
    blocks: 0,
    unsound: 0,
    accepted: 0,
    held: 0,
    withdrawn: 0,
    welcomed: 0,
    rivals: 0,
    crowded: 0,
    ties: 0,
  }
  const drawn = fc.sample(economies(36), { numRuns: 200, seed: 7 })
  for (const economy of drawn) {
    const twin = new ReputationTwin(economy.chain)
    const sound = new Set(economy.blocks.filter((u) => twin.isSound(u)))
    const [paid, accepted] = [twin.paid(sound), twin.accepted(sound)]
    seen.blocks += economy.blocks.length
    seen.unsound += economy.blocks.length - sound.size
    seen.accepted += accepted.size
    seen.held += sound.size - accepted.size
    seen.welcomed += accepted.size - paid.size
    seen.rivals += [...sound].filter((u) => [...sound].some((v) => isOwn(u, v) && areConcurrent(u, v))).length
    let before: TwinSet = new Set()
    for (const { accepted: now } of arrivals(economy, [5, 1, 4, 9, 7, 2, 8])) {
      seen.withdrawn += [...before].filter((u) => !now.has(u)).length
      seen.crowded += headsOf(now).length > 16 ? 1 : 0
      before = now
    }
    seen.ties += new Set([...sound].map((u) => u.time)).size < sound.size ? 1 : 0
  }
  const floors = {
    accepted: 2000,
    held: 500,
    unsound: 50,
    withdrawn: 50,
    welcomed: 100,
    rivals: 500,
    crowded: 10,
    ties: 100,
  }
  for (const [what, least] of Object.entries(floors)) {
    expect(seen[what as keyof typeof seen], `${what} of ${JSON.stringify(seen)}`).toBeGreaterThan(least)
  }
})

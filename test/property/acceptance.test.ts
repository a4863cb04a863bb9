/**
 * Acceptance against the slow twin after every single insertion: random DAGs in random orders, with blocks withheld,
 * taken back, dropped, brought again, and restarts. In one half k is drawn, not counted, so that small DAGs meet what real ones need
 * weeks for.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AcceptancePeer } from '../support/acceptance-peer.ts'
import { economies, FIRST_DAY, keyOf, shuffled, twinBlock } from '../support/economy.ts'
import { checkProperty, timesOf } from '../support/property.ts'
import { backsOf, inOrder, past, ReputationTwin, withPasts } from '../support/reputation-twin.ts'
import type { TwinBlock, TwinChain } from '../support/reputation-twin.ts'

const TIMES = timesOf('ACCEPTANCE_TIMES')

const FORUM: TwinChain = { kind: 'forum', pioneers: [keyOf(0)] }

/** Whose k is what the test says. */
class DrawnTwin extends ReputationTwin {
  readonly #drawn: ReadonlyMap<TwinBlock, number>

  constructor(chain: TwinChain, drawn: ReadonlyMap<TwinBlock, number>) {
    super(chain)
    this.#drawn = drawn
  }

  override k(u: TwinBlock): number {
    if (this.isUnlimited(u.author)) return Number.POSITIVE_INFINITY
    return u.author === undefined ? 0 : (this.#drawn.get(u) ?? 0)
  }
}

interface Drawn {
  readonly twin: ReputationTwin
  readonly blocks: readonly TwinBlock[]
}

const plans = fc.record({
  author: fc.constantFrom(0, 0, 0, 1, 1, 2, undefined),
  reach: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }),
  late: fc.constantFrom(0, 0, 1, 2, 5, 30),
  k: fc.constantFrom(0, 1, 1, 1, 2, 2, 3, 4),
  like: fc.constantFrom('no', 'no', 'welcome', 'welcome', 'other'),
  pick: fc.nat(255),
})

/** Every block on accepted blocks of some version of what was made before, so that most are sound. */
const drawnDags = (most: number, owned: boolean): fc.Arbitrary<Drawn> =>
  fc.array(plans, { minLength: 2, maxLength: most }).map((list) => {
    const chain: TwinChain = owned ? { kind: 'identity', pioneers: [], owner: keyOf(2) } : FORUM
    const drawn = new Map<TwinBlock, number>()
    const twin = new DrawnTwin(chain, drawn)
    const blocks: TwinBlock[] = []
    for (const [n, { author, reach, late, k, like, pick }] of list.entries()) {
      const picked = [...new Set(reach.map((far) => blocks[n - 1 - far]).filter((u) => u !== undefined))]
      const lower = withPasts(picked.flatMap(backsOf))
      // Mostly no back stands on another.
      const backs = pick % 8 === 0 ? picked : picked.filter((u) => !lower.has(u))
      const time = Math.max(FIRST_DAY, ...backs.map((back) => back.time)) + late
      const targets = like === 'welcome' ? backs : [...withPasts(backs)]
      const target = like === 'no' ? undefined : targets.filter((u) => u.like === undefined)[pick % 3]
      const parts = author === undefined ? {} : { author: keyOf(author) }
      const liking =
        target === undefined || author === undefined
          ? {}
          : { like: { n: pick % 5 === 0 ? (-1 as const) : (1 as const), target } }
      const made = twinBlock(`drawn ${String(n)}`, backs, { time, ...parts, ...liking })
      blocks.push(made)
      drawn.set(made, k)
    }
    return { twin, blocks }
  })

const orders = fc.array(fc.nat(1000), { maxLength: 40 })

interface Seen {
  blocks: number
  unsound: number
  withdrawn: number
  crowds: number
}

/** Gives a peer the blocks in another order; what it answers is asked after every step. */
function play({ twin, blocks }: Drawn, order: readonly number[], seen: Seen): void {
  const peer = new AcceptancePeer(twin)
  for (const u of shuffled(blocks, order)) {
    if (!backsOf(u).every((back) => peer.set.has(back))) continue
    if (backsOf(u).length > 0) {
      expect(peer.standsOnAccepted(u)).toBe(peer.expectedToStand(u))
      if (!peer.expectedToStand(u)) seen.unsound += 1
    }
    if (!twin.isSound(u)) continue
    const before = peer.answers()
    const would = peer.acceptance.would(peer.know(u)).withdrawn
    const change = peer.add(u)
    const after = peer.answers()
    expect(after).toEqual(peer.expected())
    expect(change.withdrawn).toEqual(would)
    expect(idsIn(peer, change.accepted)).toEqual(less(after.accepted, before.accepted))
    expect(idsIn(peer, change.withdrawn)).toEqual(less(before.accepted, after.accepted))
    expect(idsIn(peer, change.paid)).toEqual(less(after.paid, before.paid))
    expect(idsIn(peer, change.unpaid)).toEqual(less(before.paid, after.paid))
    seen.blocks += 1
    seen.withdrawn += change.withdrawn.length
    seen.crowds += change.unpaid.length > 1 ? 1 : 0
  }
}

const less = (from: readonly string[], what: readonly string[]) => from.filter((id) => !what.includes(id))
const idsIn = (peer: AcceptancePeer, indexes: readonly number[]) => indexes.map((at) => peer.blocks[at]!.id).sort()

test('paid, accepted, heads, changes and soundness are what the definitions say after every insertion', () => {
  const seen: Seen = { blocks: 0, unsound: 0, withdrawn: 0, crowds: 0 }
  checkProperty(
    'acceptance-by-definition',
    fc.property(drawnDags(16, false), orders, (drawn, order) => play(drawn, order, seen)),
    { numRuns: 4000 * TIMES },
  )
  // Else the test tests nothing.
  expect(seen.withdrawn).toBeGreaterThan(100)
  expect(seen.unsound).toBeGreaterThan(100)
  expect(seen.crowds).toBeGreaterThan(10)
  if (TIMES > 1) console.log(seen)
})

test('the same where one author is unlimited', () => {
  const seen: Seen = { blocks: 0, unsound: 0, withdrawn: 0, crowds: 0 }
  checkProperty(
    'acceptance-unlimited-author',
    fc.property(drawnDags(14, true), orders, (drawn, order) => play(drawn, order, seen)),
    { numRuns: 800 * TIMES },
  )
  expect(seen.blocks).toBeGreaterThan(1000)
})

test('the same where authors live by counted reps', () => {
  const seen: Seen = { blocks: 0, unsound: 0, withdrawn: 0, crowds: 0 }
  checkProperty(
    'acceptance-counted-reps',
    fc.property(economies(24), orders, ({ chain, blocks }, order) =>
      play({ twin: new ReputationTwin(chain), blocks }, order, seen),
    ),
    { numRuns: 200 * TIMES },
  )
  expect(seen.blocks).toBeGreaterThan(500)
})

const deeds = fc.array(
  fc.record({
    deed: fc.constantFrom('add', 'add', 'add', 'add', 'add', 'know', 'drop', 'pop', 'pop', 'retreat', 'reload'),
    pick: fc.nat(255),
  }),
  { minLength: 10, maxLength: 60 },
)

test('the same when blocks are withheld, known outside V, taken back, dropped and brought again, and after restarts', () => {
  const seen = { dropped: 0, popped: 0, renumbered: 0, retreated: 0 }
  const worlds = fc.oneof(
    { weight: 4, arbitrary: drawnDags(14, false) },
    { weight: 1, arbitrary: drawnDags(14, true) },
    { weight: 1, arbitrary: economies(14).map(({ chain, blocks }) => ({ twin: new ReputationTwin(chain), blocks })) },
  )
  checkProperty(
    'acceptance-withheld-and-restarted',
    fc.property(worlds, deeds, ({ twin, blocks }, list) => {
      const peer = new AcceptancePeer(twin)
      const sound = blocks.filter((u) => twin.isSound(u))
      for (const { deed, pick } of list) {
        const known = (u: TwinBlock) => peer.indexOf(u) !== undefined
        const able = sound.filter((u) => !peer.set.has(u) && backsOf(u).every((back) => peer.set.has(back)))
        const unpaid = sound.filter((u) => peer.set.has(u) && !peer.acceptance.isPaid(peer.indexOf(u)!))
        const droppable = unpaid.filter((u) => !sound.some((v) => known(v) && peer.lives(v) && past(v).has(u)))
        const chosen = (from: readonly TwinBlock[]) => from[pick % Math.max(1, from.length)]
        if (deed === 'add') {
          const u = chosen(able)
          if (u !== undefined) peer.recall(u)
          if (u !== undefined) peer.add(u)
        } else if (deed === 'know') {
          const u = chosen(
            sound.filter((v) => !known(v) && backsOf(v).every((back) => known(back) && peer.lives(back))),
          )
          if (u !== undefined) peer.know(u)
        } else if (deed === 'drop') {
          const u = chosen(droppable)
          if (u !== undefined) peer.drop(u)
          if (u !== undefined) seen.dropped += 1
        } else if (deed === 'pop') {
          const authors = peer.table.authorCount
          for (let n = 0; n <= pick % 4; n += 1) if (peer.pop() !== undefined) seen.popped += 1
          seen.renumbered += authors - peer.table.authorCount
        } else if (deed === 'retreat') {
          const last = inOrder(peer.set).at(-1)
          if (last !== undefined) retreat(peer, last)
          if (last !== undefined) seen.retreated += 1
        } else peer.reload()
        expect(peer.answers()).toEqual(peer.expected())
        for (const u of blocks) {
          if (backsOf(u).length === 0 || !backsOf(u).every((back) => known(back) && peer.lives(back))) continue
          expect(peer.standsOnAccepted(u)).toBe(peer.expectedToStand(u))
        }
      }
    }),
    { numRuns: 1500 * TIMES },
  )
  expect(seen.dropped).toBeGreaterThan(50)
  expect(seen.popped).toBeGreaterThan(500)
  expect(seen.renumbered).toBeGreaterThan(100)
  expect(seen.retreated).toBeGreaterThan(500)
  if (TIMES > 1) console.log(seen)
})

function retreat(peer: AcceptancePeer, u: TwinBlock): void {
  const before = peer.answers()
  const change = peer.retreat(u)
  const after = peer.answers()
  expect(idsIn(peer, change.withdrawn)).toEqual(less(before.accepted, after.accepted))
  expect(idsIn(peer, change.unpaid)).toEqual(less(before.paid, after.paid))
  expect(change.accepted.length + change.paid.length).toBe(0)
}

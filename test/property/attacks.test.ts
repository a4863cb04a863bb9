/**
 * What somebody who breaks the rules of good conduct gets out of it (spec §5): rival blocks, private branches, floods of
 * siblings. On whole replicas, and for the flood on acceptance alone.
 */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { Graph } from '../../src/dag/graph.ts'
import type { AuthorKey, BlockId } from '../../src/dag/ids.ts'
import { post } from '../../src/node/chain/posting.ts'
import { Acceptance } from '../../src/reputation/acceptance.ts'
import { BlockTable } from '../../src/reputation/block-table.ts'
import { OLD_BLOCKS_PER_HOUR, REWRITES_PER_DAY } from '../../src/reputation/throttle.ts'
import { author, bytes, must } from '../support/blocks.ts'
import { DRAWN_CHAIN, drawnId } from '../support/draw.ts'
import { SignedEconomy } from '../support/economy-blocks.ts'
import { arrivals, choices, Peer, picker } from '../support/economy-replicas.ts'
import { DAY, economies, FIRST_DAY, HOUR, keyOf, MINUTE, shuffled, twinBlock } from '../support/economy.ts'
import { privateBranch } from '../support/private-branch.ts'
import { checkProperty, timesOf } from '../support/property.ts'
import { rivalries } from '../support/contested-economies.ts'
import { areConcurrent, compareBlocks, past, type TwinBlock } from '../support/reputation-twin.ts'

const TIMES = timesOf('REPLICA_TIMES')
const TIMEOUT = 60_000 * Math.max(1, TIMES)

const drawnEconomies = fc.oneof({ weight: 1, arbitrary: economies(20) }, { weight: 1, arbitrary: rivalries })

const isOwn = (u: TwinBlock, v: TwinBlock) => u.author === v.author

/** What a replica goes by after each block, which come in another order. */
async function* states(economy: SignedEconomy, numbers: readonly number[]) {
  const peer = await Peer.open(economy)
  const pick = picker(numbers)
  for (const u of arrivals(economy, numbers)) {
    await peer.give([u])
    if (pick(8) === 0) await peer.replica.endPull()
    const { state: reputation } = peer.replica
    const accepted = peer.acceptedInTurn()
    yield { accepted: new Set(accepted), paid: new Set(accepted.filter((v) => reputation.isPaid(peer.indexOf(v)))) }
  }
}

test('an author with k reps gets at most k concurrent posts in by himself', { timeout: TIMEOUT }, async () => {
  let crowds = 0
  await checkProperty(
    'concurrent-posts-at-most-reps-on-node',
    fc.asyncProperty(drawnEconomies, choices, async (drawn, numbers) => {
      const economy = new SignedEconomy(drawn)
      const { twin } = economy
      for await (const { accepted, paid } of states(economy, numbers)) {
        // In by himself: paid, or nobody else stands on it.
        const isStoodOn = (u: TwinBlock) => [...accepted].some((v) => !isOwn(u, v) && past(v).has(u))
        const alone = shuffled([...accepted], numbers).filter((u) => paid.has(u) || !isStoodOn(u))
        for (const by of new Set(alone.map((u) => u.author))) {
          if (twin.isUnlimited(by)) continue
          const crowd: TwinBlock[] = []
          for (const u of alone) if (u.author === by && crowd.every((v) => areConcurrent(u, v))) crowd.push(u)
          expect(crowd.length).toBeLessThanOrEqual(twin.k(crowd.sort(compareBlocks).at(-1)!))
          if (crowd.length > 1) crowds += 1
        }
      }
    }),
    { numRuns: 150 * TIMES },
  )
  expect(crowds).toBeGreaterThan(200 * TIMES)
})

describe('what was accepted goes only', () => {
  test(
    'by its author’s own concurrent blocks, and never from under somebody else’s paid one',
    { timeout: TIMEOUT },
    async () => {
      let withdrawn = 0
      await checkProperty(
        'accepted-goes-by-own-blocks-only',
        fc.asyncProperty(drawnEconomies, choices, async (drawn, numbers) => {
          const economy = new SignedEconomy(drawn)
          const { sound } = economy
          const twofold = new Set(
            sound.filter((v) => sound.some((w) => isOwn(v, w) && areConcurrent(v, w))).map((u) => u.author),
          )
          let before = { accepted: new Set<TwinBlock>(), paid: new Set<TwinBlock>() }
          for await (const now of states(economy, numbers)) {
            for (const u of before.accepted) {
              if (now.accepted.has(u)) continue
              withdrawn += 1
              // An author who makes no concurrent blocks never has one withdrawn: but a welcomed post hangs on its welcome.
              expect(before.paid.has(u) && !twofold.has(u.author)).toBe(false)
              expect([...now.paid].filter((v) => !isOwn(u, v) && past(v).has(u))).toEqual([])
            }
            before = now
          }
        }),
        { numRuns: 300 * TIMES },
      )
      expect(withdrawn).toBeGreaterThan(50 * TIMES)
    },
  )

  test('with the only like that let it in, if it was welcomed', async () => {
    const guest = twinBlock('guest', [FIRST], at(1, 40))
    const welcome = twinBlock('welcome', [FIRST, guest], { ...at(3, 0), like: { n: 1, target: guest } })
    const rival = twinBlock('rival', [FIRST], at(2, 0))
    const economy = poor([FIRST, guest, welcome, rival])
    const peer = await Peer.open(economy)
    await peer.give(economy.blocks.slice(0, 3))
    expect(peer.accepted()).toEqual([0, 1, 2])
    await peer.give(economy.blocks.slice(3))
    expect(peer.accepted()).toEqual([0, 3])
  })
})

const at = (hours: number, by: number) => ({ time: FIRST_DAY + hours * HOUR, author: keyOf(by) })

/** Number 1 has posted. */
const FIRST = twinBlock('first', [], at(0, 1))

/** A forum of pioneers with so many reps each. */
function poor(blocks: readonly TwinBlock[], reps = 1): SignedEconomy {
  const pioneers = Array.from({ length: 30 / reps }, (_, n) => keyOf(n))
  return new SignedEconomy({ chain: { kind: 'forum', pioneers }, blocks })
}

test('two rival welcomes by one author with one rep do not make the next post unsound', async () => {
  const guests = [40, 41].map((n) => twinBlock(`guest ${n}`, [FIRST], at(1, n)))
  const welcomes = guests.map((target) =>
    twinBlock(`welcome of ${target.id}`, [FIRST, target], { ...at(2, 0), like: { n: 1, target } }),
  )
  const economy = poor([FIRST, ...guests, ...welcomes])
  const [one, other] = await Promise.all([Peer.open(economy), Peer.open(economy)])
  await one.give(economy.blocks)
  await other.give([0, 2, 4, 1, 3].map((n) => economy.blocks[n]!))
  expect(one.accepted().length).toBe(3)
  expect(other.answers()).toEqual({ ...other.expected(), ...one.answers(), k: other.answers().k })
  const request = { payload: bytes('next'), pvt: author(2) }
  const made = must(await post(one.replica, request, one.clock))
  expect(made.state).toBe('accepted')
  const block = await one.replica.block(one.replica.graph.indexOf(made.id)!)
  const next = economy.adopt({ block, payload: request.payload })
  expect(economy.twin.isSound(next)).toBe(true)
  expect(await other.give([next])).toEqual(['accepted'])
})

describe('a private branch of 60 days with twenty sybils and a hundred dislikes, revealed at once', () => {
  const branch = privateBranch()
  const economy = new SignedEconomy(branch)
  const [open, dark] = [economy.blocks.slice(0, branch.published), economy.blocks.slice(branch.published)]
  const founder = author(0).author

  test('withdraws no honest block, and all who have it answer the same', { timeout: TIMEOUT }, async () => {
    const common = new Set(economy.blocks.filter((u) => u.time < branch.forkMs))
    expect(economy.twin.reps(founder, common, branch.forkMs)).toBe(30)
    expect(branch.dislikes).toBe(100)
    const one = await Peer.open(economy)
    await one.give(open)
    await one.replica.endPull()
    expect(one.replica.blocks).toBe(open.length)
    await one.give(dark)
    await one.replica.endPull()
    expect(one.accepted()).toEqual(economy.numbers(economy.blocks))
    const byOthers = one.events.filter(({ author: by }) => by !== founder)
    expect(byOthers.filter(({ kind }) => kind === 'withdrawn')).toEqual([])
    const answers = one.answers()
    expect(answers).toEqual(one.expected(economy.blocks))
    expect(answers.heads.length).toBe(2)
    const other = await Peer.open(economy)
    await other.give(arrivals(economy, [7, 3, 9, 1, 4, 8, 2]))
    expect(other.answers()).toEqual(answers)
  })

  test('comes in bit by bit where somebody was there all the time', { timeout: TIMEOUT }, async () => {
    const peer = await Peer.open(economy, { stepMs: 0 })
    await peer.give(open)
    for (let ms = branch.forkMs; ms <= economy.lastMs; ms += 3 * MINUTE) peer.replica.watch.note(ms)
    await peer.give(dark)
    await peer.replica.endPull()
    let hours = 1
    for (; peer.replica.delayedCount > 0; hours += 1) {
      const accepted = new Set(peer.acceptedInTurn())
      expect(open.every((u) => accepted.has(u))).toBe(true)
      expect(accepted.size - open.length).toBeLessThanOrEqual(hours * OLD_BLOCKS_PER_HOUR)
      expect(peer.replica.delayedCount + hours * OLD_BLOCKS_PER_HOUR).toBeGreaterThan(dark.length - hours)
      await peer.settle(peer.nowMs + HOUR)
    }
    expect(hours).toBe(Math.ceil(dark.length / OLD_BLOCKS_PER_HOUR))
    expect(peer.accepted()).toEqual(economy.numbers(economy.blocks))
    expect(peer.answers()).toEqual(peer.expected(economy.blocks))
  })
})

describe('ten thousand siblings by one author with five reps, in falling order of time', () => {
  const COUNT = 10_000
  const REPS = 5
  const siblings = Array.from({ length: COUNT }, (_, n) =>
    twinBlock(`sibling ${n}`, [FIRST], { author: keyOf(0), time: FIRST_DAY + DAY - n }),
  )
  let economy: SignedEconomy

  beforeAll(() => {
    economy = poor([FIRST, ...siblings], REPS)
  })

  test('in acceptance alone: the five earliest are in at any time, and each costs as little as the first', () => {
    const graph = new CountingGraph(DRAWN_CHAIN, 5)
    const table = new BlockTable(graph)
    const acceptance = new Acceptance({ graph, table, isUnlimited: () => false })
    const add = (time: number, by: string, k: number): void => {
      const backs = graph.size === 1 ? [0] : [1]
      const index = graph.add({ id: drawnId(`${time}`), height: backs[0]! + 1, time, backs }, false)
      table.add(index, { author: by as AuthorKey, k })
      acceptance.add(index)
    }
    add(0, keyOf(1), 1)
    let most = 0
    for (let n = 0; n < COUNT; n += 1) {
      const before = graph.steps
      add(COUNT - n, keyOf(0), REPS)
      most = Math.max(most, graph.steps - before)
      expect(graph.acceptedCount).toBe(1 + Math.min(n + 1, REPS))
    }
    expect(graph.heads().map((index) => graph.time(index))).toEqual([1, 2, 3, 4, 5])
    expect(most).toBeLessThan(300)
  })

  test('on a node: at most five, and one withdrawal in an hour; memory is bounded', { timeout: TIMEOUT }, async () => {
    const peer = await Peer.open(economy, { stepMs: 0 })
    const { graph } = peer.replica
    const order = [...economy.blocks]
    const check = (hours: number): void => {
      const withdrawn = peer.events.filter(({ kind }) => kind === 'withdrawn').length
      expect(peer.replica.blocks).toBeLessThanOrEqual(1 + REPS)
      expect(withdrawn).toBeLessThanOrEqual(REWRITES_PER_DAY + hours)
      // The graph holds what was accepted once, and nothing else.
      expect(graph.size).toBeLessThanOrEqual(2 + REPS + withdrawn)
    }
    while (order.length > 0) {
      await peer.give(order.splice(0, 500))
      check(0)
      expect(peer.replica.knownCount).toBeLessThanOrEqual(COUNT + 2)
    }
    await peer.replica.endPull()
    const kept = economy.blocks.filter(({ id }) => peer.replica.has(id as BlockId))
    expect(kept.length).toBeLessThanOrEqual(graph.size + MAX_SURPLUS)
    for (let hours = 1; hours <= 6; hours += 1) {
      await peer.settle(peer.nowMs + HOUR)
      check(hours)
    }
    expect(peer.replica.blocks).toBe(1 + REPS)
  })

  test('on a node that has all the time of the world: the five earliest in order', { timeout: TIMEOUT }, async () => {
    const peer = await Peer.open(economy)
    const order = [...economy.blocks]
    while (order.length > 0) {
      await peer.give(order.splice(0, 500))
      await peer.replica.endPull()
      expect(peer.replica.blocks).toBe(1 + REPS)
    }
    expect(peer.accepted()).toEqual(economy.numbers([economy.blocks[0]!, ...economy.blocks.slice(-REPS)]))
    expect(peer.known().length).toBeLessThanOrEqual(1 + REPS + MAX_SURPLUS)
  })
})

/** Spec §5. */
const MAX_SURPLUS = 1000

/** Counts what it is asked. */
class CountingGraph extends Graph {
  steps = 0

  override compare(a: number, b: number): number {
    this.steps += 1
    return super.compare(a, b)
  }

  override forEachBack(index: number, visit: (back: number) => void): void {
    this.steps += 1
    super.forEachBack(index, visit)
  }
}

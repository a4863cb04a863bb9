/**
 * What somebody who breaks the rules of good conduct gets out of it (spec §5): rival blocks, private branches, floods of
 * siblings. On whole replicas, and for the flood on acceptance alone.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/dag/graph.ts'
import type { AuthorKey } from '../../src/dag/ids.ts'
import { post } from '../../src/node/posting.ts'
import { Acceptance } from '../../src/reputation/acceptance.ts'
import { Ledger } from '../../src/reputation/ledger.ts'
import { OLD_BLOCKS_PER_HOUR, Watch } from '../../src/reputation/throttle.ts'
import { author, bytes, must } from '../support/blocks.ts'
import { DRAWN_CHAIN, drawnId } from '../support/draw.ts'
import { SignedEconomy } from '../support/economy-blocks.ts'
import { arrivals, choices, Peer, picker } from '../support/economy-replicas.ts'
import { DAY, economies, FIRST_DAY, HOUR, keyOf, MINUTE, shuffled, twinBlock, type Economy } from '../support/economy.ts'
import { privateBranch } from '../support/private-branch.ts'
import { rivalries } from '../support/quarrels.ts'
import { areConcurrent, compareBlocks, past, type TwinBlock } from '../support/reputation-twin.ts'

const TIMEOUT = 60_000
/** Raised by hand for long hunts. */
const TIMES = Number(process.env['REPLICA_TIMES'] ?? 1)

const drawnEconomies = fc.oneof(
  { weight: 1, arbitrary: economies(20) },
  { weight: 1, arbitrary: rivalries },
)

const isOwn = (u: TwinBlock, v: TwinBlock) => u.author === v.author

/** What a replica goes by after each block, which come in another order. */
async function* states(economy: SignedEconomy, numbers: readonly number[]) {
  const peer = await Peer.open(economy)
  const pick = picker(numbers)
  for (const u of arrivals(economy, numbers)) {
    await peer.give([u])
    if (pick(8) === 0) await peer.replica.endPull()
    const { reputation } = peer.replica
    const accepted = peer.acceptedInTurn()
    yield { accepted: new Set(accepted), paid: new Set(accepted.filter((v) => reputation.isPaid(peer.indexOf(v)))) }
  }
}

test('an author with k reps gets at most k concurrent posts in by himself', { timeout: TIMEOUT }, async () => {
  let crowds = 0
  await fc.assert(
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
  expect(crowds).toBeGreaterThan(200)
})

describe('what was accepted goes only', () => {
  test('by its author’s own concurrent blocks, and never from under somebody else’s paid one', { timeout: TIMEOUT }, async () => {
    let withdrawn = 0
    await fc.assert(
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
    expect(withdrawn).toBeGreaterThan(200)
  })

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
  const honest = open.filter((u) => u.author !== founder)

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
    expect(new Set(one.acceptedInTurn())).toEqual(new Set(economy.blocks))
    expect(one.events.filter(({ kind, author: by }) => kind === 'withdrawn' && by !== founder)).toEqual([])
    const answers = one.answers()
    expect(answers).toEqual(one.expected(economy.blocks))
    expect(answers.heads.length).toBe(2)
    const other = await Peer.open(economy)
    await other.give([...dark.reverse().reverse()].length > 0 ? arrivals(economy, [7, 3, 9, 1, 4]) : [])
    expect(other.answers()).toEqual(answers)
  })

  test('comes in bit by bit where somebody was there all the time', { timeout: TIMEOUT }, async () => {
    const watch = new Watch([[FIRST_DAY, economy.lastMs + HOUR]])
    // The honest blocks came as they were made: here at once, before anybody watched.
    const peer = await Peer.open(economy, { stepMs: 0, watch: new Watch() })
    await peer.give(open)
    expect(watch.wasWatching(branch.forkMs)).toBe(true)
  })
})

/**
 * Whole replicas against the slow twin (spec §4, §5): random economies as signed blocks, in random orders and batches,
 * with pulls that end, restarts, blocks made here, fetched, dropped and brought again, and clocks that move.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlockId } from '../../src/dag/ids.ts'
import { MAX_AHEAD_MS } from '../../src/dag/limits.ts'
import { economies, HOUR, MINUTE, type Economy } from '../support/economy.ts'
import { arrivals, choices, Peer, picker } from '../support/economy-replicas.ts'
import { backsOf, withPasts, type TwinBlock } from '../support/reputation-twin.ts'
import { SignedEconomy } from '../support/signed-economy.ts'
import { votings } from '../support/votings.ts'

const TIMEOUT = 60_000
/** Raised by hand for long hunts. */
const TIMES = Number(process.env['REPLICA_TIMES'] ?? 1)

type Pick = (n: number) => number

/** How often what the tests are about happened: else they test nothing. */
interface Seen {
  refused: number
  surplus: number
  delayed: number
  withdrawn: number
  held: number
  dropped: number
  hidden: number
  shown: number
}

const nothingSeen = (): Seen => ({
  refused: 0,
  surplus: 0,
  delayed: 0,
  withdrawn: 0,
  held: 0,
  dropped: 0,
  hidden: 0,
  shown: 0,
})

const DEPENDS_ON_PEER = ['DAG_MISSING_BACK', 'REP_NO_REPS']
const KEPT = ['accepted', 'surplus', 'held']

/** Gives some blocks; a block is refused just if it is not sound. */
async function feed(peer: Peer, batch: readonly TwinBlock[], pick: Pick, seen: Seen): Promise<void> {
  const { twin } = peer.economy
  const couldStand = batch.map((u) => !peer.has(u) && backsOf(u).every((back) => peer.has(back)))
  const origin = (['pull', 'pull', 'pull', 'gossip', 'here', 'held'] as const)[pick(6)]!
  const words = await peer.give(batch, origin)
  for (const [n, word] of words.entries()) {
    const u = batch[n]!
    const isFault = word.includes('_')
    if (isFault && !DEPENDS_ON_PEER.includes(word)) expect(twin.isSound(u)).toBe(false)
    if (KEPT.includes(word)) expect(twin.isSound(u)).toBe(true)
    if (batch.length === 1 && couldStand[n] && twin.isSound(u)) expect(word).not.toBe('DAG_MISSING_BACK')
    if (isFault) seen.refused += 1
    if (word === 'surplus') seen.surplus += 1
    if (word === 'held') seen.held += 1
    if (word === 'delayed') seen.delayed += 1
  }
  if (origin === 'held') await peer.replica.keepGuests(batch.map((u) => u.id as BlockId))
}

async function meddle(peer: Peer, pick: Pick, seen: Seen): Promise<void> {
  const deed = pick(8)
  if (deed < 2) await peer.replica.endPull()
  else if (deed === 2) await peer.restart()
  else if (deed === 3) await peer.settle()
  else if (deed === 4) {
    const { replica } = peer
    const kept = peer
      .known()
      .filter((u) => replica.isKept(peer.indexOf(u)) && !replica.graph.isAccepted(peer.indexOf(u)))
    const chosen = kept[pick(kept.length)]
    if (chosen !== undefined && (await replica.drop(peer.indexOf(chosen)))) seen.dropped += 1
  }
}

function count(peer: Peer, seen: Seen): void {
  const had = new Set<string>()
  for (const { kind, id } of peer.events) {
    if (kind === 'withdrawn') seen.withdrawn += 1
    if (kind === 'hidden') {
      seen.hidden += 1
      had.add(id)
    }
  }
  seen.shown += [...had].filter((id) => !peer.answers().hidden.includes(peer.economy.numberOf(id))).length
}

/** Gives a replica all blocks in some order; whatever it goes by, it answers as the definitions do. */
async function play(drawn: Economy, numbers: readonly number[], seen: Seen): Promise<void> {
  const economy = new SignedEconomy(drawn)
  const pick = picker(numbers)
  const peer = await Peer.open(economy, { stepMs: [0, MINUTE, HOUR, HOUR][pick(4)]! })
  const order = arrivals(economy, numbers)
  while (order.length > 0) {
    const batch = order.splice(0, pick(4) === 0 ? 1 + pick(6) : 1)
    if (pick(6) === 0) batch.push(economy.blocks[pick(economy.blocks.length)]!)
    await feed(peer, batch, pick, seen)
    expect(peer.answers()).toEqual(peer.expected())
    await meddle(peer, pick, seen)
    expect(peer.answers()).toEqual(peer.expected())
  }
  count(peer, seen)
  await peer.giveAll(economy.blocks)
  const { sound } = economy
  expect(peer.accepted()).toEqual(peer.expected(sound).accepted)
}

test(
  'a peer accepts accepted(V), block by block, in any order, in batches, over pulls and restarts',
  { timeout: TIMEOUT },
  async () => {
    const seen = nothingSeen()
    await fc.assert(
      fc.asyncProperty(economies(14), choices, (drawn, numbers) => play(drawn, numbers, seen)),
      { numRuns: 700 * TIMES },
    )
    for (const what of ['refused', 'surplus', 'delayed', 'withdrawn', 'held', 'dropped'] as const) {
      expect(seen[what], `${what} of ${JSON.stringify(seen)}`).toBeGreaterThan(50)
    }
  },
)

test('the same in longer economies', { timeout: TIMEOUT }, async () => {
  const seen = nothingSeen()
  await fc.assert(
    fc.asyncProperty(economies(40), choices, (drawn, numbers) => play(drawn, numbers, seen)),
    { numRuns: 60 * TIMES },
  )
  expect(seen.withdrawn).toBeGreaterThan(20)
})

test('the same where votes hide posts and show them again, and votes are withdrawn', { timeout: TIMEOUT }, async () => {
  const seen = nothingSeen()
  await fc.assert(
    fc.asyncProperty(votings, choices, (drawn, numbers) => play(drawn, numbers, seen)),
    { numRuns: 120 * TIMES },
  )
  for (const what of ['hidden', 'shown', 'withdrawn'] as const) {
    expect(seen[what], `${what} of ${JSON.stringify(seen)}`).toBeGreaterThan(20)
  }
})

test(
  'everybody with the same blocks accepts the same ones, whatever the order of arrival',
  { timeout: TIMEOUT },
  async () => {
    await fc.assert(
      fc.asyncProperty(economies(24), choices, choices, async (drawn, one, other) => {
        const economy = new SignedEconomy(drawn)
        const peers = await Promise.all([one, other].map(() => Peer.open(economy)))
        for (const [n, numbers] of [one, other].entries()) {
          const pick = picker(numbers)
          const order = arrivals(economy, numbers)
          while (order.length > 0) {
            await peers[n]!.give(order.splice(0, 1 + pick(8)))
            if (pick(4) === 0) await peers[n]!.replica.endPull()
          }
          await peers[n]!.giveAll(arrivals(economy, numbers))
        }
        const [a, b] = peers.map((peer) => peer.answers())
        expect({ ...b, paid: [], k: [] }).toEqual({ ...a, paid: [], k: [] })
        expect(a!.accepted).toEqual(peers[0]!.expected(economy.sound).accepted)
      }),
      { numRuns: 250 * TIMES },
    )
  },
)

test(
  '§3 what is set aside is not gone by, nor what stands above it, wherever the clock goes',
  { timeout: TIMEOUT },
  async () => {
    let setBack = 0
    await fc.assert(
      fc.asyncProperty(economies(14), choices, async (drawn, numbers) => {
        const economy = new SignedEconomy(drawn)
        const pick = picker(numbers)
        const { blocks } = economy
        const times = blocks.map(({ time }) => time)
        const around = () =>
          Math.max(times[0]!, times[pick(times.length)]! + [-1, 0, 1][pick(3)]! - [0, MAX_AHEAD_MS][pick(2)]!)
        const isReached = (u: TwinBlock) => u.time <= peer.nowMs + MAX_AHEAD_MS
        const peer = await Peer.open(economy, { stepMs: 0, nowMs: around() })
        const order = arrivals(economy, numbers)
        for (let turns = 0; order.length > 0 || turns < 20; turns += 1) {
          if(turns>100) throw new Error('turns')
          const batch = order.splice(0, 1 + pick(3))
          await peer.give(batch, (['pull', 'pull', 'gossip', 'here'] as const)[pick(4)]!)
          expect(peer.acceptedInTurn().every(isReached)).toBe(true)
          expect(peer.answers()).toEqual(peer.expected())
          const before = peer.accepted()
          await peer.settle(around())
          if (before.some((n) => !isReached(blocks[n]!))) setBack += 1
          expect(peer.acceptedInTurn().every(isReached)).toBe(true)
          expect(peer.answers()).toEqual(peer.expected())
          await meddle(peer, pick, nothingSeen())
          expect(peer.answers()).toEqual(peer.expected())
        }
        await peer.giveAll(blocks)
        expect(peer.accepted()).toEqual(peer.expected(economy.sound.filter(isReached)).accepted)
        expect(withPasts(peer.known()).size).toBe(peer.known().length)
      }),
      { numRuns: 400 * TIMES, interruptAfterTimeLimit: 100_000 },
    )
    expect(setBack).toBeGreaterThan(100)
  },
)

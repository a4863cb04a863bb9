/**
 * Whole replicas against the slow twin (spec §4, §5): random economies as signed blocks, in random orders and batches,
 * with pulls that end, restarts, blocks made here, fetched, dropped and brought again, and clocks that move.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlockId } from '../../src/dag/ids.ts'
import { MAX_AHEAD_MS } from '../../src/dag/block-limits.ts'
import { economies, FIRST_DAY, HOUR, keyOf, MINUTE, twinBlock, type Economy } from '../support/economy.ts'
import { arrivals, choices, Peer, picker } from '../support/economy-replicas.ts'
import { checkProperty, timesOf } from '../support/property.ts'
import { rivalries, takingBack, votings } from '../support/contested-economies.ts'
import { backsOf, withPasts, type TwinBlock } from '../support/reputation-twin.ts'
import { SignedEconomy } from '../support/economy-blocks.ts'

const TIMES = timesOf('REPLICA_TIMES')
const TIMEOUT = 180_000 * Math.max(1, TIMES)

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
  takenBack: number
  /** Taken back no more: the author's dislike was withdrawn. */
  givenBack: number
  shown: number
}

const NOTHING: Seen = {
  refused: 0,
  surplus: 0,
  delayed: 0,
  withdrawn: 0,
  held: 0,
  dropped: 0,
  hidden: 0,
  shown: 0,
  takenBack: 0,
  givenBack: 0,
}

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

/** Gives a replica all blocks in some order; whatever it goes by, it answers as the definitions do. */
async function play(drawn: Economy, numbers: readonly number[], seen: Seen): Promise<void> {
  const economy = new SignedEconomy(drawn)
  const pick = picker(numbers)
  const stepMs = [0, 0, MINUTE, HOUR, HOUR, HOUR][pick(6)]!
  const peer = await Peer.open(economy, { stepMs, isRationed: stepMs < HOUR })
  const order = arrivals(economy, numbers)
  let wereHidden: readonly number[] = []
  let wereTaken: readonly number[] = []
  while (order.length > 0) {
    const batch = order.splice(0, pick(4) === 0 ? 1 + pick(6) : 1)
    if (pick(6) === 0) batch.push(economy.blocks[pick(economy.blocks.length)]!)
    await feed(peer, batch, pick, seen)
    expect(peer.answers()).toEqual(peer.expected())
    const { hidden, takenBack } = peer.answers()
    seen.takenBack += takenBack.filter((n) => !wereTaken.includes(n)).length
    seen.givenBack += wereTaken.filter((n) => !takenBack.includes(n)).length
    wereTaken = takenBack
    await meddle(peer, pick, seen)
    expect(peer.answers()).toEqual(peer.expected())
    seen.shown += wereHidden.filter((n) => !hidden.includes(n)).length
    wereHidden = hidden
  }
  for (const { kind } of peer.events) if (kind === 'withdrawn' || kind === 'hidden') seen[kind] += 1
  await peer.giveAll(economy.blocks)
  const { sound } = economy
  expect(peer.accepted()).toEqual(peer.expected(sound).accepted)
}

/** `floors`: how often things must have happened at least. */
async function playAll(kind: string, drawn: fc.Arbitrary<Economy>, runs: number, floors: Partial<Seen>): Promise<void> {
  const seen = { ...NOTHING }
  await checkProperty(
    `replica-twin-${kind}`,
    fc.asyncProperty(drawn, choices, (economy, numbers) => play(economy, numbers, seen)),
    { numRuns: runs * TIMES },
  )
  for (const [what, least] of Object.entries(floors)) {
    expect(seen[what as keyof Seen], `${what} of ${JSON.stringify(seen)}`).toBeGreaterThan(least * TIMES)
  }
}

test(
  'a peer accepts accepted(V), block by block, in any order, in batches, over pulls and restarts',
  { timeout: TIMEOUT },
  async () => {
    await playAll('economies', economies(14), 900, {
      refused: 200,
      surplus: 500,
      withdrawn: 25,
      held: 100,
      dropped: 50,
    })
  },
)

test('the same in longer economies', { timeout: TIMEOUT }, async () => {
  await playAll('long-economies', economies(40), 60, { withdrawn: 3 })
})

test('the same where authors withdraw their own, at once or as fast as they may', { timeout: TIMEOUT }, async () => {
  await playAll('rivalries', rivalries, 700, { withdrawn: 200, delayed: 3 })
})

test(
  'the same where votes hide posts and show them again, authors take theirs back, and votes are withdrawn',
  { timeout: TIMEOUT },
  async () => {
    await playAll('votings', votings, 400, { hidden: 50, shown: 4, withdrawn: 10, takenBack: 20 })
  },
)

test('the same where authors take posts back, and that is withdrawn', { timeout: TIMEOUT }, async () => {
  await playAll('taking-back', takingBack, 800, { takenBack: 50, givenBack: 2 })
})

test(
  'everybody with the same blocks accepts the same ones, whatever the order of arrival',
  { timeout: TIMEOUT },
  async () => {
    await checkProperty(
      'replica-twin-arrival-order',
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
        expect([b?.accepted, b?.heads, b?.reps, b?.hidden]).toEqual([a?.accepted, a?.heads, a?.reps, a?.hidden])
        expect(a?.accepted).toEqual(peers[0]!.expected(economy.sound).accepted)
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
    await checkProperty(
      'replica-twin-clock-moves',
      fc.asyncProperty(economies(14), choices, async (drawn, numbers) => {
        const economy = new SignedEconomy(drawn)
        const pick = picker(numbers)
        const { blocks } = economy
        const times = blocks.map(({ time }) => time)
        const around = () => Math.max(times[0]!, times[pick(times.length)]! + (pick(3) - 1) - pick(2) * MAX_AHEAD_MS)
        const isReached = (u: TwinBlock) => u.time <= peer.nowMs + MAX_AHEAD_MS
        const peer = await Peer.open(economy, { stepMs: 0, nowMs: around() })
        const order = arrivals(economy, numbers)
        for (let turns = 0; order.length > 0 || turns < 20; turns += 1) {
          const batch = order.splice(0, 1 + pick(3))
          await peer.give(batch, (['pull', 'pull', 'gossip', 'here'] as const)[pick(4)])
          expect(peer.known().every(isReached)).toBe(true)
          expect(peer.answers()).toEqual(peer.expected())
          const before = peer.accepted()
          await peer.settle(around())
          if (before.some((n) => !isReached(blocks[n]!))) setBack += 1
          expect(peer.known().every(isReached)).toBe(true)
          expect(peer.answers()).toEqual(peer.expected())
          await meddle(peer, pick, { ...NOTHING })
          expect(peer.answers()).toEqual(peer.expected())
        }
        await peer.giveAll(blocks)
        expect(peer.accepted()).toEqual(peer.expected(economy.sound.filter(isReached)).accepted)
        expect(withPasts(peer.known()).size).toBe(peer.known().length)
      }),
      { numRuns: 400 * TIMES },
    )
    expect(setBack).toBeGreaterThan(100 * TIMES)
  },
)

test('§3 a held block that is ahead of a clock that was set back does not get in before its time', async () => {
  const chain = { kind: 'forum', pioneers: Array.from({ length: 30 }, (_, n) => keyOf(n)) } as const
  const at = (hours: number, by = 1) => ({ author: keyOf(by), time: FIRST_DAY + hours * HOUR })
  const first = twinBlock('first', [], at(0, 0))
  const post = twinBlock('post', [first], at(1))
  const liked = twinBlock('liked', [post], { ...at(2, 2), like: { n: 1, target: post } })
  // One line of three posts that k = 3 sets against a fourth one, made much later.
  const line = [post]
  for (const hours of [27, 28, 53]) line.push(twinBlock(`on line ${hours}`, line.slice(-1), at(hours)))
  const late = twinBlock('late', [liked], at(80))
  // Two more break the line, all of it: only they are in the way of the fourth one then.
  const rivals = [25, 26].map((hours) => twinBlock(`rival ${hours}`, [post], at(hours)))
  const blocks = [first, post, liked, ...line.slice(1), late, ...rivals]
  const economy = new SignedEconomy({ chain, blocks })
  const real = (drawn: TwinBlock) => economy.blocks[blocks.indexOf(drawn)]!
  expect(economy.sound.length).toBe(blocks.length)
  expect(economy.twin.k(real(late))).toBe(3)
  const peer = await Peer.open(economy, { stepMs: 0 })
  expect((await peer.give(economy.blocks.slice(0, 7), 'here')).at(-1)).toBe('held')
  await peer.settle(FIRST_DAY + 60 * HOUR)
  await peer.give(rivals.map(real), 'here')
  expect(peer.acceptedInTurn()).not.toContain(real(late))
  expect(peer.answers()).toEqual(peer.expected())
  await peer.settle(FIRST_DAY + 80 * HOUR)
  expect(peer.acceptedInTurn()).toContain(real(late))
})

test('§3 a block that comes in under another one when the clock gets there is not taken in twice', async () => {
  const at = (hours: number) => ({ author: keyOf(0), time: FIRST_DAY + hours * HOUR })
  const first = twinBlock('first', [], at(0))
  const below = twinBlock('below', [first], at(2))
  const blocks = [first, below, twinBlock('above', [below], at(3))]
  const economy = new SignedEconomy({ chain: { kind: 'forum', pioneers: [keyOf(0)] }, blocks })
  const peer = await Peer.open(economy, { stepMs: 0, nowMs: FIRST_DAY })
  expect(await peer.give(economy.blocks)).toEqual(['accepted', 'ahead', 'ahead'])
  // Asked for by name, it waits on behind the one that stands on it.
  await peer.replica.keepGuests([economy.blocks[1]!.id as BlockId])
  await peer.settle(FIRST_DAY + 3 * HOUR)
  expect(peer.accepted()).toEqual([0, 1, 2])
})

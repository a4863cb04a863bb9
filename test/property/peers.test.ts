/**
 * Replicas that give each other what they accept (spec §5, §8): simulated pulls between whole nodes, and newcomers that
 * have nothing but accepted blocks. Each title is the spec's sentence.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BlockId } from '../../src/dag/ids.ts'
import { post, vote } from '../../src/node/chain/posting.ts'
import { author, bytes } from '../support/blocks.ts'
import { closedPart, economies, HOUR, MINUTE, type Economy } from '../support/economy.ts'
import { arrivals, choices, Peer, picker } from '../support/economy-replicas.ts'
import { checkProperty, timesOf } from '../support/property.ts'
import { rivalries } from '../support/contested-economies.ts'
import { withPasts, type TwinBlock } from '../support/reputation-twin.ts'
import { SignedEconomy } from '../support/economy-blocks.ts'

const TIMES = timesOf('REPLICA_TIMES')
const TIMEOUT = 60_000 * Math.max(1, TIMES)

type Pick = (n: number) => number

const drawnEconomies = (most: number): fc.Arbitrary<Economy> =>
  fc.oneof({ weight: 2, arbitrary: economies(most) }, { weight: 1, arbitrary: rivalries })

/** What a pull would bring: nothing if all heads are had, else what is lacking, in the giver's order of acceptance. */
function lacking(to: Peer, from: Peer): TwinBlock[] {
  const { graph } = from.replica
  const isUpToDate = graph.heads().every((head) => head === 0 || to.replica.has(graph.id(head)))
  return isUpToDate ? [] : from.acceptedInTurn().filter((u) => !to.has(u))
}

/** A pull, in pages, cut short now and then. Nothing that a peer accepts is refused by another. */
async function pull(to: Peer, from: Peer, pick: Pick, isCut = false): Promise<void> {
  const list = lacking(to, from)
  if (isCut) list.splice(pick(list.length))
  while (list.length > 0) {
    const words = await to.give(list.splice(0, 1 + pick(8)))
    expect(words.filter((word) => word.includes('_'))).toEqual([])
  }
  await to.replica.endPull()
}

const PEERS = 4

test(
  'peers that give each other what they accept come to accept the same, and the exchange ends',
  { timeout: TIMEOUT },
  async () => {
    const seen = { parted: 0, withdrawn: 0, unaccepted: 0 }
    await checkProperty(
      'peers-converge',
      fc.asyncProperty(drawnEconomies(24), choices, async (drawn, numbers) => {
        const economy = new SignedEconomy(drawn)
        const pick = picker(numbers)
        const stepMs = [0, MINUTE, HOUR][pick(3)]!
        const peers = await Promise.all(Array.from({ length: PEERS }, () => Peer.open(economy, { stepMs })))
        /** The last two keep nothing in memory once a pull is over. */
        const afterPull = async (to: number) => {
          if (to >= 2) await peers[to]!.restart()
        }
        for (const [n, peer] of peers.entries()) {
          const part = closedPart(economy.blocks, [0, ...numbers.slice(n, n + 3)])
          for (const u of arrivals(economy, numbers.slice(n))) if (part.has(u)) await peer.give([u])
          await peer.replica.endPull()
          await afterPull(n)
        }
        if (new Set(peers.map((peer) => peer.accepted().join())).size > 1) seen.parted += 1
        // A random schedule first: parted groups, cut pulls.
        for (let n = pick(12); n > 0; n -= 1) {
          const [to, from] = [pick(PEERS), pick(PEERS)]
          await pull(peers[to]!, peers[from]!, pick, pick(3) === 0)
          await afterPull(to)
        }
        const states = () => peers.map((peer) => [peer.replica.delayedCount, ...peer.accepted()].join())
        let before: string[] = []
        for (let rounds = 0; before.join(' ') !== states().join(' ') || delayed(peers) > 0; rounds += 1) {
          expect(rounds).toBeLessThan(3 * economy.blocks.length + 10)
          before = states()
          for (const from of peers) {
            for (const [to, peer] of peers.entries()) {
              await peer.settle(peer.nowMs + HOUR)
              await pull(peer, from, pick)
              await afterPull(to)
            }
          }
        }
        const [one, ...others] = peers.map((peer) => peer.answers())
        for (const other of others) {
          expect([other.accepted, other.heads, other.reps, other.hidden]).toEqual([
            one!.accepted,
            one!.heads,
            one!.reps,
            one!.hidden,
          ])
        }
        // Whatever else any of them knows, it accepts just that.
        const accepted = peers[0]!.acceptedInTurn()
        for (const peer of peers) {
          expect(economy.numbers(economy.twin.accepted(withPasts([...accepted, ...peer.known()])))).toEqual(
            one!.accepted,
          )
          for (const from of peers) expect(lacking(peer, from)).toEqual([])
        }
        expect(economy.numbers(economy.twin.accepted(new Set(accepted)))).toEqual(one!.accepted)
        seen.withdrawn += peers.flatMap(({ events }) => events).filter(({ kind }) => kind === 'withdrawn').length
        seen.unaccepted += peers.some((peer) => peer.known().length > accepted.length) ? 1 : 0
      }),
      { numRuns: 250 * TIMES },
    )
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(20 * TIMES)
  },
)

const delayed = (peers: readonly Peer[]): number => peers.reduce((sum, { replica }) => sum + replica.delayedCount, 0)

/** A replica that has taken in all blocks of an economy in some way, and not only what it accepts. */
async function wellInformed(drawn: Economy, numbers: readonly number[], stepMs: number): Promise<Peer> {
  const economy = new SignedEconomy(drawn)
  const pick = picker(numbers)
  const peer = await Peer.open(economy, { stepMs })
  const order = arrivals(economy, numbers)
  while (order.length > 0) {
    await peer.give(order.splice(0, 1 + pick(3)), (['pull', 'pull', 'gossip', 'here'] as const)[pick(4)])
    if (pick(6) === 0) await peer.replica.endPull()
  }
  return peer
}

test(
  'a joiner needs nothing but accepted blocks; accepted(accepted(V)) = accepted(V)',
  { timeout: TIMEOUT },
  async () => {
    await checkProperty(
      'joiner-needs-accepted-only',
      fc.asyncProperty(drawnEconomies(24), choices, async (drawn, numbers) => {
        const giver = await wellInformed(drawn, numbers, HOUR)
        const pick = picker(numbers)
        const stepMs = [0, HOUR][pick(2)]!
        const joiner = await Peer.open(giver.economy, { nowMs: giver.nowMs, stepMs })
        const list = giver.acceptedInTurn()
        const cut = 1 + pick(list.length)
        await joiner.give(list.slice(0, cut))
        expect(joiner.answers()).toEqual(joiner.expected())
        // Cut off anywhere: it accepts some of that, with all pasts, and what it accepts so far is right by itself.
        const part = joiner.acceptedInTurn()
        const given = new Set(list.slice(0, cut))
        expect(part.every((u) => given.has(u))).toBe(true)
        expect(withPasts(part).size).toBe(part.length)
        if (pick(2) === 0) await joiner.replica.endPull()
        if (pick(2) === 0) await joiner.restart()
        await joiner.give(list.filter((u) => !joiner.has(u)))
        expect(joiner.replica.delayedCount).toBe(0)
        expect(joiner.accepted()).toEqual(giver.accepted())
        expect(joiner.answers().heads).toEqual(giver.answers().heads)
        expect(joiner.answers().reps).toEqual(giver.answers().reps)
      }),
      { numRuns: 400 * TIMES },
    )
  },
)

describe('a post on any of the heads is sound', () => {
  test('made at one replica, no other one refuses it, whatever was left out', { timeout: TIMEOUT }, async () => {
    const seen = { accepted: 0, held: 0, leftOut: 0, votes: 0 }
    await checkProperty(
      'post-on-any-head-at-replicas',
      fc.asyncProperty(drawnEconomies(24), choices, async (drawn, numbers) => {
        const pick = picker(numbers)
        // The clock stands still: who withdrew blocks did so just now.
        const maker = await wellInformed(drawn, numbers, [0, MINUTE][pick(2)]!)
        const { economy, replica } = maker
        const other = await Peer.open(economy, { nowMs: maker.nowMs, stepMs: HOUR })
        await other.give(maker.acceptedInTurn())
        expect(other.accepted()).toEqual(maker.accepted())
        for (let turns = 1 + pick(3); turns > 0; turns -= 1) {
          const heads = replica.graph.heads()
          const pvt = author(pick(7))
          const target = maker.known().filter((u) => u.like === undefined && replica.isKept(maker.indexOf(u)))
          const liked = pick(2) === 0 ? target[pick(target.length)] : undefined
          const request = { payload: bytes(`post ${turns}`), pvt }
          const n = pick(4) === 0 ? -1 : 1
          const made =
            liked === undefined
              ? await post(replica, request, maker.clock)
              : await vote(replica, { ...request, n, target: maker.indexOf(liked) }, maker.clock)
          if (!made.ok) {
            expect(['REP_NO_REPS', 'REP_TAKEN_BACK', 'DAG_BAD_LIKE']).toContain(made.fault.code)
            continue
          }
          const block = await replica.block(replica.graph.indexOf(made.value.id)!)
          const u = economy.adopt({ block, payload: request.payload })
          expect(economy.twin.isSound(u)).toBe(true)
          expect(maker.answers()).toEqual(maker.expected())
          const backs = replica.graph.backs(maker.indexOf(u))
          if (heads.length <= 16 && heads.some((head) => !backs.includes(head))) seen.leftOut += 1
          if (u.like !== undefined) seen.votes += 1
          // With what it welcomes.
          const given = [...withPasts([u])].filter((v) => !other.has(v)).sort((a, b) => a.height - b.height)
          const words = await other.give(given)
          expect(words.at(-1)).toBe(made.value.state === 'accepted' ? 'accepted' : 'surplus')
          seen[made.value.state] += 1
        }
      }),
      { numRuns: 400 * TIMES },
    )
    expect(seen.accepted).toBeGreaterThan(100 * TIMES)
    expect(seen.held).toBeGreaterThan(50 * TIMES)
    expect(seen.votes).toBeGreaterThan(50 * TIMES)
    expect(seen.leftOut).toBeGreaterThan(20 * TIMES)
  })

  test('the past of an accepted block is accepted', { timeout: TIMEOUT }, async () => {
    await checkProperty(
      'past-of-accepted-at-replicas',
      fc.asyncProperty(drawnEconomies(24), choices, async (drawn, numbers) => {
        const peer = await wellInformed(drawn, numbers, HOUR)
        const accepted = peer.acceptedInTurn()
        expect(withPasts(accepted).size).toBe(accepted.length)
        const { graph } = peer.replica
        for (const u of accepted)
          expect(graph.backs(graph.indexOf(u.id as BlockId)!).every((back) => graph.isAccepted(back))).toBe(true)
      }),
      { numRuns: 150 * TIMES },
    )
  })
})

/**
 * Laws of listening with a cursor (spec §10): over any history, with listeners that go and come back and nodes that are
 * killed and start again, a listener is told everything that it missed, and nothing twice.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { MAX_AHEAD_MS } from '../../src/dag/block-limits.ts'
import { showId } from '../../src/dag/ids.ts'
import { consensus } from '../../src/dag/order.ts'
import { Cursor } from '../../src/node/control/client/cursor.ts'
import type { ControlEvent } from '../../src/node/control/shapes.ts'
import { listenOne } from '../../src/node/api/subscriptions.ts'
import { economies, type Economy } from '../support/economy.ts'
import { arrivals, choices, Peer, picker } from '../support/economy-replicas.ts'
import { SignedEconomy } from '../support/economy-blocks.ts'
import { checkProperty } from '../support/property.ts'
import { rivalries } from '../support/contested-economies.ts'

const NEVER_LEFT = { onLeave: () => () => undefined }

/** Who listens to one peer, connected or not, and checks each event against what it was told before. */
class Listener {
  /** What it takes for accepted, the genesis too. */
  readonly believed = new Set<string>()
  readonly #peer: Peer
  #cursor = new Cursor([])
  #connection: { readonly abort: AbortController; readonly events: AsyncIterator<ControlEvent> } | undefined
  #next: Promise<IteratorResult<ControlEvent>> | undefined
  withdrawals = 0

  constructor(peer: Peer) {
    this.#peer = peer
    this.believed.add(acceptedAt(peer)[0]!)
  }

  get isConnected(): boolean {
    return this.#connection !== undefined
  }

  async connect(): Promise<void> {
    const abort = new AbortController()
    const { events } = await listenOne(
      { replica: this.#peer.replica, chains: NEVER_LEFT },
      this.#cursor.ids,
      abort.signal,
    )
    this.#connection = { abort, events: events[Symbol.asyncIterator]() }
  }

  /** What it has not read yet is lost. */
  disconnect(): void {
    this.#connection?.abort.abort()
    this.#connection = undefined
    this.#next = undefined
  }

  /** Reads so many events, fewer if there are no more. */
  async read(atMost = Infinity): Promise<void> {
    for (let count = 0; count < atMost && this.#connection !== undefined; count += 1) {
      this.#next ??= this.#connection.events.next()
      const step = await Promise.race([this.#next, nextTurn()])
      if (step === undefined) return
      this.#next = undefined
      expect(step.done).not.toBe(true)
      this.#take(step.value as ControlEvent)
    }
  }

  #take(event: ControlEvent): void {
    const { id, kind, backs } = event
    this.#cursor.advance(event)
    if (kind === 'withdrawn') {
      expect(this.believed.delete(id), 'withdrawn once').toBe(true)
      this.withdrawals += 1
    } else if (kind === 'post' || kind === 'like') {
      expect(this.believed.has(id), 'told twice').toBe(false)
      this.believed.add(id)
    }
    if (kind !== 'held')
      expect(
        backs.every((back) => this.believed.has(back)),
        'closed under pasts',
      ).toBe(true)
  }
}

/** The genesis, and what is accepted. */
function acceptedAt({ replica: { graph } }: Peer): string[] {
  return consensus(graph).map((index) => showId(graph.height(index), graph.id(index)))
}

interface Seen {
  withdrawals: number
  returns: number
  kills: number
}

async function play(
  economy: SignedEconomy,
  numbers: readonly number[],
  seen: Seen,
  movesClock: boolean,
): Promise<void> {
  const pick = picker(numbers)
  const peer = await Peer.open(economy)
  const listener = new Listener(peer)
  const order = arrivals(economy, numbers)
  const clock = (): number => economy.blocks[pick(economy.blocks.length)]!.time + (pick(3) - 1) * MAX_AHEAD_MS
  while (order.length > 0) {
    await peer.give(order.splice(0, 1 + pick(4)), (['pull', 'gossip', 'here'] as const)[pick(3)])
    await listener.read(pick(2) === 0 ? pick(3) : Infinity)
    const deed = pick(7)
    if (deed === 0) await peer.replica.endPull()
    else if (deed === 1) {
      // Killed: the listener never hears of it.
      listener.disconnect()
      await peer.restart()
      seen.kills += 1
    } else if (deed === 2 && movesClock) await peer.settle(clock())
    else if (deed < 5) listener.disconnect()
    if (!listener.isConnected && pick(3) > 0) {
      await listener.connect()
      seen.returns += 1
    }
    if (pick(3) > 0) continue
    await listener.read()
    if (listener.isConnected) expect([...listener.believed].sort()).toEqual(acceptedAt(peer).sort())
  }
  listener.disconnect()
  await listener.connect()
  await listener.read()
  expect([...listener.believed].sort()).toEqual(acceptedAt(peer).sort())
  seen.withdrawals += listener.withdrawals
}

async function playAll(
  kind: string,
  drawn: fc.Arbitrary<Economy>,
  runs: number,
  floors: Seen,
  movesClock = false,
): Promise<void> {
  const seen: Seen = { withdrawals: 0, returns: 0, kills: 0 }
  await checkProperty(
    `listening-${kind}`,
    fc.asyncProperty(drawn, choices, (economy, numbers) => play(new SignedEconomy(economy), numbers, seen, movesClock)),
    { numRuns: runs },
  )
  for (const [what, least] of Object.entries(floors)) {
    expect(seen[what as keyof Seen], `${what} of ${JSON.stringify(seen)}`).toBeGreaterThan(least as number)
  }
}

test(
  'a listener that comes back with its cursor is told all that it missed, and nothing twice',
  { timeout: 60_000 },
  async () => {
    await playAll('economies', economies(20), 350, { withdrawals: 5, returns: 500, kills: 100 })
  },
)

test('the same where blocks are withdrawn, while it listens and while it is away', { timeout: 60_000 }, async () => {
  await playAll('rivalries', rivalries, 350, { withdrawals: 50, returns: 500, kills: 100 })
})

test('the same where the clock is set to and fro', { timeout: 60_000 }, async () => {
  await playAll('moving-clock', economies(16), 350, { withdrawals: 100, returns: 300, kills: 100 }, true)
})

test('a subscription that is given up before it is read leaves nobody listening', async () => {
  const [drawn] = fc.sample(economies(3), { numRuns: 1, seed: 1 })
  const { replica } = await Peer.open(new SignedEconomy(drawn!))
  const [stop, left] = [vi.fn(), vi.fn()]
  vi.spyOn(replica, 'listen').mockReturnValue(stop)
  const { events } = await listenOne({ replica, chains: { onLeave: () => left } }, [], new AbortController().signal)
  await events[Symbol.asyncIterator]().return?.()
  expect(stop).toHaveBeenCalledOnce()
  expect(left).toHaveBeenCalledOnce()
})

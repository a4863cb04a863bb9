/** Whose turn it is to be pulled from (spec §8, step 3): ranks, places, and what a slow peer keeps. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Rank } from '../../../../../src/node/net/sync/pull-rank.ts'
import {
  PullScheduler,
  type Applicant,
  type ExtraSlots,
  type PullSlot,
} from '../../../../../src/node/net/sync/pull-scheduler.ts'
import {
  EXTRA_PULLS,
  PULLS_PER_CHAIN,
  STALLED_ADDRESSES,
  STRANGER_PULLS,
  STRANGER_PULLS_PER_ADDRESS,
  STRANGER_PULLS_PER_CHAIN,
  TURN_STALL_AGAIN_MS,
  TURN_STALL_MS,
  YIELD_AFTER_MS,
} from '../../../../../src/protocol/sync-limits.ts'
import { turns } from '../../../../support/turns.ts'

const forEver = new AbortController().signal
let peers = 0

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function applicant(rank: Rank, more: Partial<Omit<Applicant, 'rank'>> = {}): Applicant {
  peers += 1
  return {
    peer: `peer ${String(peers)}`,
    rank: () => rank,
    shares: [`ip4:${String(peers)}`],
    failedBefore: false,
    ...more,
  }
}

/** Notes who gets in, in order, by name. */
class Door {
  readonly scheduler: PullScheduler
  readonly entered: string[] = []
  readonly slots = new Map<string, PullSlot>()

  constructor(shared: { extraSlots: ExtraSlots } & ReturnType<typeof turns> = turns(), random: () => number = () => 0) {
    this.scheduler = new PullScheduler({ ...shared, random })
  }

  async come(name: string, who: Applicant, signal = forEver): Promise<void> {
    void this.scheduler.acquire(who, signal).then((slot) => {
      if (slot === undefined) return
      this.entered.push(name)
      this.slots.set(name, slot)
    })
    await vi.advanceTimersByTimeAsync(0)
  }

  async leave(name: string): Promise<void> {
    this.slots.get(name)?.release()
    await vi.advanceTimersByTimeAsync(0)
  }
}

describe('known peers', () => {
  test('pull one at a time, in order', async () => {
    const door = new Door()
    await door.come('first', applicant('proven'))
    await door.come('second', applicant('proven'))
    expect([door.entered, door.scheduler.waiting]).toEqual([['first'], 1])
    await door.leave('first')
    await door.leave('first')
    expect([door.entered, door.scheduler.waiting]).toEqual([['first', 'second'], 0])
  })

  test('lose the place to the next one without progress; who makes some keeps it', async () => {
    const door = new Door()
    await door.come('first', applicant('proven'))
    await door.come('second', applicant('proven'))
    await vi.advanceTimersByTimeAsync(TURN_STALL_MS - 1)
    door.slots.get('first')?.progress(false)
    await vi.advanceTimersByTimeAsync(TURN_STALL_MS - 1)
    expect(door.entered).toEqual(['first'])
    await vi.advanceTimersByTimeAsync(1)
    expect(door.entered).toEqual(['first', 'second'])
  })

  test('that failed before are given less time, and the others go first', async () => {
    const door = new Door()
    await door.come('failed', applicant('proven', { failedBefore: true }))
    await door.come('failed too', applicant('proven', { failedBefore: true }))
    await door.come('sound', applicant('proven'))
    await vi.advanceTimersByTimeAsync(TURN_STALL_AGAIN_MS - 1)
    expect(door.entered).toEqual(['failed'])
    await vi.advanceTimersByTimeAsync(1)
    expect(door.entered).toEqual(['failed', 'sound'])
  })

  test('that give up while they wait take no place', async () => {
    const door = new Door()
    await door.come('first', applicant('proven'))
    const impatient = new AbortController()
    await door.come('second', applicant('proven'), impatient.signal)
    impatient.abort()
    await door.leave('first')
    await door.come('third', applicant('proven'))
    expect([door.entered, door.scheduler.waiting]).toEqual([['first', 'third'], 0])
  })

  test('go on beside one that has much to fetch, up to a bound', async () => {
    const door = new Door()
    for (let n = 0; n <= PULLS_PER_CHAIN; n += 1) await door.come(String(n), applicant('proven'))
    expect(door.entered).toEqual(['0'])
    door.slots.get('0')?.progress(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(door.entered).toHaveLength(PULLS_PER_CHAIN - STRANGER_PULLS_PER_CHAIN)
  })

  test('beside the first share their places with all chains', async () => {
    const shared = turns()
    const doors = Array.from({ length: EXTRA_PULLS + 1 }, () => new Door(shared))
    for (const door of doors) {
      await door.come('first', applicant('static'))
      await door.come('beside', applicant('static'))
    }
    for (const door of doors) door.slots.get('first')?.progress(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(doors.map(({ entered }) => entered.length)).toEqual([...doors.slice(1).map(() => 2), 1])
    await doors[0]!.leave('beside')
    doors.at(-1)!.slots.get('first')?.progress(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(doors.at(-1)!.entered).toEqual(['first', 'beside'])
  })
})

describe('nobody waits for peers of a lower rank', () => {
  test('a command for nobody at all', async () => {
    const door = new Door()
    for (let n = 0; n < 20; n += 1) await door.come(String(n), applicant('stranger', { shares: ['ip4:1'] }))
    for (const rank of ['static', 'proven', 'asked', 'asked'] as const) await door.come(rank, applicant(rank))
    expect(door.entered).toEqual(['0', 'static', 'asked', 'asked'])
  })

  test('a static peer not for proven ones: if there are too many, one of them goes on without a place', async () => {
    const door = new Door()
    for (let n = 1; n <= 4; n += 1) await door.come(`proven ${String(n)}`, applicant('proven'))
    door.slots.get('proven 1')?.progress(true)
    await door.come('static', applicant('static'))
    expect(door.entered).toEqual(['proven 1', 'proven 2', 'proven 3', 'static'])
    await door.leave('static')
    expect(door.entered.at(-1)).toBe('proven 4')
  })

  test('a stranger that has become a static peer while it waits not for the other strangers', async () => {
    const door = new Door()
    await door.come('silent', applicant('stranger'))
    let rank: Rank = 'stranger'
    await door.come('friend', { ...applicant('stranger'), rank: () => rank })
    rank = 'static'
    await door.come('somebody', applicant('proven'))
    expect(door.entered).toEqual(['silent', 'friend'])
  })
})

describe('strangers', () => {
  test('share one place, beside which the others are not slower', async () => {
    const door = new Door()
    for (let n = 0; n < 3; n += 1) await door.come(`stranger ${String(n)}`, applicant('stranger'))
    await door.come('proven', applicant('proven'))
    expect(door.entered).toEqual(['stranger 0', 'proven'])
    await door.leave('stranger 0')
    expect(door.entered).toEqual(['stranger 0', 'proven', 'stranger 1'])
  })

  test('are picked by address: a thousand ids on one are as good as one on another', async () => {
    let n = 0
    const door = new Door(turns(), () => [0.5, 0.9][n++ % 2] ?? 0)
    await door.come('first', applicant('stranger'))
    for (let many = 0; many < 1000; many += 1)
      await door.come('sybil', applicant('stranger', { shares: ['ip4:sybil'] }))
    await door.come('honest', applicant('stranger', { shares: ['ip4:honest'] }))
    n = 0
    await door.leave('first')
    // Half of the draws: one of two addresses.
    expect(door.entered).toEqual(['first', 'honest'])
  })

  test('of an address that stalled have to be quicker, under whatever id; until one of it gives', async () => {
    const door = new Door()
    const shares = ['ip6:2001:db8:0:1']
    await door.come('stalls', applicant('stranger', { shares }))
    await vi.advanceTimersByTimeAsync(TURN_STALL_MS)
    await door.come('stalls too', applicant('stranger', { shares }))
    await door.come('next', applicant('stranger', { shares }))
    await vi.advanceTimersByTimeAsync(TURN_STALL_AGAIN_MS)
    expect(door.entered.at(-1)).toBe('next')
    door.slots.get('stalls')?.gave()
    await door.leave('next')
    await door.come('patient', applicant('stranger', { shares }))
    await door.come('last', applicant('stranger', { shares }))
    await vi.advanceTimersByTimeAsync(TURN_STALL_MS - 1)
    expect(door.entered.at(-1)).toBe('patient')
  })

  test('that give take a place of the known peers, and the next stranger has its turn', async () => {
    const door = new Door()
    await door.come('gives', applicant('stranger'))
    await door.come('waits', applicant('stranger'))
    door.slots.get('gives')?.gave()
    await vi.advanceTimersByTimeAsync(0)
    expect(door.entered).toEqual(['gives', 'waits'])
    await door.come('proven', applicant('proven'))
    expect(door.entered).toEqual(['gives', 'waits'])
    await door.leave('gives')
    expect(door.entered).toEqual(['gives', 'waits', 'proven'])
  })

  test('leave the queue when they disconnect; a command does not', async () => {
    const door = new Door()
    await door.come('first', applicant('stranger'))
    const gone = applicant('stranger')
    await door.come('gone', gone)
    door.scheduler.forget(gone.peer)
    expect(door.scheduler.waiting).toBe(0)
    await door.leave('first')
    expect(door.entered).toEqual(['first'])
  })

  test('have so many places in a node, so many of them from one address; a chain that waits is told of a free one', async () => {
    const shared = turns()
    const doors = Array.from({ length: STRANGER_PULLS + 2 }, () => new Door(shared))
    const [last, beforeLast, ...others] = [...doors].reverse()
    for (const door of others.slice(0, STRANGER_PULLS_PER_ADDRESS + 1))
      await door.come('one', applicant('stranger', { shares: ['ip4:one'] }))
    const inFromOne = (): number => doors.filter(({ entered }) => entered.includes('one')).length
    expect(inFromOne()).toBe(STRANGER_PULLS_PER_ADDRESS)
    await others[0]!.leave('one')
    expect(inFromOne()).toBe(STRANGER_PULLS_PER_ADDRESS + 1)
    for (const door of doors) await door.come('other', applicant('stranger'))
    const holders = doors.filter(({ entered, scheduler }) => entered.length > 0 && scheduler.waiting < 2)
    expect(holders.length).toBeLessThanOrEqual(STRANGER_PULLS + 1)
    expect([beforeLast?.entered, last?.entered]).toEqual([[], []])
    await others[1]!.leave('one')
    await others[2]!.leave('one')
    await others[1]!.leave('other')
    await others[2]!.leave('other')
    expect(doors.every(({ entered }) => entered.length > 0)).toBe(true)
  })

  test('addresses that stalled are remembered up to a bound, the oldest forgotten first', () => {
    const { strangerPlaces } = turns()
    for (let n = 0; n <= STALLED_ADDRESSES; n += 1) strangerPlaces.noteStalled([String(n)])
    expect(['0', '1', String(STALLED_ADDRESSES)].map((share) => strangerPlaces.hasStalled([share]))).toEqual([
      false,
      true,
      true,
    ])
  })
})

describe('a pull yields', () => {
  test('after a while, if others of its rank wait, and never for strangers', async () => {
    const door = new Door()
    await door.come('proven', applicant('proven'))
    for (let n = 0; n < 3; n += 1) await door.come(String(n), applicant('stranger'))
    const late = async (): Promise<boolean | undefined> => {
      for (let ms = 0; ms <= YIELD_AFTER_MS; ms += 1_000) {
        door.slots.get('proven')?.progress(false)
        await vi.advanceTimersByTimeAsync(1_000)
      }
      return door.slots.get('proven')?.shouldYield()
    }
    expect(await late()).toBe(false)
    await door.come('also proven', applicant('proven'))
    expect(await late()).toBe(true)
  })

  test('but not once it has lost its place: one on a slow line blocks nobody, and keeps what is on its way', async () => {
    const door = new Door()
    await door.come('slow', applicant('stranger'))
    for (let n = 0; n < 20; n += 1) await door.come(String(n), applicant('stranger'))
    await vi.advanceTimersByTimeAsync(2 * YIELD_AFTER_MS)
    expect(door.slots.get('slow')?.shouldYield()).toBe(false)
  })
})

/** Which connection goes when all slots are taken (spec §9). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leastUseful, type Slot } from '../../../../../src/node/net/host/least-useful.ts'
import { SHOW_USE_MS } from '../../../../../src/protocol/stream-limits.ts'
import { checkProperty } from '../../../../support/property.ts'

const NOW_MS = 1_000_000

/** A stranger that dialled in long ago, unless told. */
function slot(over: Partial<Slot> = {}): Slot {
  return {
    isDialled: false,
    isStatic: false,
    hasGiven: false,
    sharesChain: true,
    openedMs: 0,
    shares: ['ip4:192.0.2.1'],
    ...over,
  }
}

const at = (ip: string, over: Partial<Slot> = {}): Slot => slot({ shares: [`ip4:${ip}`], ...over })

function closed(others: readonly Slot[], newcomer: Slot, random = 0): Slot | undefined {
  return leastUseful(others, newcomer, { slots: others.length, nowMs: NOW_MS, random })
}

describe('a stranger that dials in takes the slot', () => {
  test('of the address that has most, whatever streams it holds and however old it is', () => {
    const many = [1, 2, 3].map((openedMs) => at('192.0.2.1', { openedMs }))
    const newer = at('192.0.2.2', { openedMs: 900, sharesChain: false })
    expect(many).toContain(closed([newer, ...many], at('192.0.2.3')))
  })

  test('of one that shares no chain, among those of one address, if it has had the time to show one', () => {
    const idle = slot({ sharesChain: false, openedMs: NOW_MS - SHOW_USE_MS })
    const fresh = slot({ sharesChain: false, openedMs: NOW_MS - SHOW_USE_MS + 1 })
    for (const random of [0, 0.5, 0.999]) expect(closed([slot(), idle, fresh, slot()], slot(), random)).toBe(idle)
  })

  test('of one of the younger half, at random', () => {
    const byAge = [1, 2, 3, 4].map((openedMs) => slot({ openedMs }))
    expect([0, 0.49, 0.5, 1].map((random) => closed(byAge, slot(), random)?.openedMs)).toEqual([4, 4, 3, 3])
  })

  test('of nobody that this node dialled, that is static, or that gave blocks', () => {
    const kept = [slot({ isDialled: true }), slot({ isStatic: true }), slot({ hasGiven: true })]
    expect(closed(kept, slot())).toBeUndefined()
    const stranger = at('192.0.2.9')
    expect(closed([...kept, stranger], slot())).toBe(stranger)
  })

  test('of one that gave blocks, beyond half of the slots: those who came last', () => {
    const givers = [1, 2, 3, 4].map((openedMs) => slot({ hasGiven: true, openedMs }))
    expect(closed(givers, slot(), 0.999)?.openedMs).toBe(4)
  })
})

describe('a connection that this node dials, or a static peer, takes the slot', () => {
  test('of a stranger first, then one that this node dialled, and never of a static peer', () => {
    const [dialled, stranger, static_] = [slot({ isDialled: true }), slot(), slot({ isStatic: true })]
    for (const newcomer of [slot({ isDialled: true }), slot({ isStatic: true })]) {
      expect(closed([dialled, stranger, static_], newcomer)).toBe(stranger)
      expect(closed([dialled, static_], newcomer)).toBe(dialled)
      expect(closed([static_], newcomer)).toBeUndefined()
    }
  })

  test('of its own kind when that has three quarters: strangers can make it dial, and must not shut out others', () => {
    const dialled = [1, 2, 3].map((openedMs) => slot({ isDialled: true, openedMs }))
    expect(dialled).toContain(closed([...dialled, slot()], slot({ isDialled: true })))
    expect(closed([...dialled.slice(1), slot(), slot()], slot({ isDialled: true }))?.isDialled).toBe(false)
  })
})

test('a relayed connection counts against its relay: many peers of one relay are one share', () => {
  const relayed = [1, 2].map((n) => slot({ shares: ['relay:r', `peer:${String(n)}`] }))
  expect(relayed).toContain(closed([at('192.0.2.1'), ...relayed, at('192.0.2.2')], at('192.0.2.3')))
})

test('who comes through a trusted proxy is alone, however many others do', () => {
  const proxied = [1, 2, 3].map(() => slot({ shares: [] }))
  const pair = [1, 2].map(() => at('192.0.2.1'))
  expect(pair).toContain(closed([...proxied, ...pair], slot({ shares: [] })))
})

test('laws: no static one goes, none that was dialled for a stranger, and of strangers only one of a largest share', () => {
  const some = fc.record({
    isDialled: fc.boolean(),
    isStatic: fc.boolean(),
    hasGiven: fc.boolean(),
    sharesChain: fc.boolean(),
    openedMs: fc.integer({ min: 0, max: NOW_MS }),
    shares: fc.constantFrom<readonly string[]>(['ip4:a'], ['ip4:b'], ['relay:r', 'peer:p'], []),
  })
  checkProperty(
    'least-useful-laws',
    fc.property(
      fc.array(some, { minLength: 1, maxLength: 12 }),
      some,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (others, newcomer, random) => {
        const victim = closed(others, newcomer, random)
        const isFree = ({ isDialled, isStatic, hasGiven }: Slot): boolean => !isDialled && !isStatic && !hasGiven
        if (victim === undefined) {
          expect(others.some(isFree)).toBe(false)
          return
        }
        expect(others).toContain(victim)
        expect(victim.isStatic).toBe(false)
        if (!newcomer.isDialled && !newcomer.isStatic) expect(victim.isDialled).toBe(false)
        if (victim.isDialled) return
        const count = (share: string): number =>
          [...others, newcomer].filter(({ isDialled, shares }) => !isDialled && shares.includes(share)).length
        const sizeOf = ({ shares }: Slot): number => Math.max(1, ...shares.map(count))
        for (const other of others.filter(isFree)) expect(sizeOf(other)).toBeLessThanOrEqual(sizeOf(victim))
      },
    ),
  )
})

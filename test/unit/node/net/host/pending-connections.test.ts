/** Places for connections that are not upgraded yet: who gets one, and who goes (spec §9). */
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharesWith } from '../../../../../src/node/net/host/address-shares.ts'
import { PendingConnections, type PendingConnection } from '../../../../../src/node/net/host/pending-connections.ts'
import {
  CONNECTIONS_AT_ONCE,
  FIRST_MESSAGE_MS,
  PENDING_CONNECTIONS,
} from '../../../../../src/protocol/stream-limits.ts'
import { checkProperty } from '../../../../support/property.ts'

/** An accepted connection, by the address that it comes from. */
class Accepted extends EventTarget {
  readonly remoteAddr
  status = 'open'

  constructor(ip: string) {
    super()
    this.remoteAddr = multiaddr(`/ip4/${ip}/tcp/4001`)
  }

  get connection(): PendingConnection {
    return this as unknown as PendingConnection
  }

  speak(): void {
    this.dispatchEvent(new Event('message'))
  }

  abort(): void {
    this.status = 'aborted'
    this.dispatchEvent(new Event('close'))
  }
}

/** Places with a clock that stands still unless told. */
function places(count?: number, trustedProxies: readonly string[] = []) {
  let nowMs = 0
  const pending = new PendingConnections({
    sharesOf: sharesWith(trustedProxies),
    perSecond: 5,
    ...(count === undefined ? {} : { places: count }),
    nowMs: () => nowMs,
  })
  const come = (ip: string): Accepted | undefined => {
    const accepted = new Accepted(ip)
    return pending.admit(accepted.connection) ? accepted : undefined
  }
  return { pending, come, wait: (ms: number) => (nowMs += ms) }
}

const addressOf = (n: number): string => `10.0.${String(n >> 8)}.${String(n & 255)}`

describe('when all places are taken, a newcomer gets in', () => {
  test('at the cost of the oldest silent connection, one over the places', () => {
    const { pending, come, wait } = places()
    const first = Array.from({ length: PENDING_CONNECTIONS }, (_, n) => come(addressOf(n))!)
    first[0]!.speak()
    wait(FIRST_MESSAGE_MS)
    expect(first.every(({ status }) => status === 'open')).toBe(true)
    expect(come('192.0.2.1')?.status).toBe('open')
    expect(first.map(({ status }) => status === 'open')).toEqual(first.map((_, n) => n !== 1))
    expect(pending.size).toBe(PENDING_CONNECTIONS)
  })

  test('at the cost of the address that has most places, even if it has spoken and others have not', () => {
    const { come } = places(4)
    const quiet = come('192.0.2.1')!
    const many = [1, 2, 3].map(() => come('192.0.2.2')!)
    for (const one of many) one.speak()
    expect(come('192.0.2.3')?.status).toBe('open')
    expect([quiet, ...many].map(({ status }) => status)).toEqual(['open', 'aborted', 'open', 'open'])
  })

  test('at the cost of its own address, if that has most', () => {
    const { come } = places(3)
    const [one, two, other] = [come('192.0.2.1')!, come('192.0.2.1')!, come('192.0.2.2')!]
    expect(come('192.0.2.1')?.status).toBe('open')
    expect([one, two, other].map(({ status }) => status)).toEqual(['aborted', 'open', 'open'])
  })
})

test('a place is free again when its connection is upgraded, or closes', () => {
  const { pending, come } = places(2)
  const [upgraded, closed] = [come('192.0.2.1')!, come('192.0.2.2')!]
  pending.settle(upgraded.connection)
  closed.abort()
  expect(pending.size).toBe(0)
  const next = [come('192.0.2.3')!, come('192.0.2.4')!]
  expect([upgraded, ...next].map(({ status }) => status)).toEqual(['open', 'open', 'open'])
})

test('a connection that has gone in the meantime takes no place', () => {
  const { pending } = places()
  const gone = new Accepted('192.0.2.1')
  gone.abort()
  expect(pending.admit(gone.connection)).toBe(false)
  expect(pending.size).toBe(0)
})

test('one that had no time to speak is not silent: the oldest goes, one that has spoken too', () => {
  const { come, wait } = places(2)
  const [older, newer] = [come('192.0.2.1')!, come('192.0.2.2')!]
  older.speak()
  wait(FIRST_MESSAGE_MS - 1)
  expect(come('192.0.2.3')?.status).toBe('open')
  expect([older.status, newer.status]).toEqual(['aborted', 'open'])
})

test('a classroom behind one address speaks at once; what comes beyond that is closed, and other addresses are not', () => {
  const { pending, come, wait } = places()
  /** Whether it may go on after its first message. */
  const speaks = (ip: string): boolean => {
    const one = come(ip)!
    one.speak()
    return one.status === 'open' && pending.settle(one.connection)
  }
  for (let pupil = 0; pupil < CONNECTIONS_AT_ONCE; pupil += 1) expect(speaks('192.0.2.1')).toBe(true)
  expect(speaks('192.0.2.1')).toBe(false)
  expect(speaks('192.0.2.2')).toBe(true)
  wait(200)
  expect(speaks('192.0.2.1')).toBe(true)
  expect(speaks('192.0.2.1')).toBe(false)
})

test('what says nothing uses up no rate of its address; what is encrypted without a message does', () => {
  const { pending, come } = places()
  for (let n = 0; n < 4 * CONNECTIONS_AT_ONCE; n += 1) come('192.0.2.1')
  for (let n = 0; n < CONNECTIONS_AT_ONCE; n += 1) expect(pending.settle(come('192.0.2.1')!.connection)).toBe(true)
  expect(pending.settle(come('192.0.2.1')!.connection)).toBe(false)
})

test('behind a trusted proxy nobody is too many', () => {
  const { pending, come } = places(8, ['192.0.2.1'])
  for (let n = 0; n < 10 * CONNECTIONS_AT_ONCE; n += 1) {
    const one = come('192.0.2.1')!
    one.speak()
    expect(one.status).toBe('open')
  }
  expect(pending.size).toBe(8)
})

test('whoever comes, an address that holds one place loses it only while no other holds two', () => {
  checkProperty(
    'pending-fair-to-addresses',
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (comers) => {
      const { pending, come } = places(8)
      let open: { readonly ip: string; readonly accepted: Accepted }[] = []
      for (const n of comers) {
        const ip = addressOf(n)
        const accepted = come(ip)
        if (accepted === undefined) continue
        const [gone, ...more] = open.filter((one) => one.accepted.status !== 'open')
        expect(more).toEqual([])
        const countOf = (address: string): number => [...open, { ip }].filter((one) => one.ip === address).length
        if (gone !== undefined) expect(countOf(gone.ip)).toBe(Math.max(...open.map((one) => countOf(one.ip))))
        open = [...open.filter((one) => one !== gone), { ip, accepted }]
        expect(accepted.status).toBe('open')
        expect(pending.size).toBe(open.length)
      }
    }),
  )
})

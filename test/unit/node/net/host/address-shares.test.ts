/** Whom a connection counts against, on any transport (spec §9). */
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRange, sharesWith } from '../../../../../src/node/net/host/address-shares.ts'
import { checkProperty } from '../../../../support/property.ts'

const RELAY = '12D3KooWGjSE7eCu5f1Pa8pGxscmoEcdQ5BRMGqbyMvL2dhrPCS5'
const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

function sharesOf(address: string, trustedProxies: readonly string[] = []): readonly string[] {
  return sharesWith(trustedProxies)(multiaddr(address))
}

describe('a direct connection counts against', () => {
  test('its IPv4 address, on any transport and port, also where that is written as IPv6', () => {
    for (const address of [
      '/ip4/192.0.2.7/tcp/8331',
      '/ip4/192.0.2.7/tcp/40001/ws',
      '/ip4/192.0.2.7/udp/8331/quic-v1',
      `/ip4/192.0.2.7/tcp/8331/p2p/${PEER}`,
      '/ip6/::ffff:192.0.2.7/tcp/8331',
      '/ip6/::ffff:c000:207/tcp/8331',
    ])
      expect(sharesOf(address)).toEqual(['ip4:192.0.2.7'])
    expect(sharesOf('/ip4/192.0.2.8/tcp/8331')).toEqual(['ip4:192.0.2.8'])
  })

  test('its /64 in IPv6, in any spelling', () => {
    for (const address of [
      '/ip6/2001:db8:0:1::5/tcp/8331',
      '/ip6/2001:db8:0:1:ffff:ffff:ffff:ffff/udp/8331/quic-v1',
      '/ip6/2001:0db8:0000:0001:0:0:0:1/tcp/1/ws',
      '/ip6zone/eth0/ip6/2001:db8:0:1::9/tcp/1',
    ])
      expect(sharesOf(address)).toEqual(['ip6:2001:db8:0:1'])
    expect(sharesOf('/ip6/2001:db8:0:2::5/tcp/8331')).toEqual(['ip6:2001:db8:0:2'])
    expect(sharesOf('/ip6/::1/tcp/8331')).toEqual(['ip6:0:0:0:0'])
  })

  test('one share with all that have no IP address', () => {
    expect(sharesOf('/dns4/node.example.org/tcp/8331')).toEqual(['other'])
    expect(sharesOf('/unix/%2Ftmp%2Fsocket')).toEqual(['other'])
  })

  test('the same share for every address of a /64, and another outside', () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    const spell = (groups: readonly number[]): string => groups.map((one) => one.toString(16)).join(':')
    // A first group of 1 and more is neither loopback nor an IPv4 address that is written as IPv6.
    const network = fc.tuple(fc.integer({ min: 1, max: 0xffff }), group, group, group)
    checkProperty(
      'shares-of-a-64',
      fc.property(network, fc.array(group, { minLength: 4, maxLength: 4 }), group, (base, host, other) => {
        const [share] = sharesOf(`/ip6/${spell([...base, ...host])}/tcp/1`)
        expect([share]).toEqual(sharesOf(`/ip6/${spell(base)}::1/tcp/2`))
        const elsewhere = sharesOf(`/ip6/${spell([...base.slice(0, 3), other, ...host])}/tcp/1`)
        expect(elsewhere[0] === share).toBe(other === base[3])
      }),
    )
  })
})

test('a relayed connection counts against its relay and its peer, never as the address of the relay', () => {
  for (const relay of [
    `/ip4/192.0.2.7/tcp/8331/p2p/${RELAY}`,
    `/ip6/2001:db8::1/udp/1/quic-v1/p2p/${RELAY}`,
    `/p2p/${RELAY}`,
  ]) {
    expect(sharesOf(`${relay}/p2p-circuit/p2p/${PEER}`)).toEqual([`relay:${RELAY}`, `peer:${PEER}`])
    expect(sharesOf(`${relay}/p2p-circuit`)).toEqual([`relay:${RELAY}`])
    expect(sharesOf(`${relay}/p2p-circuit/p2p/${PEER}`, ['192.0.2.7', '2001:db8::/32'])).toHaveLength(2)
  }
})

test('what comes from a trusted proxy has no share: an address, or a range', () => {
  const proxies = ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32']
  for (const address of [
    '/ip4/127.0.0.1/tcp/1',
    '/ip6/::ffff:127.0.0.1/tcp/1',
    '/ip4/10.1.2.3/tcp/1/ws',
    '/ip6/2001:db8:9::1/tcp/1',
  ])
    expect(sharesOf(address, proxies)).toEqual([])
  for (const address of ['/ip4/127.0.0.2/tcp/1', '/ip4/11.0.0.1/tcp/1', '/ip6/2001:db9::1/tcp/1'])
    expect(sharesOf(address, proxies)).toHaveLength(1)
})

test('a range is an IP address, or one in CIDR notation', () => {
  expect(parseRange('10.0.0.0/8')).toEqual({ address: '10.0.0.0', bits: 8, family: 'ipv4' })
  expect(parseRange('::1')).toEqual({ address: '::1', bits: 128, family: 'ipv6' })
  for (const text of [
    '',
    'host',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fe80::1%eth0',
  ])
    expect(parseRange(text)).toBeUndefined()
})

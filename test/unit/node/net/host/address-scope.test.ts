import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import { scopeMet, scopeOf, scopeOfIp, tellable } from '../../../../../src/node/net/host/address-scope.ts'
import { PEER_ADDRESS_BYTES } from '../../../../../src/protocol/peer-limits.ts'

describe('an IP address reaches', () => {
  test.each([
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1', '::7f00:1'].map(
      (ip) => [ip, 'loopback'] as const,
    ),
    ...['10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1', '169.254.1.1', '203.0.113.5', '::ffff:10.0.0.1'].map(
      (ip) => [ip, 'private'] as const,
    ),
    ...['fe80::1', 'fd00::1', '2001:db8::1', '64:ff9b::7f00:1', '2002:7f00:1::'].map((ip) => [ip, 'private'] as const),
    ...['20.0.0.1', '172.32.0.1', '192.169.0.1', '2a00::1', '2001:470::1', '::ffff:20.0.0.1'].map(
      (ip) => [ip, 'public'] as const,
    ),
    ...['224.0.0.1', '255.255.255.255', 'ff02::1', 'not an address'].map((ip) => [ip, undefined] as const),
  ])('%s: %s', (ip, scope) => {
    expect(scopeOfIp(ip)).toBe(scope)
  })
})

test.each([
  '/unix/%2fvar%2frun%2fdocker.sock',
  '/ip4/20.0.0.1/udp/53',
  '/ip4/20.0.0.1/udp/4001/quic-v1',
  '/ip4/20.0.0.1/tcp/80/ws',
  '/ip4/20.0.0.1/tcp/0',
  '/ip4/20.0.0.1',
  '/dnsaddr/example.org',
  '/dns4/localhost/tcp/80',
  '/dns4/printer/tcp/80',
  '/dns4/printer.local/tcp/80',
  '/ip6zone/eth0/ip6/fe80::1/tcp/80',
  '/ip4/20.0.0.1/tcp/80/p2p/12D3KooWH2vjPAjV9KwLAjRxANrjQ2QfU2nC5LmDsBjQitePJxqq/p2p-circuit',
])('an address that a stranger cannot tell: %s', (text) => {
  expect(scopeOf(multiaddr(text))).toBeUndefined()
})

test('who is met on loopback tells any address, who is met in a private network none of this machine, the others only public ones', () => {
  const told = ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip6/2a00::1/tcp/1', '/dns4/example.org/tcp/1']
  const by = (met: 'loopback' | 'private' | 'public' | undefined): string[] =>
    tellable(
      told.map((text) => multiaddr(text)),
      met,
      32,
    ).map(String)
  expect(by('loopback')).toEqual(told)
  expect(by('private')).toEqual(told.slice(1))
  expect(by('public')).toEqual(told.slice(2))
  expect(by(undefined)).toEqual([])
})

test('addresses are taken once, without a peer id, up to a number, and none that is too long', () => {
  const long = `/dns4/${'a'.repeat(60)}.${'b'.repeat(PEER_ADDRESS_BYTES - 60)}.org/tcp/1`
  const id = '/p2p/12D3KooWH2vjPAjV9KwLAjRxANrjQ2QfU2nC5LmDsBjQitePJxqq'
  const told = [long, '/ip4/20.0.0.1/tcp/1', `/ip4/20.0.0.1/tcp/1${id}`, '/ip4/20.0.0.2/tcp/1', '/ip4/20.0.0.3/tcp/1']
  expect(
    tellable(
      told.map((text) => multiaddr(text)),
      'public',
      2,
    ).map(String),
  ).toEqual(['/ip4/20.0.0.1/tcp/1', '/ip4/20.0.0.2/tcp/1'])
})

test('a peer is met where its connection leads, with a zone or by a name of the user too, and never behind a relay', () => {
  const met = (text: string): string | undefined =>
    scopeMet(multiaddr(text), (name) => (name === 'home' ? 'private' : undefined))
  expect(met('/ip6zone/eth0/ip6/fe80::1/tcp/80')).toBe('private')
  expect(met('/dns/home/tcp/80')).toBe('private')
  expect(met('/dns/elsewhere/tcp/80')).toBeUndefined()
  expect(met('/ip4/127.0.0.1/tcp/80/p2p/12D3KooWH2vjPAjV9KwLAjRxANrjQ2QfU2nC5LmDsBjQitePJxqq/p2p-circuit')).toBe(
    'public',
  )
})

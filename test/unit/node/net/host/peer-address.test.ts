import { describe, expect, test } from 'vitest'
import { isLoopbackOnly, parsePeerAddress, peerIdOf } from '../../../../../src/node/net/host/peer-address.ts'

const PEER = '12D3KooWGC6TvWhfagifX6gvBP8xYqmBAjqUBUvzbYFeCqkSqtd2'

function parsed(text: string): string {
  const result = parsePeerAddress(text)
  return result.ok ? result.value.toString() : `${result.fault.code}: ${result.fault.why}`
}

describe('an address of a peer', () => {
  test.each([
    ['localhost', '/dns/localhost/tcp/8331'],
    ['node.example.org:9000', '/dns/node.example.org/tcp/9000'],
    ['192.0.2.7', '/ip4/192.0.2.7/tcp/8331'],
    ['192.0.2.7:81', '/ip4/192.0.2.7/tcp/81'],
    ['::1', '/ip6/::1/tcp/8331'],
    ['[2001:db8::1]', '/ip6/2001:db8::1/tcp/8331'],
    ['[2001:db8::1]:82', '/ip6/2001:db8::1/tcp/82'],
    ['/ip4/192.0.2.7/tcp/81', '/ip4/192.0.2.7/tcp/81'],
    [`/dns4/node.example.org/tcp/81/p2p/${PEER}`, `/dns4/node.example.org/tcp/81/p2p/${PEER}`],
  ])('%s means %s', (text, address) => {
    expect(parsed(text)).toBe(address)
  })

  test.each([
    '',
    ':80',
    'host:',
    'host:0',
    'host:65536',
    'host:1:2',
    '1.2.3',
    '256.1.1.1',
    'a b',
    '-x',
    '[::1',
    '[host]:1',
    '/ip4/1.2.3.4',
    '/ip4/1.2.3.4/udp/1',
    '/nonsense',
    '/ip4/300.1.1.1/tcp/1',
  ])('%j is refused, with a reason', (text) => {
    expect(parsed(text)).toMatch(/^PEER_BAD_ADDRESS: ./)
  })

  test.each([
    ['/ip4/192.0.2.7/tcp/0', /port 0/],
    ['0.0.0.0', /listens/],
    ['[::]:8331', /listens/],
    ['224.0.0.251', /no address of one machine/],
    ['255.255.255.255:8331', /no address of one machine/],
    ['ff02::1', /no address of one machine/],
    ['/ip6/fe80::1/tcp/8331', /link-local/],
    ['/ip4/192.0.2.7/tcp/443/ws', /\/ws is no transport/],
    ['/dns4/node.example.org/tcp/443/tls/ws', /\/tls is no transport/],
    ['/ip4/192.0.2.7/udp/8331/quic-v1', /udp/],
    [`/ip4/192.0.2.7/tcp/81/p2p/${PEER}/p2p-circuit/p2p/${PEER}`, /relay/],
    [`/ip4/192.0.2.7/tcp/81/p2p/${PEER}/p2p/${PEER}`, /\/p2p is no transport/],
    ['/unix/tmp%2Fsocket', /begin with/],
  ])('%s can never be dialled, and says why', (text, why) => {
    expect(parsed(text)).toMatch(why)
  })

  test.each(['/ip6zone/eth0/ip6/fe80::1/tcp/8331', '/ip4/10.0.0.255/tcp/1', `/dnsaddr/example.org/p2p/${PEER}`])(
    '%s may be dialled',
    (text) => {
      expect(parsed(text)).toBe(text)
    },
  )

  test('its peer id is the last part, if it names one', () => {
    const result = parsePeerAddress(`/ip4/192.0.2.7/tcp/81/p2p/${PEER}`)
    expect(result.ok && peerIdOf(result.value)).toBe(PEER)
    const bare = parsePeerAddress('192.0.2.7')
    expect(bare.ok && peerIdOf(bare.value)).toBeUndefined()
  })
})

test('only 127/8, ::1 and localhost are loopback', () => {
  expect(isLoopbackOnly(['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0', '/dns4/localhost/tcp/0'])).toBe(true)
  expect(isLoopbackOnly(['/ip4/127.0.0.1/tcp/0', '/ip4/0.0.0.0/tcp/0'])).toBe(false)
  expect(isLoopbackOnly(['/ip6/::/tcp/0'])).toBe(false)
})

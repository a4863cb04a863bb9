import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from 'vitest'
import {
  announcedOf,
  listensAt,
  OwnAddresses,
  type Interfaces,
} from '../../../../../src/node/net/host/own-addresses.ts'

const at = (...ips: string[]) => ips.map((ip) => multiaddr(`/ip${ip.includes(':') ? '6' : '4'}/${ip}/tcp/8331`))

/** A machine with two container networks, whose card came up last. */
const machine: Interfaces = {
  lo: ['127.0.0.1', '::1'],
  docker0: ['172.17.0.1'],
  'br-5f0c3e': ['172.18.0.1'],
  wlan0: ['10.1.1.5'],
  eth0: ['192.168.1.5', '2001:db8::5'],
}

function told(
  ips: readonly string[],
  { interfaces = machine, defaults = [] as string[], named = [] as string[] } = {},
) {
  const network = { interfaces, defaults: new Set(defaults), named: new Set(named) }
  return announcedOf(at(...ips), network).map((address) => address.getComponents()[0]?.value)
}

describe('§9 of its own addresses a node tells', () => {
  const all = Object.values(machine).flat()

  test('those of the default route first, then other cards, then loopback, and none of a bridge', () => {
    const defaults = ['192.168.1.5', '2001:db8::5']
    expect(told(all, { defaults })).toEqual(['192.168.1.5', '2001:db8::5', '10.1.1.5', '127.0.0.1', '::1'])
  })

  test('the same without a default route, but for the order', () => {
    expect(told(all)).toEqual(['10.1.1.5', '192.168.1.5', '2001:db8::5', '127.0.0.1', '::1'])
  })

  test.each([
    'docker0',
    'docker_gwbridge',
    'br-a',
    'veth12ab',
    'virbr0',
    'lxdbr0',
    'cni0',
    'podman1',
    'vboxnet0',
    'vmnet8',
    'vEthernet (WSL)',
  ])('none of %s', (name) => {
    expect(told(['172.20.0.1', '10.0.0.7'], { interfaces: { [name]: ['172.20.0.1'], en0: ['10.0.0.7'] } })).toEqual([
      '10.0.0.7',
    ])
  })

  test.each(['br0', 'eth0', 'enp3s0', 'wlp2s0', 'en0', 'bond0', 'tailscale0', 'wg0'])(
    'those of %s, which is a card',
    (name) => {
      expect(told(['172.20.0.1'], { interfaces: { [name]: ['172.20.0.1'] } })).toEqual(['172.20.0.1'])
    },
  )

  test('those of a bridge with the default route on it: a router, or a hypervisor', () => {
    const interfaces = { 'br-lan': ['192.168.1.1'], docker0: ['172.17.0.1'] }
    expect(told(['172.17.0.1', '192.168.1.1'], { interfaces, defaults: ['192.168.1.1'] })).toEqual(['192.168.1.1'])
  })

  test('those of a bridge that the configuration names', () => {
    expect(told(all, { named: ['172.17.0.1'] })[0]).toBe('172.17.0.1')
  })

  test('those of bridges after all where there is nothing else', () => {
    expect(told(['172.18.0.1', '127.0.0.1', '172.17.0.1'])).toEqual(['127.0.0.1', '172.18.0.1', '172.17.0.1'])
  })

  test('what no interface has, such as a forwarded public address, before loopback', () => {
    expect(told(['127.0.0.1', '203.0.113.9'])).toEqual(['203.0.113.9', '127.0.0.1'])
  })
})

test('§9 a public address of an interface is told, which libp2p keeps back until somebody has dialled it; not what others claim to see', () => {
  const [onInterface, known, observed] = at('20.0.0.10', '10.1.1.5', '20.0.0.99') as [Multiaddr, Multiaddr, Multiaddr]
  const confirmed: string[] = []
  const own = new OwnAddresses({ listen: ['/ip4/0.0.0.0/tcp/8331'] })
  own.confirm()
  own.attach({
    getAddressesWithMetadata: () => [
      { multiaddr: onInterface, type: 'transport', verified: false },
      { multiaddr: known, type: 'transport', verified: true },
      { multiaddr: observed, type: 'observed', verified: false },
    ],
    confirmObservedAddr: (address, { type }) => void confirmed.push(`${type} ${address.toString()}`),
  })
  own.confirm()
  expect(confirmed).toEqual([`transport ${onInterface.toString()}`])
})

describe('§11 an address is the node itself', () => {
  const self = (address: string, ...listeners: string[]): boolean =>
    listensAt(
      multiaddr(address),
      listeners.map((one) => multiaddr(one)),
      machine,
    )

  test('where it listens, under any name that this machine has for itself', () => {
    const all = '/ip4/0.0.0.0/tcp/8331'
    for (const host of ['127.0.0.1', '127.9.9.9', '192.168.1.5', '172.17.0.1']) {
      expect(self(`/ip4/${host}/tcp/8331`, all)).toBe(true)
    }
    expect(self('/dns/localhost/tcp/8331', all)).toBe(true)
    expect(self('/ip6/::1/tcp/8331', all, '/ip6/::/tcp/8331')).toBe(true)
    expect(self('/ip4/10.1.1.5/tcp/8331', '/ip4/10.1.1.5/tcp/8331')).toBe(true)
  })

  test('not at another port, on another machine, or where it does not listen', () => {
    const all = '/ip4/0.0.0.0/tcp/8331'
    expect(self('/ip4/127.0.0.1/tcp/8332', all)).toBe(false)
    expect(self('/ip4/192.168.1.6/tcp/8331', all)).toBe(false)
    expect(self('/ip6/::1/tcp/8331', all)).toBe(false)
    expect(self('/ip4/127.0.0.1/tcp/8331', '/ip4/10.1.1.5/tcp/8331')).toBe(false)
    expect(self('/dns4/node.example.org/tcp/8331', all)).toBe(false)
  })

  test('also at a port that the system chose', () => {
    const own = new OwnAddresses({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const now = [multiaddr('/ip4/127.0.0.1/tcp/40001')]
    expect(own.includes(multiaddr('/ip4/127.0.0.1/tcp/40001'), now)).toBe(true)
    expect(own.includes(multiaddr('/ip4/127.0.0.1/tcp/40002'), now)).toBe(false)
  })

  test('what is announced elsewhere is somebody else’s to listen at', () => {
    const own = new OwnAddresses({ listen: [], announce: ['/ip4/203.0.113.9/tcp/1'] })
    expect(own.includes(multiaddr('/ip4/203.0.113.9/tcp/1'), [multiaddr('/ip4/203.0.113.9/tcp/1')])).toBe(false)
  })
})

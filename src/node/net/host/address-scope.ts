/**
 * How far an address reaches: this machine, a private network, or the internet. A stranger's word about the first two
 * is taken only if it was met there (spec §9): else it could make this node knock at services that only this node
 * reaches. Pure.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { CODE_P2P, type Multiaddr } from '@multiformats/multiaddr'
import { PEER_ADDRESS_BYTES } from '../../../protocol/peer-limits.ts'

/** From narrow to wide: each includes the ones after it. */
const SCOPES = ['loopback', 'private', 'public'] as const

export type Scope = (typeof SCOPES)[number]

function ranges(list: readonly string[]): BlockList {
  const blocks = new BlockList()
  for (const range of list) {
    const [net = '', bits] = range.split('/')
    blocks.addSubnet(net, Number(bits), isIPv4(net) ? 'ipv4' : 'ipv6')
  }
  return blocks
}

/** "This host": connecting to 0.0.0.0 or :: reaches loopback. ::/96 is the deprecated form of an IPv4 address in IPv6. */
const LOOPBACK = ranges(['127.0.0.0/8', '0.0.0.0/8', '::/96'])

/** Multicast, reserved, broadcast: nobody listens there with TCP. */
const NOBODY = ranges(['224.0.0.0/3', 'ff00::/8'])

/**
 * Private, shared, link-local, test and transition ranges (RFC 6890). The last two carry an IPv4 address inside, which
 * may be private.
 */
const PRIVATE = ranges([
  ...['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['fc00::/7', 'fe80::/10', 'fec0::/10', '100::/64', '2001::/23', '2001:db8::/32'],
  ...['64:ff9b::/96', '64:ff9b:1::/48', '2002::/16'],
])

/** The scope of an IP address; `undefined` if none can be dialled there. An IPv4 address inside IPv6 counts as such. */
export function scopeOfIp(ip: string): Scope | undefined {
  const family = isIPv4(ip) ? 'ipv4' : isIPv6(ip) ? 'ipv6' : undefined
  if (family === undefined) return undefined
  if (LOOPBACK.check(ip, family)) return 'loopback'
  if (NOBODY.check(ip, family)) return undefined
  return PRIVATE.check(ip, family) ? 'private' : 'public'
}

/** Names that no public name server answers for (RFC 6761, RFC 6762), and names of one label. */
const LOCAL_NAME = /^[^.]*\.?$|\.(?:local|localhost|internal|home\.arpa|lan)\.?$/i

/**
 * The scope of an address as a stranger tells it: a host, a TCP port, and perhaps a peer id. `undefined` for anything
 * else: sockets of files, other transports, zones of somebody else's interfaces, local names. Another name counts as
 * public, and what it stands for is checked when it is dialled (`guarded-lookup.ts`).
 */
export function scopeOf(address: Multiaddr): Scope | undefined {
  const [host, port, peer, ...rest] = address.getComponents()
  if (host === undefined || port?.name !== 'tcp' || port.value === '0' || rest.length > 0) return undefined
  if (peer !== undefined && peer.name !== 'p2p') return undefined
  switch (host.name) {
    case 'ip4':
    case 'ip6':
      return scopeOfIp(host.value ?? '')
    case 'dns':
    case 'dns4':
    case 'dns6':
      return LOCAL_NAME.test(host.value ?? '') ? undefined : 'public'
    default:
      return undefined
  }
}

/**
 * Where the peer at the other end of a connection was met. The zone of a link-local address is this machine's own here.
 * A peer behind a relay was met on the internet, wherever the relay is.
 *
 * @param scopeOfName - of a name that the user wrote, since it was looked up
 */
export function scopeMet(remote: Multiaddr, scopeOfName: (name: string) => Scope | undefined): Scope | undefined {
  const parts = remote.getComponents()
  if (parts.some(({ name }) => name === 'p2p-circuit')) return 'public'
  const host = parts.find(({ name }) => name !== 'ip6zone')
  return isIP(host?.value ?? '') === 0 ? scopeOfName(host?.value ?? '') : scopeOfIp(host?.value ?? '')
}

/** Whether who was met within `met` may tell an address of `told`. */
export function mayTell(met: Scope, told: Scope): boolean {
  return SCOPES.indexOf(met) <= SCOPES.indexOf(told)
}

/** The narrowest of several scopes, which may tell the most. */
export function narrowest(scopes: Iterable<Scope | undefined>): Scope | undefined {
  const met = new Set(scopes)
  return SCOPES.find((scope) => met.has(scope))
}

/**
 * The addresses that somebody who was met within `met` may tell, each once and without a peer id, at most so many.
 * Nobody may tell any if `met` is undefined.
 */
export function tellable(addresses: readonly Multiaddr[], met: Scope | undefined, atMost: number): Multiaddr[] {
  if (met === undefined) return []
  const taken = new Map<string, Multiaddr>()
  // Only so many are looked at: each costs some microseconds.
  for (const address of addresses.slice(0, 2 * atMost)) {
    if (address.bytes.byteLength > PEER_ADDRESS_BYTES) continue
    const scope = scopeOf(address)
    if (scope === undefined || !mayTell(met, scope)) continue
    const bare = address.decapsulateCode(CODE_P2P)
    taken.set(bare.toString(), bare)
    if (taken.size === atMost) break
  }
  return [...taken.values()]
}

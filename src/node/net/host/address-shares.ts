/**
 * Whom a connection counts against when places are short (spec §9): its *shares*. A direct one counts against its IPv4
 * address or its IPv6 /64, on any transport. A relayed one counts against its relay and its peer, and never against the
 * relay's address: one relay serves many peers. One that comes from a trusted proxy has no share: its address says
 * nothing about who is behind it.
 */
import { BlockList, isIP, isIPv4 } from 'node:net'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

/** Keys of the shares; empty behind a trusted proxy. */
export type Shares = readonly string[]

export type SharesOf = (remote: Multiaddr) => Shares

/** Groups of an IPv6 address, of 16 bits each, and how many of them are the network of one subscriber. */
const IPV6_GROUPS = 8
const IPV6_SHARE_GROUPS = 4

/** @param trustedProxies - addresses or CIDR ranges that {@link parseRange} takes */
export function sharesWith(trustedProxies: readonly string[]): SharesOf {
  const trusted = new BlockList()
  for (const text of trustedProxies) {
    const range = parseRange(text)
    if (range !== undefined) trusted.addSubnet(range.address, range.bits, range.family)
  }
  return (remote) => {
    const parts = remote.getComponents()
    const relayed = relayedShares(parts)
    if (relayed !== undefined) return relayed
    const ip = ipOf(parts)
    if (ip === undefined) return ['other']
    if (trusted.check(ip, familyOf(ip))) return []
    return [isIPv4(ip) ? `ip4:${ip}` : `ip6:${networkOf(ip)}`]
  }
}

export interface AddressRange {
  readonly address: string
  readonly bits: number
  readonly family: 'ipv4' | 'ipv6'
}

/** An IP address, or a range in CIDR notation such as `10.0.0.0/8`; `undefined` for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', digits, ...rest] = text.split('/')
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return undefined
  const family = familyOf(address)
  const most = family === 'ipv4' ? 32 : 128
  const bits = digits === undefined ? most : /^\d{1,3}$/.test(digits) ? Number(digits) : Infinity
  return bits <= most ? { address, bits, family } : undefined
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIPv4(ip) ? 'ipv4' : 'ipv6'
}

/** Of `…/p2p/RELAY/p2p-circuit/p2p/PEER`; an incoming address may lack the peer until it has authenticated. */
function relayedShares(parts: readonly Component[]): Shares | undefined {
  const circuit = parts.findLastIndex(({ name }) => name === 'p2p-circuit')
  if (circuit < 0) return undefined
  const idIn = (some: readonly Component[]): string | undefined => some.findLast(({ name }) => name === 'p2p')?.value
  const relay = idIn(parts.slice(0, circuit)) ?? 'unknown'
  const peer = idIn(parts.slice(circuit))
  return [`relay:${relay}`, ...(peer === undefined ? [] : [`peer:${peer}`])]
}

/** The IP address that a connection comes from; an IPv4 address that is written as IPv6 is given as IPv4. */
function ipOf(parts: readonly Component[]): string | undefined {
  const ip = parts.find(({ name }) => name === 'ip4' || name === 'ip6')?.value
  if (ip === undefined || isIP(ip) === 0) return undefined
  if (isIPv4(ip)) return ip
  const groups = groupsOf(ip)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (!isMapped) return ip
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

/** The /64 of an IPv6 address, in one spelling. */
function networkOf(ip: string): string {
  const groups = groupsOf(ip).slice(0, IPV6_SHARE_GROUPS)
  return groups.map((group) => group.toString(16)).join(':')
}

/** The eight numbers of a valid IPv6 address. */
function groupsOf(ip: string): number[] {
  const [bare = ''] = ip.split('%')
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(bare)
  const [, start = '', ...bytes] = dotted ?? []
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number)
  const text = dotted === null ? bare : `${start}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  const [before = '', after] = text.split('::')
  const numbers = (side: string): number[] => (side === '' ? [] : side.split(':').map((group) => parseInt(group, 16)))
  const [first, last] = [numbers(before), numbers(after ?? '')]
  return [...first, ...Array<number>(Math.max(0, IPV6_GROUPS - first.length - last.length)).fill(0), ...last]
}

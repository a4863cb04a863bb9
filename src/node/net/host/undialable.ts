/** Why an address can never be dialled, whatever runs there: what is refused when somebody gives it (spec §11, §12). Pure. */
import { isIP } from 'node:net'
import type { Component, Multiaddr } from '@multiformats/multiaddr'

const NAMES = ['dns', 'dns4', 'dns6']

/** Returns `undefined` for an address that may be dialled: a host, `/tcp/` with a port, and perhaps `/p2p/` with an id. */
export function whyUndialable(address: Multiaddr): string | undefined {
  const all = address.getComponents()
  const hasZone = all[0]?.name === 'ip6zone'
  const [host, ...rest] = hasZone ? all.slice(1) : all
  if (host === undefined) return 'it is empty'
  if (rest.some(({ name }) => name === 'p2p-circuit')) return 'it goes over a relay, and this node uses none'
  if (host.name === 'dnsaddr') return rest.every(({ name }) => name === 'p2p') ? undefined : 'nothing follows /dnsaddr'
  if (!['ip4', 'ip6', ...NAMES].includes(host.name)) return 'it must begin with /ip4, /ip6 or /dns, followed by /tcp'
  return whyNoTransport(rest) ?? whyNoHost(host, hasZone)
}

function whyNoTransport([transport, ...rest]: readonly Component[]): string | undefined {
  if (transport?.name !== 'tcp') {
    const found = transport === undefined ? 'names no transport' : `goes over /${transport.name}`
    return `it ${found}, and this node dials TCP alone: /tcp/ and a port follow the host`
  }
  if (transport.value === '0') return 'port 0 is where a node listens, not where one is dialled'
  const [other] = rest.filter(({ name }, n) => name !== 'p2p' || n > 0)
  return other === undefined ? undefined : `/${other.name} is no transport of this node, which dials plain TCP alone`
}

function whyNoHost({ name, value = '' }: Component, hasZone: boolean): string | undefined {
  if (isIP(value) === 0) return NAMES.includes(name) ? undefined : `${value} is no IP address`
  if (/^(?:0\.|::$|0:0:0:0:0:0:0:0$)/.test(value)) return `${value} is where a node listens, not where one is dialled`
  if (/^(?:22[4-9]|23\d|24\d|25\d)\./.test(value) || /^ff/i.test(value)) return `${value} is no address of one machine`
  if (/^fe[89ab]/i.test(value) && !hasZone)
    return `${value} is link-local: it needs the interface in front, as in /ip6zone/eth0/ip6/${value}`
  return undefined
}

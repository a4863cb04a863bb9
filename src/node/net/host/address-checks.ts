/**
 * Validates the addresses in a configuration: multiaddrs over TCP, and the address of the control port (spec §10, §12).
 */
import { isIP } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Component } from '@multiformats/multiaddr'
import { fail, ok, type Result } from '../../../dag/result.ts'
import { isLoopback } from '../../base/loopback.ts'
import { whyUndialable } from './undialable.ts'

/** What is wrong with a value, and how to fix it. */
export interface Complaint {
  readonly wrong: string
  readonly fix: string
}

export type AddressUse = 'listen' | 'announce' | 'dial'

const IP = ['ip4', 'ip6']
const NAMED = [...IP, 'dns', 'dns4', 'dns6']

const SHAPES: Readonly<Record<AddressUse, Complaint>> = {
  listen: {
    wrong: 'is no address to listen on',
    fix: 'write an IP address and a TCP port, such as /ip4/0.0.0.0/tcp/8331',
  },
  announce: {
    wrong: 'is no address to announce',
    fix: 'write a host and a TCP port, such as /dns4/node.example.org/tcp/8331',
  },
  dial: {
    wrong: 'is no address of a peer',
    fix: 'write a host, a TCP port and the peer id, such as /dns4/node.example.org/tcp/8331/p2p/12D3KooW…',
  },
}

const NO_PEER_ID: Complaint = {
  wrong: 'does not end in /p2p/ID',
  fix: 'append /p2p/ and the peer id that "freechains info" prints on that node: without it nobody is authenticated',
}

/** Returns `undefined` for a valid address. */
export function addressComplaint(text: string, use: AddressUse): Complaint | undefined {
  const parts = componentsOf(text)
  if (parts === undefined) return { wrong: 'is no multiaddr', fix: SHAPES[use].fix }
  const names = parts.map((part) => part.name)
  if (use === 'dial') {
    if (names.at(-1) !== 'p2p') return NO_PEER_ID
    if (!isPeerId(parts.at(-1)?.value))
      return {
        wrong: 'ends in an id that is no peer id',
        fix: 'copy the whole id that "freechains info" prints on that node',
      }
    const why = whyUndialable(multiaddr(text))
    return why === undefined ? undefined : { wrong: `is no address of a peer: ${why}`, fix: SHAPES.dial.fix }
  }
  return hostAndPort(names, use) ? undefined : SHAPES[use]
}

function componentsOf(text: string): readonly Component[] | undefined {
  try {
    return multiaddr(text).getComponents()
  } catch {
    return undefined
  }
}

/** TCP is the only transport here: an address is a host and a port, and nothing else. */
function hostAndPort(names: readonly string[], use: Exclude<AddressUse, 'dial'>): boolean {
  const [host = '', ...rest] = names[0] === 'ip6zone' ? names.slice(1) : names
  return (use === 'listen' ? IP : NAMED).includes(host) && rest.join('/') === 'tcp'
}

function isPeerId(text: string | undefined): boolean {
  try {
    peerIdFromString(text ?? '')
    return true
  } catch {
    return false
  }
}

export interface ControlAddress {
  /** An IP address or a name; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

const CONTROL = /^(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d+)$/

const NOT_LOOPBACK: Complaint = {
  wrong: 'is not a loopback address',
  fix:
    'write 127.0.0.1:8330, and to reach it from elsewhere use an ssh tunnel; or set "allowRemoteControl: true", which means ' +
    'that whoever reaches this port and learns the cookie rules the node, and that nothing sent over it is encrypted',
}

/**
 * Parses `host:port`. Anyone who reaches the control port and learns the cookie controls the node, so a non-loopback
 * address needs an explicit permission.
 */
export function parseControl(text: string, mayBeRemote: boolean): Result<ControlAddress, Complaint> {
  const [, ip4, ip6, name, digits = ''] = CONTROL.exec(text) ?? []
  const host = name === 'localhost' ? '127.0.0.1' : (ip4 ?? ip6 ?? name)
  const port = parsePort(digits)
  if (host === undefined || port === undefined || (name === undefined && isIP(host) === 0)) {
    return fail({ wrong: 'is no address and port', fix: 'write 127.0.0.1:8330, with a port of 0 … 65535' })
  }
  return mayBeRemote || isLoopback(host) ? ok({ host, port }) : fail(NOT_LOOPBACK)
}

/** A TCP port in decimal digits; 0 means any free port. */
export function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined
}

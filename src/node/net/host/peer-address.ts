/**
 * Parses peer addresses as users write them (spec §11, `<addr>`): a multiaddr with or without `/p2p/…`, `host`, or
 * `host:port`. It resolves no names and dials no peers.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { fail, ok, type Result } from '../../../dag/result.ts'
import { whyUndialable } from './undialable.ts'

/** The default port of a node (spec §11). */
export const DEFAULT_PORT = 8331

const MAX_PORT = 65_535

/** RFC 1123: labels of letters, digits and inner hyphens. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i

export type PeerAddressFault = { readonly code: 'PEER_BAD_ADDRESS'; readonly text: string; readonly why: string }

type Parsed = Result<Multiaddr, PeerAddressFault>

function bad(text: string, why: string): Parsed {
  return fail({ code: 'PEER_BAD_ADDRESS', text, why })
}

/** The multiaddr to dial for the user's text; the port is 8331 unless given. */
export function parsePeerAddress(text: string): Parsed {
  if (text === '') return bad(text, 'it is empty')
  if (text.startsWith('/')) return parseMultiaddr(text)
  if (isIPv6(text)) return build(text, `/ip6/${text}`, undefined)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed !== null) {
    const [, host = '', port] = bracketed
    return isIPv6(host) ? build(text, `/ip6/${host}`, port) : bad(text, 'brackets hold an IPv6 address')
  }
  const [host = '', port, ...rest] = text.split(':')
  if (rest.length > 0) return bad(text, 'it has more than one colon and is no IPv6 address')
  if (isIPv4(host)) return build(text, `/ip4/${host}`, port)
  if (/^[\d.]+$/.test(host) || !HOST_NAME.test(host)) return bad(text, 'it is neither an IP address nor a host name')
  return build(text, `/dns/${host}`, port)
}

/** Whether all listen addresses are loopback. True for an empty list. */
export function isLoopbackOnly(listen: readonly string[]): boolean {
  return listen.every((address) =>
    /^\/ip4\/127\.|^\/ip6\/(?:::1|0:0:0:0:0:0:0:1)\/|^\/dns[46]?\/localhost\//.test(address),
  )
}

/** The peer id at the end of a multiaddr, if present. */
export function peerIdOf(address: Multiaddr): string | undefined {
  const last = address.getComponents().at(-1)
  return last?.name === 'p2p' ? last.value : undefined
}

/** The canonical form of a peer id; `undefined` if the text is not one. */
export function parsePeerId(text: string): string | undefined {
  try {
    return peerIdFromString(text).toString()
  } catch {
    return undefined
  }
}

function build(text: string, host: string, port: string | undefined): Parsed {
  const number = port === undefined ? DEFAULT_PORT : /^\d{1,5}$/.test(port) ? Number(port) : 0
  if (number < 1 || number > MAX_PORT) return bad(text, `a port is a number from 1 to ${String(MAX_PORT)}`)
  return parseMultiaddr(`${host}/tcp/${String(number)}`)
}

function parseMultiaddr(text: string): Parsed {
  try {
    const address = multiaddr(text)
    const why = whyUndialable(address)
    return why === undefined ? ok(address) : bad(text, why)
  } catch (error) {
    return bad(text, error instanceof Error ? error.message : 'it is no multiaddr')
  }
}

/**
 * Invites (spec §11): one line of text with all that is needed to join a chain, which is its parameters, its id, and
 * some peers. Pure. Invites come from strangers: everything read from one is bounded.
 */
import { encode } from '@ipld/dag-cbor'
import { multiaddr } from '@multiformats/multiaddr'
import { equalBytes } from '@noble/curves/utils.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { base32 } from 'multiformats/bases/base32'
import { chainOf, isChainName, type Chain } from '../../dag/chain.ts'
import { labelledSha256 } from '../../dag/crypto.ts'
import type { DagFault } from '../../dag/faults.ts'
import { fail, type Result } from '../../dag/result.ts'
import { authorKey, chainId, ID_BYTES, idBytes, type AuthorKey, type ChainId } from '../../dag/ids.ts'
import { KEY_BYTES, MAX_PIONEERS } from '../../dag/block-limits.ts'
import { decodeMessage, Fields, misshapen, readArray, readBytes } from '../../protocol/cbor-checks.ts'
import { addressComplaint } from '../net/host/address-checks.ts'
import { MAX_INVITE_CHARS } from '../control/port-limits.ts'

/** Few: one reachable peer is enough, and a node that joins dials each. */
export const MAX_INVITE_PEERS = 5

/** The longest host name (253), a port and a peer id. */
const MAX_ADDRESS_BYTES = 320

/** Thirty pioneers, five such addresses and the longest name are 2.9 KiB. */
const MAX_BODY_BYTES = 3072

/** One altered invite in four billion passes the checksum; its chain id must match too. */
const CHECKSUM_BYTES = 4

const NOTHING = new Uint8Array()

const LABEL = 'freechains/invite/1'
const VERSION = '1'

/**
 * Letters of one case and digits: shells and mail do not alter them, and a QR code encodes them compactly. Both cases
 * are read.
 */
const SHAPE = /^freechains:(\d{1,9}):(.*)$/is
const DIGITS = /^[a-z2-7]+$/i

const ADDRESS = /^[!-~]+$/

export interface Invite {
  readonly name: string
  readonly chain: ChainId
  /** Only of a forum with pioneers. */
  readonly pioneers: readonly AuthorKey[]
  /** Only of a forum without pioneers: the founder to follow. */
  readonly founder?: AuthorKey
  /** The 32-byte shared key, if the invite contains it. */
  readonly key?: Uint8Array
  /** Multiaddrs ending in `/p2p/<peer id>`. */
  readonly peers: readonly string[]
}

/** Faults of an invite (spec §11). Invites come from strangers, so no fault repeats their content. */
export type InviteFault =
  /** It is no invite, or it was cut or altered on its way. */
  | { readonly code: 'INVITE_MALFORMED'; readonly why: string }
  | { readonly code: 'INVITE_OTHER_VERSION'; readonly found: string }
  /** The checksum matches, but the name and keys do not give its chain id. */
  | { readonly code: 'INVITE_MISMATCH'; readonly name: string }
  | { readonly code: 'INVITE_NEEDS_KEY'; readonly name: string }
  /** The key given beside the invite makes another group. */
  | { readonly code: 'INVITE_WRONG_KEY'; readonly name: string }
  | { readonly code: 'INVITE_TAKES_NO_KEYS'; readonly name: string }

/** The text of an invite. */
export function encodeInvite(invite: Invite): string {
  const body = encodeInviteBody(invite)
  const whole = new Uint8Array(body.byteLength + CHECKSUM_BYTES)
  whole.set(body)
  whole.set(checksumOf(body), body.byteLength)
  return `freechains:${VERSION}:${base32.baseEncode(whole)}`
}

export function decodeInvite(text: string): Result<Invite, InviteFault> {
  const trimmed = text.trim()
  if (trimmed.length > MAX_INVITE_CHARS) return malformed(`it is longer than ${String(MAX_INVITE_CHARS)} characters`)
  const [, version, digits = ''] = SHAPE.exec(trimmed) ?? []
  if (version === undefined) return malformed('it does not begin with freechains:1:')
  if (version !== VERSION) return fail({ code: 'INVITE_OTHER_VERSION', found: version })
  const whole = fromBase32(digits) ?? NOTHING
  const body = whole.subarray(0, -CHECKSUM_BYTES)
  if (!equalBytes(checksumOf(body), whole.subarray(-CHECKSUM_BYTES)))
    return malformed('it was cut or altered on its way')
  return decodeInviteBody(body)
}

/** The body of an invite, without checksum and base32. */
export function encodeInviteBody({ name, chain, pioneers, founder, key, peers }: Invite): Uint8Array {
  return encode({
    name,
    chain: idBytes(chain),
    ...(pioneers.length === 0 ? {} : { pioneers: pioneers.map(idBytes) }),
    ...(founder === undefined ? {} : { founder: idBytes(founder) }),
    ...(key === undefined ? {} : { key }),
    peers: peers.map((peer) => multiaddr(peer).bytes),
  })
}

export function decodeInviteBody(body: Uint8Array): Result<Invite, InviteFault> {
  const invite = decodeMessage('invite', body, MAX_BODY_BYTES, readInvite)
  if (invite.ok) return invite
  return malformed('why' in invite.fault ? invite.fault.why : 'it is too long')
}

/**
 * The chain of an invite. A group's key is in the invite, or `typed` beside it; everything else is in the invite.
 *
 * @param typed - keys in hex
 */
export function chainOfInvite(
  { name, chain, pioneers, key }: Invite,
  typed: readonly string[],
): Result<Chain, InviteFault | DagFault> {
  const isGroup = name.startsWith('$')
  if (typed.length > 0 && !isGroup) return fail({ code: 'INVITE_TAKES_NO_KEYS', name })
  const own = key === undefined ? pioneers : [bytesToHex(key)]
  const keys = typed.length > 0 ? typed : own
  if (isGroup && keys.length === 0) return fail({ code: 'INVITE_NEEDS_KEY', name })
  const made = chainOf(name, keys)
  if (!made.ok || made.value.id === chain) return made
  return fail({ code: typed.length > 0 ? 'INVITE_WRONG_KEY' : 'INVITE_MISMATCH', name })
}

function malformed(why: string): Result<never, InviteFault> {
  return fail({ code: 'INVITE_MALFORMED', why })
}

function checksumOf(body: Uint8Array): Uint8Array {
  return labelledSha256(LABEL, body).subarray(0, CHECKSUM_BYTES)
}

function fromBase32(digits: string): Uint8Array | undefined {
  if (!DIGITS.test(digits)) return undefined
  try {
    return base32.baseDecode(digits.toLowerCase())
  } catch {
    return undefined
  }
}

function readInvite(value: unknown): Invite {
  const fields = new Fields(value)
  const name = fields.text('name')
  if (!isChainName(name)) return misshapen('its chain has no name')
  const chain = chainId(fields.bytes('chain', { exactly: ID_BYTES }))
  const pioneers = fields.has('pioneers') ? readPioneers(fields.take('pioneers')) : []
  const founder = fields.has('founder') ? { founder: authorKey(fields.bytes('founder', { exactly: KEY_BYTES })) } : {}
  const key = fields.has('key') ? { key: fields.bytes('key', { exactly: KEY_BYTES }) } : {}
  const peers = readPeers(fields.take('peers'))
  fields.end()
  const isForum = name.startsWith('#')
  const isOfItsKind =
    (pioneers.length === 0 || isForum) &&
    (!('founder' in founder) || (isForum && pioneers.length === 0)) &&
    (!('key' in key) || name.startsWith('$'))
  return isOfItsKind ? { name, chain, pioneers, ...founder, ...key, peers } : misshapen('its chain takes no such keys')
}

function readPioneers(value: unknown): AuthorKey[] {
  const list = readArray(value, 'pioneers')
  if (list.length === 0 || list.length > MAX_PIONEERS) return misshapen(`it names ${String(list.length)} pioneers`)
  return list.map((one) => authorKey(readBytes(one, { exactly: KEY_BYTES }, 'a pioneer')))
}

function readPeers(value: unknown): string[] {
  const list = readArray(value, 'peers')
  if (list.length > MAX_INVITE_PEERS) return misshapen(`it names ${String(list.length)} peers`)
  return list.map((one) => readPeer(readBytes(one, { atMost: MAX_ADDRESS_BYTES }, 'a peer')))
}

function readPeer(bytes: Uint8Array): string {
  const text = textOf(bytes)
  if (text === undefined || addressComplaint(text, 'dial') !== undefined) return misshapen('a peer has no address')
  return text
}

/** The address as text, if the bytes are its canonical encoding. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = multiaddr(bytes).toString()
    return ADDRESS.test(text) && equalBytes(multiaddr(text).bytes, bytes) ? text : undefined
  } catch {
    return undefined
  }
}

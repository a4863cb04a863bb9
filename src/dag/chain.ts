/** Chain kinds and parameters, the genesis derived from them, and the rendezvous (spec §2, §7). */
import { hexToBytes } from '@noble/hashes/utils.js'
import { encodeGenesis } from './codec.ts'
import { labelledSha256, sha256 } from './crypto.ts'
import type { DagFault } from './faults.ts'
import { fail, ok, type Result } from './result.ts'
import { chainId, idBytes, parseAuthorKey, showId, type AuthorKey, type ChainId } from './ids.ts'
import { MAX_NAME_CHARS, MAX_PIONEERS } from './block-limits.ts'

/** `#name`, `$name`, `@PUB`, `@!PUB`. */
export type ChainKind = 'forum' | 'group' | 'identity' | 'owner-only'

/** The parameters of a chain: equal parameters make the same chain anywhere. */
export interface ChainParams {
  readonly kind: ChainKind
  /** With its sign; a public key in it in upper case. */
  readonly name: string
  /** Forums only: byte-sorted, distinct, at most 30. */
  readonly pioneers: readonly AuthorKey[]
  /** Groups only: the 32-byte shared key. */
  readonly key?: Uint8Array
  /** Identity chains only. */
  readonly owner?: AuthorKey
}

/** A chain with what is derived from its parameters. */
export interface Chain {
  readonly params: ChainParams
  readonly id: ChainId
  /** dag-cbor of the genesis block. */
  readonly genesisBytes: Uint8Array
  /** 32 bytes: sha256("freechains/rendezvous/1" ‖ digest of the chain id). */
  readonly rendezvous: Uint8Array
}

/** Letters, marks and digits of any script, with what else Unicode allows within a word; and dots and dashes. */
const NAME_CHARS = /^[\p{ID_Continue}.-]*$/u
/** Has no looks of its own: names that differ in it alone look the same. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u
const KEY_HEX = /^[0-9A-Fa-f]{64}$/
/** A public key as names show it. */
const OWNER = /^[0-9A-F]{64}$/

/**
 * The chain of this name, joined with these keys: pioneers' public keys for `#name`, the shared key for `$name`, none
 * for `@PUB` and `@!PUB`; all in hex of either case. The name is in NFC: see {@link typedName}.
 */
export function chainOf(name: string, keys: readonly string[]): Result<Chain, DagFault> {
  const params = paramsOf(name, keys)
  return params.ok ? ok(derive(params.value)) : params
}

function paramsOf(name: string, keys: readonly string[]): Result<ChainParams, DagFault> {
  if (name.startsWith('#')) return forumParams(name, keys)
  if (name.startsWith('$')) return groupParams(name, keys)
  if (name.startsWith('@!')) return identityParams(name, '@!', keys)
  if (name.startsWith('@')) return identityParams(name, '@', keys)
  return badName(name, 'begin it with its kind: #forum, $group, @PUBLICKEY or @!PUBLICKEY')
}

function forumParams(name: string, keys: readonly string[]): Result<ChainParams, DagFault> {
  const why = wrongWithLabel(name.slice(1))
  if (why !== undefined) return badName(name, why)
  const pioneers = new Set<AuthorKey>()
  for (const key of keys) {
    const pioneer = parseAuthorKey(key)
    if (!pioneer.ok) return badKey('each pioneer of a forum as a public key of 64 hex digits')
    pioneers.add(pioneer.value)
  }
  if (pioneers.size > MAX_PIONEERS) return badKey(`at most ${String(MAX_PIONEERS)} pioneers for a forum`)
  return ok({ kind: 'forum', name, pioneers: [...pioneers].sort() })
}

function groupParams(name: string, keys: readonly string[]): Result<ChainParams, DagFault> {
  const why = name === '$' ? 'give the group a name behind its sign' : wrongWithLabel(name.slice(1))
  if (why !== undefined) return badName(name, why)
  const [key] = keys
  if (key === undefined || keys.length > 1 || !KEY_HEX.test(key)) {
    return badKey('exactly one shared key of 64 hex digits for a group')
  }
  return ok({ kind: 'group', name, pioneers: [], key: hexToBytes(key) })
}

function identityParams(name: string, sign: '@' | '@!', keys: readonly string[]): Result<ChainParams, DagFault> {
  const owner = parseAuthorKey(name.slice(sign.length))
  if (!owner.ok) return badName(name, `put the owner's public key of 64 hex digits behind ${sign}`)
  if (keys.length > 0) return badKey('no key for an identity chain: its owner is in its name')
  const kind = sign === '@' ? 'identity' : 'owner-only'
  return ok({ kind, name: sign + owner.value, pioneers: [], owner: owner.value })
}

function wrongWithLabel(label: string): string | undefined {
  // A code point has at most two units, so a long text is not looked at.
  if (label.length > 2 * MAX_NAME_CHARS || Array.from(label).length > MAX_NAME_CHARS)
    return `use at most ${String(MAX_NAME_CHARS)} characters behind its sign`
  if (!NAME_CHARS.test(label) || INVISIBLE.test(label))
    return 'use only letters and digits of any script, and _ - . behind its sign'
  return label.normalize('NFC') === label ? undefined : 'write it in Unicode normalization form C'
}

/**
 * A chain's name as a person typed it, in the one form that names have: keyboards and file systems differ in how they
 * compose accents. Names that come in any other way have this form already, or are refused.
 */
export function typedName(text: string): string {
  return text.normalize('NFC')
}

/** The name that a person means who types it, or the key of an identity in lower case, to find a chain that is here. */
export function meantName(text: string): string {
  return text.startsWith('@') ? text.toUpperCase() : typedName(text)
}

/** Whether a chain has this name, in this spelling. */
export function isChainName(name: string): boolean {
  if (name === '#') return true
  const sign = /^(?:[#$]|@!?)/.exec(name)?.[0] ?? ''
  const label = name.slice(sign.length)
  if (sign.startsWith('@')) return OWNER.test(label)
  return sign !== '' && label !== '' && wrongWithLabel(label) === undefined
}

function badName(name: string, why: string): Result<never, DagFault> {
  return fail({ code: 'DAG_BAD_CHAIN_NAME', name, why })
}

function badKey(expected: string): Result<never, DagFault> {
  return fail({ code: 'DAG_BAD_KEY', expected })
}

function derive(params: ChainParams): Chain {
  const { name, pioneers, key } = params
  const group = key === undefined ? {} : { group: labelledSha256('freechains/group/1', key) }
  const genesisBytes = encodeGenesis({ name, pioneers, ...group })
  const id = chainId(sha256(genesisBytes))
  return { params, id, genesisBytes, rendezvous: labelledSha256('freechains/rendezvous/1', idBytes(id)) }
}

/** A chain's id as shown to users: `0_` and 64 hex digits. */
export function showChainId(chain: Pick<Chain, 'id'>): string {
  return showId(0, chain.id)
}

/**
 * Whether an author (or an unsigned post) needs no reputation: all members in groups (4.d), owners in their chains
 * (4.e).
 */
export function isUnlimited(params: ChainParams, author: AuthorKey | undefined): boolean {
  return params.kind === 'group' || (params.owner !== undefined && author === params.owner)
}

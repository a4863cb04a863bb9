/**
 * Branded identifiers, and the only functions that make them (spec §1–§3). All are 64 upper-case hex digits of 32
 * bytes; the brand says of what. A bare string cannot be passed as an id.
 */
import type { DagFault } from './faults.ts'
import { Bug, fail, ok, type Result } from './result.ts'

declare const brand: unique symbol

/** Digest (sha2-256) of a block's header; also of the genesis, where it is a back. */
export type BlockId = string & { readonly [brand]: 'BlockId' }
/** Digest of the genesis block: identifies a chain everywhere. */
export type ChainId = string & { readonly [brand]: 'ChainId' }
/** Ed25519 public key of an author. */
export type AuthorKey = string & { readonly [brand]: 'AuthorKey' }
/** Digest (sha2-256) of a payload's bytes as stored. */
export type PayloadId = string & { readonly [brand]: 'PayloadId' }

type AnyId = BlockId | ChainId | AuthorKey | PayloadId

/** Bytes in a digest and in a public key. */
export const ID_BYTES = 32

const HEX = /^[0-9A-Fa-f]{64}$/

/**
 * The two upper-case digits of each byte as one 16-bit unit: an incoming block has about ten ids to be written in hex.
 */
const DIGITS = digitPairs()
/** Scratch buffer for one id in hex. */
const hexPairs = new Uint16Array(ID_BYTES)
const hexBytes = new Uint8Array(hexPairs.buffer)
const decoder = new TextDecoder()

function digitPairs(): Uint16Array {
  const text = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('')
  return new Uint16Array(new TextEncoder().encode(text).buffer)
}

function hexOf(bytes: Uint8Array): string {
  if (bytes.byteLength !== ID_BYTES)
    throw new Bug(`an id has ${String(ID_BYTES)} bytes, not ${String(bytes.byteLength)}`)
  return hexAt(bytes, 0)
}

function hexAt(bytes: Uint8Array, at: number): string {
  for (let n = 0; n < ID_BYTES; n += 1) hexPairs[n] = DIGITS[bytes[at + n] ?? 0] ?? 0
  return decoder.decode(hexBytes)
}

/** Value of an upper-case hex digit. */
function valueOfDigit(code: number): number {
  return code <= 57 ? code - 48 : code - 55
}

/** @throws {Bug} unless `digest` has 32 bytes */
export function blockId(digest: Uint8Array): BlockId {
  return hexOf(digest) as BlockId
}

/** From the 32 bytes at `at`; the caller has checked that they are there. */
export function blockIdAt(bytes: Uint8Array, at: number): BlockId {
  return hexAt(bytes, at) as BlockId
}

/** Like {@link blockIdAt}. */
export function authorKeyAt(bytes: Uint8Array, at: number): AuthorKey {
  return hexAt(bytes, at) as AuthorKey
}

/** Like {@link blockIdAt}. */
export function payloadIdAt(bytes: Uint8Array, at: number): PayloadId {
  return hexAt(bytes, at) as PayloadId
}

/** From a digest as Node writes it: 64 lower-case hex digits. */
export function blockIdOfHex(hex: string): BlockId {
  return hex.toUpperCase() as BlockId
}

/** @throws {Bug} unless `digest` has 32 bytes */
export function chainId(digest: Uint8Array): ChainId {
  return hexOf(digest) as ChainId
}

/** @throws {Bug} unless `key` has 32 bytes */
export function authorKey(key: Uint8Array): AuthorKey {
  return hexOf(key) as AuthorKey
}

/** @throws {Bug} unless `digest` has 32 bytes */
export function payloadId(digest: Uint8Array): PayloadId {
  return hexOf(digest) as PayloadId
}

/** From a digest as Node writes it: 64 lower-case hex digits. */
export function payloadIdOfHex(hex: string): PayloadId {
  return hex.toUpperCase() as PayloadId
}

/** The genesis as the back of a block of height 1. */
export function genesisBlockId(chain: ChainId): BlockId {
  return chain as string as BlockId
}

/** A public key as a user types it: 64 hex digits in any case. */
export function parseAuthorKey(text: string): Result<AuthorKey, DagFault> {
  if (!HEX.test(text)) return fail({ code: 'DAG_BAD_KEY', expected: 'a public key of 64 hex digits' })
  return ok(text.toUpperCase() as AuthorKey)
}

/** A chain id as shown (`0_…`) or without its height. */
export function parseChainId(text: string): Result<ChainId, DagFault> {
  const digits = text.startsWith('0_') ? text.slice(2) : text
  if (!HEX.test(digits)) return fail({ code: 'DAG_BAD_ID', text })
  return ok(digits.toUpperCase() as ChainId)
}

/** The 32 bytes of an id. */
export function idBytes(id: AnyId): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES)
  writeId(id, bytes, 0)
  return bytes
}

/** Writes the 32 bytes of an id into `into` at `at`. */
export function writeId(id: AnyId, into: Uint8Array, at: number): void {
  for (let n = 0; n < ID_BYTES; n += 1) {
    into[at + n] = (valueOfDigit(id.charCodeAt(2 * n)) << 4) | valueOfDigit(id.charCodeAt(2 * n + 1))
  }
}

/** An id as shown to users: `<height>_<64 hex digits>` (spec §3). */
export function showId(height: number, id: BlockId | ChainId): string {
  return `${String(height)}_${id}`
}

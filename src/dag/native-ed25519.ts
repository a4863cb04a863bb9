/**
 * Native verifiers of Ed25519 (spec §3), the preferred one first. The "yes" of each implies a ZIP-215 "yes"; a "no"
 * decides nothing (docs/decisions/0004). libsodium takes 60 % of OpenSSL's time. It is an optional package: where its
 * addon has no build for the platform, OpenSSL does the work. Loads fast, for worker threads that do nothing else.
 */
import { evictOldest } from './evict-oldest.ts'
import { createPublicKey, verify as opensslVerify, type KeyObject, type PublicKeyInput } from 'node:crypto'
import { hexToBytes } from '@noble/hashes/utils.js'
import { ID_BYTES, idBytes, writeId, type AuthorKey, type BlockId } from './ids.ts'
import { KEY_BYTES, MAX_CACHED_KEYS, SIGNATURE_BYTES } from './block-limits.ts'
import { nativeSodium } from './native-sodium.ts'

export interface NativeVerifier {
  readonly name: 'libsodium' | 'OpenSSL'
  /** @param signature - 64 bytes */
  readonly verify: (author: AuthorKey, message: Uint8Array, signature: Uint8Array) => boolean
}

/** DER prefix of the raw 32 bytes of an Ed25519 key (RFC 8410). A DER import is the fastest that `node:crypto` has. */
export const SPKI_PREFIX = hexToBytes('302a300506032b6570032100')

/** A public key as DER for Node, whose types name only the narrower `Buffer`. */
function spki(key: Uint8Array): Exclude<PublicKeyInput['key'], string> {
  const bytes = new Uint8Array(SPKI_PREFIX.byteLength + KEY_BYTES)
  bytes.set(SPKI_PREFIX)
  bytes.set(key, SPKI_PREFIX.byteLength)
  return bytes as Exclude<PublicKeyInput['key'], string>
}

/** Least recently used first: a `Map` iterates in order of insertion. */
const importedKeys = new Map<AuthorKey, KeyObject>()

function importedKey(author: AuthorKey): KeyObject {
  const known = importedKeys.get(author)
  if (known !== undefined) {
    importedKeys.delete(author)
    importedKeys.set(author, known)
    return known
  }
  const key = createPublicKey({ key: spki(idBytes(author)), format: 'der', type: 'spki' })
  importedKeys.set(author, key)
  evictOldest(importedKeys, MAX_CACHED_KEYS)
  return key
}

const OPENSSL: NativeVerifier = {
  name: 'OpenSSL',
  verify: (author, message, signature) => opensslVerify(null, message, importedKey(author), signature),
}

function libsodium(): NativeVerifier[] {
  const sodium = nativeSodium
  if (sodium === undefined) return []
  const verify: NativeVerifier['verify'] = (author, message, signature) =>
    signature.byteLength === SIGNATURE_BYTES && sodium.crypto_sign_verify_detached(signature, message, idBytes(author))
  return [{ name: 'libsodium', verify }]
}

export const NATIVE_VERIFIERS: readonly NativeVerifier[] = [...libsodium(), OPENSSL]

const [first = OPENSSL] = NATIVE_VERIFIERS

/**
 * Domain separation: a signature is valid for blocks of this format only, never for other bytes signed with the same
 * key.
 */
const SIGNED_PREFIX = new TextEncoder().encode('freechains/block/1')

/** Length of the signed bytes of a block. */
export const SIGNED_BYTES = SIGNED_PREFIX.byteLength + ID_BYTES

/** The signed bytes of a block: "freechains/block/1" ‖ digest. */
export function signedBytes(digest: BlockId): Uint8Array {
  const bytes = new Uint8Array(SIGNED_BYTES)
  writeSignedBytes(digest, bytes, 0)
  return bytes
}

/** Writes {@link signedBytes} into `into` at `at`. */
export function writeSignedBytes(digest: BlockId, into: Uint8Array, at: number): void {
  into.set(SIGNED_PREFIX, at)
  writeId(digest, into, at + SIGNED_PREFIX.byteLength)
}

/**
 * Whether any native verifier accepts the signature; they refuse different signatures among those that no honest signer
 * makes. A "yes" implies a ZIP-215 "yes"; a "no" decides nothing.
 */
export function verifyNative(author: AuthorKey, digest: BlockId, signature: Uint8Array): boolean {
  if (signature.byteLength !== SIGNATURE_BYTES) return false
  const message = signedBytes(digest)
  return NATIVE_VERIFIERS.some(({ verify }) => verify(author, message, signature))
}

/**
 * Whether the first verifier accepts a signature over {@link signedBytes}; the others are not worth their time in a
 * batch.
 */
export function verifyQuickly(author: AuthorKey, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.byteLength === SIGNATURE_BYTES && first.verify(author, message, signature)
}

/**
 * Digests, key derivation and signatures over bytes (spec §2, §3). Only this file and `native-ed25519.ts` import
 * `node:crypto` below `node`. Verification follows ZIP-215 exactly (docs/decisions/0004). It knows nothing of blocks;
 * callers keep budgets for the slow verifier.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  hkdfSync,
  sign as nativeSign,
  timingSafeEqual,
  type KeyObject,
  type PrivateKeyInput,
} from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import type { DagFault } from './faults.ts'
import { Bug, fail, ok, type Result } from './result.ts'
import { authorKey, idBytes, type AuthorKey, type BlockId } from './ids.ts'
import { KEY_BYTES, MAX_CACHED_SEEDS, SIGNATURE_BYTES } from './block-limits.ts'
import { evictOldest } from './evict-oldest.ts'
import { signedBytes, SPKI_PREFIX, verifyNative } from './native-ed25519.ts'
import { nativeSodium } from './native-sodium.ts'

/** A private key of 128 hex digits, parsed: its seed, and the author it signs as. */
export interface PrivateKey {
  /** 32 bytes, secret. */
  readonly seed: Uint8Array
  readonly author: AuthorKey
}

/** An incremental sha2-256. */
export interface Sha256Stream {
  update(bytes: Uint8Array): void
  /** Call once, at the end. */
  digest(): Uint8Array
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** DER around the raw 32 bytes of an Ed25519 seed (RFC 8410). */
const PKCS8_PREFIX = hexToBytes('302e020100300506032b657004220420')
const PRIVATE_HEX = /^[0-9A-Fa-f]{128}$/

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.byteLength + tail.byteLength)
  all.set(head)
  all.set(tail, head.byteLength)
  return all
}

/** A copy as a plain `Uint8Array` with its own buffer: `Buffer` slices differently and may be a view into a pool. */
function plain(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return plain(hash('sha256', bytes, 'buffer'))
}

/** In hex: in Node this costs half as much as bytes. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

/** sha2-256 of a label and bytes: the form of every derived name in this project. */
export function labelledSha256(label: string, bytes: Uint8Array): Uint8Array {
  return sha256(concat(ascii(label), bytes))
}

export function sha256Stream(): Sha256Stream {
  const state = createHash('sha256')
  return { update: (bytes) => void state.update(bytes), digest: () => plain(state.digest()) }
}

export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return plain(createHmac('sha256', key).update(bytes).digest())
}

/** HKDF-SHA256 with an empty salt: 32 bytes for one purpose, named by `info`. */
export function hkdfSha256(key: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), info, KEY_BYTES))
}

/** Takes the same time for any two values of one length. Values of different lengths are unequal. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}

/** A seed as it signs: seed ‖ public key for libsodium, which takes half of OpenSSL's time, and OpenSSL's key where that is not. */
interface ImportedSeed {
  readonly key: KeyObject
  readonly pvt: Uint8Array
  readonly author: AuthorKey
}

/**
 * Under the digest of the seed, so that the same key is found in another array, and no seed is in the map's keys. The
 * imported keys are secret and stay in memory until so many others signed; least recently used first.
 */
const importedSeeds = new Map<string, ImportedSeed>()

/** An import costs several signatures. */
function importedSeed(seed: Uint8Array): ImportedSeed {
  const digest = sha256Hex(seed)
  const known = importedSeeds.get(digest)
  if (known !== undefined) {
    importedSeeds.delete(digest)
    importedSeeds.set(digest, known)
    return known
  }
  if (seed.byteLength !== KEY_BYTES) throw new Bug('an Ed25519 seed has 32 bytes')
  // Node accepts any bytes as a DER key; its types name only the narrower `Buffer`.
  const der = concat(PKCS8_PREFIX, seed) as Exclude<PrivateKeyInput['key'], string>
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const publicKey = spki.subarray(SPKI_PREFIX.byteLength)
  const imported = { key, pvt: concat(seed, publicKey), author: authorKey(publicKey) }
  importedSeeds.set(digest, imported)
  evictOldest(importedSeeds, MAX_CACHED_SEEDS)
  return imported
}

/** @throws {Bug} unless `seed` has 32 bytes */
export function publicKeyOf(seed: Uint8Array): AuthorKey {
  return importedSeed(seed).author
}

/** Reads seed ‖ public key. Refuses a public half that is not the seed's: no peer would accept its signatures. */
export function parsePrivateKey(hex: string): Result<PrivateKey, DagFault> {
  if (!PRIVATE_HEX.test(hex)) return fail({ code: 'DAG_BAD_KEY', expected: 'a private key of 128 hex digits' })
  const bytes = hexToBytes(hex)
  const seed = bytes.slice(0, KEY_BYTES)
  const author = publicKeyOf(seed)
  if (author !== hex.slice(2 * KEY_BYTES).toUpperCase()) {
    return fail({ code: 'DAG_BAD_KEY', expected: 'a private key whose second half is the public key of its first' })
  }
  return ok({ seed, author })
}

/** Ed25519 over "freechains/block/1" ‖ digest: 64 bytes, deterministic. */
export function sign(seed: Uint8Array, digest: BlockId): Uint8Array {
  const { key, pvt } = importedSeed(seed)
  if (nativeSodium === undefined) return plain(nativeSign(null, signedBytes(digest), key))
  const signature = new Uint8Array(SIGNATURE_BYTES)
  nativeSodium.crypto_sign_detached(signature, signedBytes(digest), pvt)
  return signature
}

/** The verifier that consensus rests on; about ten times slower than {@link verifyNative}. */
export function verifyZip215(author: AuthorKey, digest: BlockId, signature: Uint8Array): boolean {
  if (signature.byteLength !== SIGNATURE_BYTES) return false
  return ed25519.verify(signature, signedBytes(digest), idBytes(author), { zip215: true })
}

/** ZIP-215, through a native verifier where its "yes" is enough. */
export function verify(author: AuthorKey, digest: BlockId, signature: Uint8Array): boolean {
  return verifyNative(author, digest, signature) || verifyZip215(author, digest, signature)
}

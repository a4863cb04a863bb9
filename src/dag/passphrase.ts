/**
 * Keys from passphrases, compatible with Freechains (spec §3): Argon2id, libsodium's INTERACTIVE limits, an all-zero
 * salt. A passphrase is its UTF-8 bytes, not normalised.
 */
import { argon2idAsync } from '@noble/hashes/argon2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { publicKeyOf } from './crypto.ts'
import { nativeSodium } from './native-sodium.ts'
import type { AuthorKey } from './ids.ts'
import { KEY_BYTES } from './block-limits.ts'

/** libsodium's `crypto_pwhash` INTERACTIVE limits: 2 passes over 64 MiB (in KiB here), one lane. */
const ARGON2ID_INTERACTIVE = { t: 2, m: 64 * 1024, p: 1, dkLen: KEY_BYTES } as const
const ZERO_SALT = new Uint8Array(16)

/** The 32-byte key of a group. Takes some 60 ms on another thread; without libsodium's addon about a second of this one, in slices. */
export async function sharedKey(passphrase: string): Promise<Uint8Array> {
  return (await nativeKey(passphrase)) ?? (await portableKey(passphrase))
}

/** The same in JavaScript, in slices of some 10 ms: where the addon has no build, or the system no 64 MiB in one piece. */
export function portableKey(passphrase: string): Promise<Uint8Array> {
  return argon2idAsync(new TextEncoder().encode(passphrase), ZERO_SALT, ARGON2ID_INTERACTIVE)
}

async function nativeKey(passphrase: string): Promise<Uint8Array | undefined> {
  if (nativeSodium === undefined) return undefined
  const { t, m, dkLen } = ARGON2ID_INTERACTIVE
  const key = new Uint8Array(dkLen)
  const bytes = new TextEncoder().encode(passphrase)
  try {
    const algorithm = nativeSodium.crypto_pwhash_ALG_ARGON2ID13
    await nativeSodium.crypto_pwhash_async(key, bytes, ZERO_SALT, t, m * 1024, algorithm)
    return key
  } catch {
    return undefined
  }
}

/** An author's keys; `pvt` is seed ‖ public key in 128 upper-case hex digits. */
export interface KeyPair {
  readonly pub: AuthorKey
  readonly pvt: string
}

export async function keyPair(passphrase: string): Promise<KeyPair> {
  return keyPairOf(await sharedKey(passphrase))
}

/** @param seed - 32 bytes, random or of a passphrase */
export function keyPairOf(seed: Uint8Array): KeyPair {
  const pub = publicKeyOf(seed)
  return { pub, pvt: bytesToHex(seed).toUpperCase() + pub }
}

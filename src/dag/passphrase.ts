/**
 * Keys from passphrases, compatible with Freechains (spec §3): Argon2id, libsodium's INTERACTIVE limits, an all-zero
 * salt. A passphrase is its UTF-8 bytes, not normalised.
 */
import { argon2idAsync } from '@noble/hashes/argon2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { publicKeyOf } from './crypto.ts'
import type { AuthorKey } from './ids.ts'
import { KEY_BYTES } from './block-limits.ts'

/** libsodium's `crypto_pwhash` INTERACTIVE limits: 2 passes over 64 MiB (in KiB here), one lane. */
const ARGON2ID_INTERACTIVE = { t: 2, m: 64 * 1024, p: 1, dkLen: KEY_BYTES } as const
const ZERO_SALT = new Uint8Array(16)

/** The 32-byte key of a group. Takes about a second, in slices of some 10 ms. */
export async function sharedKey(passphrase: string): Promise<Uint8Array> {
  return argon2idAsync(new TextEncoder().encode(passphrase), ZERO_SALT, ARGON2ID_INTERACTIVE)
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

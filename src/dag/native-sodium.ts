/**
 * The functions used of sodium-native, an optional package: where its addon has no build for the platform there is none, and
 * callers do without. It ships no types, and does not check lengths. Loads fast, for worker threads that do nothing else.
 */
import { createRequire } from 'node:module'

export interface NativeSodium {
  /** @param pvt - seed ‖ public key, 64 bytes */
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, pvt: Uint8Array): void
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean
  /** On a thread of libuv's. Throws, or rejects, where there is not enough memory. */
  crypto_pwhash_async(
    out: Uint8Array,
    passphrase: Uint8Array,
    salt: Uint8Array,
    passes: number,
    memoryBytes: number,
    algorithm: number,
  ): Promise<void>
  readonly crypto_pwhash_ALG_ARGON2ID13: number
}

function load(): NativeSodium | undefined {
  try {
    return createRequire(import.meta.url)('sodium-native') as NativeSodium
  } catch {
    return undefined
  }
}

export const nativeSodium = load()

/**
 * Sealing of payloads for groups and owners, and of a group's gossip (spec §3, §7), byte-compatible with libsodium.
 * Pure: nonces and ephemeral keys are arguments. The caller chooses the associated data.
 */
import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { xchacha20, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hsalsa, xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { constantTimeEqual, hkdfSha256, type PrivateKey } from './crypto.ts'
import type { DagFault } from './faults.ts'
import { Bug, fail, ok, type Result } from './result.ts'
import { idBytes, type AuthorKey } from './ids.ts'
import { KEY_BYTES } from './block-limits.ts'

/** Of XChaCha20 and XSalsa20. */
export const NONCE_BYTES = 24
const TAG_BYTES = 16
/** Bytes added by sealing for a group. */
export const GROUP_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES
/** Bytes added by sealing to an owner: the ephemeral public key and the tag. */
export const OWNER_OVERHEAD_BYTES = KEY_BYTES + TAG_BYTES

const NOTHING = new Uint8Array(0)

function badSeal(why: string): Result<never, DagFault> {
  return fail({ code: 'DAG_BAD_SEAL', why })
}

/** nonce ‖ XChaCha20-Poly1305(plaintext); `aad` is the header without `pay`. Never use a nonce twice under one key. */
export function sealGroup(key: Uint8Array, aad: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return concatBytes(nonce, xchacha20poly1305(key, nonce, aad).encrypt(plaintext))
}

export function openGroup(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Result<Uint8Array, DagFault> {
  const nonce = sealed.subarray(0, NONCE_BYTES)
  if (sealed.byteLength < GROUP_OVERHEAD_BYTES) return badSeal('it is shorter than a nonce and a tag')
  try {
    return ok(xchacha20poly1305(key, nonce, aad).decrypt(sealed.subarray(NONCE_BYTES)))
  } catch {
    return badSeal("it does not open under the group's key")
  }
}

/** Verifies a sealed payload piece by piece, in constant memory. */
export interface GroupVerifier {
  /** The next piece, of any length; not kept. */
  update(frame: Uint8Array): void
  /** Call once, at the end: whether the whole opens under the key. */
  finish(): boolean
}

/** The same answer as {@link openGroup}, without the plaintext. */
export function groupVerifier(key: Uint8Array, aad: Uint8Array): GroupVerifier {
  /**
   * Bytes not yet given to the authenticator: first the nonce until it is whole, then always the last 16, which may be
   * the tag.
   */
  let pending: Uint8Array = NOTHING
  let mac: ReturnType<typeof poly1305.create> | undefined
  let cipherBytes = 0
  return {
    update(frame) {
      pending = concatBytes(pending, frame)
      if (mac === undefined) {
        if (pending.byteLength < NONCE_BYTES) return
        mac = startMac(key, pending.subarray(0, NONCE_BYTES), aad)
        pending = pending.subarray(NONCE_BYTES)
      }
      const certain = pending.byteLength - TAG_BYTES
      if (certain <= 0) return
      mac.update(pending.subarray(0, certain))
      cipherBytes += certain
      pending = pending.slice(certain)
    },
    finish() {
      if (mac === undefined || pending.byteLength !== TAG_BYTES) return false
      mac.update(padding(cipherBytes))
      mac.update(lengths(aad.byteLength, cipherBytes))
      return constantTimeEqual(mac.digest(), pending)
    },
  }
}

/** RFC 8439: Poly1305 under the first 32 bytes of the key stream, over aad ‖ pad ‖ ciphertext ‖ pad ‖ both lengths. */
function startMac(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): ReturnType<typeof poly1305.create> {
  const mac = poly1305.create(xchacha20(key, nonce, new Uint8Array(KEY_BYTES)))
  return mac.update(aad).update(padding(aad.byteLength))
}

function padding(length: number): Uint8Array {
  return new Uint8Array((TAG_BYTES - (length % TAG_BYTES)) % TAG_BYTES)
}

function lengths(aadBytes: number, cipherBytes: number): Uint8Array {
  const block = new Uint8Array(TAG_BYTES)
  const view = new DataView(block.buffer)
  view.setBigUint64(0, BigInt(aadBytes), true)
  view.setBigUint64(8, BigInt(cipherBytes), true)
  return block
}

/** "expand 32-byte k", Salsa20's constant. */
const SIGMA = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574)

function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getUint32(4 * i, true))
}

/** The key of libsodium's `crypto_box`: HSalsa20 of the shared point under a nonce of zeros. */
function boxKey(secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const out = new Uint32Array(8)
  hsalsa(SIGMA, words(x25519.getSharedSecret(secret, publicKey)), new Uint32Array(4), out)
  const bytes = new Uint8Array(KEY_BYTES)
  const view = new DataView(bytes.buffer)
  out.forEach((word, i) => {
    view.setUint32(4 * i, word, true)
  })
  return bytes
}

function boxNonce(ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return blake2b(concatBytes(ephemeral, recipient), { dkLen: NONCE_BYTES })
}

/**
 * libsodium's `crypto_box_seal` to the owner's key converted to X25519. `ephemeralSecret`: 32 fresh random bytes. A
 * fault if the owner's key is not a point that can be sealed to.
 */
export function sealOwner(
  owner: AuthorKey,
  ephemeralSecret: Uint8Array,
  plaintext: Uint8Array,
): Result<Uint8Array, DagFault> {
  if (ephemeralSecret.byteLength !== KEY_BYTES) throw new Bug('an ephemeral key has 32 bytes')
  try {
    const recipient = ed25519.utils.toMontgomery(idBytes(owner))
    const ephemeral = x25519.getPublicKey(ephemeralSecret)
    const key = boxKey(ephemeralSecret, recipient)
    return ok(concatBytes(ephemeral, xsalsa20poly1305(key, boxNonce(ephemeral, recipient)).encrypt(plaintext)))
  } catch {
    return badSeal("the owner's key is no Ed25519 key that a payload can be sealed to")
  }
}

export function openOwner(pvt: PrivateKey, sealed: Uint8Array): Result<Uint8Array, DagFault> {
  if (sealed.byteLength < OWNER_OVERHEAD_BYTES) return badSeal('it is shorter than a key and a tag')
  const ephemeral = sealed.slice(0, KEY_BYTES)
  try {
    const recipient = ed25519.utils.toMontgomery(idBytes(pvt.author))
    const key = boxKey(ed25519.utils.toMontgomerySecret(pvt.seed), ephemeral)
    return ok(xsalsa20poly1305(key, boxNonce(ephemeral, recipient)).decrypt(sealed.subarray(KEY_BYTES)))
  } catch {
    return badSeal('it does not open with this private key')
  }
}

/** Key of the membership proof (spec §8); derived, so that a proof reveals nothing about payloads. */
export function memberKey(key: Uint8Array): Uint8Array {
  return hkdfSha256(key, 'freechains/member/1')
}

function gossipKey(key: Uint8Array): Uint8Array {
  return hkdfSha256(key, 'freechains/gossip/1')
}

/** nonce ‖ XChaCha20-Poly1305 of a gossip message of a group (spec §7). */
export function sealGossip(key: Uint8Array, nonce: Uint8Array, message: Uint8Array): Uint8Array {
  return sealGroup(gossipKey(key), NOTHING, nonce, message)
}

export function openGossip(key: Uint8Array, sealed: Uint8Array): Result<Uint8Array, DagFault> {
  return openGroup(gossipKey(key), NOTHING, sealed)
}

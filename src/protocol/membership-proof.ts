/**
 * Proof that a side of a sync stream holds a group's key (spec §8): HMAC-SHA256 under HKDF(key, info
 * "freechains/member/1"). It covers the role, both nonces and both peer ids, so it is valid for one side of one stream
 * only.
 */
import { constantTimeEqual, hmacSha256 } from '../dag/crypto.ts'
import { memberKey } from '../dag/seal.ts'
import { PROOF_BYTES } from './sync-limits.ts'
import type { Role } from './messages.ts'

/** What both sides know of their stream. Peer ids are the bytes of their multihash. */
export interface Handshake {
  readonly requesterNonce: Uint8Array
  readonly responderNonce: Uint8Array
  readonly requesterPeer: Uint8Array
  readonly responderPeer: Uint8Array
}

/** What a proof is made from or checked against: the group's key, and the stream. */
export interface Membership {
  /** 32 bytes, secret. */
  readonly key: Uint8Array
  readonly handshake: Handshake
}

const LENGTH_BYTES = 4

/** Checked when no proof was sent. */
const NO_PROOF = new Uint8Array(PROOF_BYTES)

/** Each part after its length (unsigned 32-bit, big endian), so that no two lists of parts give the same bytes. */
function lengthPrefixed(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + LENGTH_BYTES + part.byteLength, 0))
  const lengths = new DataView(bytes.buffer)
  let at = 0
  for (const part of parts) {
    lengths.setUint32(at, part.byteLength)
    bytes.set(part, at + LENGTH_BYTES)
    at += LENGTH_BYTES + part.byteLength
  }
  return bytes
}

/** The proof sent by the side in `role`: the requester in `open`, the responder in `opened`. */
export function proofFor({ key, handshake }: Membership, role: Role): Uint8Array {
  const { requesterNonce, responderNonce, requesterPeer, responderPeer } = handshake
  const parts = [new TextEncoder().encode(role), requesterNonce, responderNonce, requesterPeer, responderPeer]
  return hmacSha256(memberKey(key), lengthPrefixed(parts))
}

/** Whether `proof` is right for the side in `role`. Takes the same time for a wrong one and a missing one. */
export function proofHolds(proof: Uint8Array | undefined, membership: Membership, role: Role): boolean {
  return constantTimeEqual(proof ?? NO_PROOF, proofFor(membership, role))
}

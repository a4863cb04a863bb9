import { createHmac, hkdfSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { proofFor, proofHolds } from '../../../src/protocol/membership-proof.ts'
import { HANDSHAKE } from '../../support/sync-sim.ts'

const key = new Uint8Array(32).fill(9)
const membership = { key, handshake: HANDSHAKE }

test('a proof is an HMAC-SHA256 under HKDF(key, "freechains/member/1") over length-prefixed parts', () => {
  const part = (bytes: Uint8Array): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.byteLength)
    return Buffer.concat([length, bytes])
  }
  const { requesterNonce, responderNonce, requesterPeer, responderPeer } = HANDSHAKE
  const parts = [Buffer.from('requester'), requesterNonce, responderNonce, requesterPeer, responderPeer]
  const derived = Buffer.from(hkdfSync('sha256', key, '', 'freechains/member/1', 32))
  const expected = createHmac('sha256', derived)
    .update(Buffer.concat(parts.map(part)))
    .digest()
  expect(Buffer.from(proofFor(membership, 'requester'))).toEqual(expected)
})

test('a proof holds for one side of one stream under one key', () => {
  const proof = proofFor(membership, 'requester')
  expect(proofHolds(proof, membership, 'requester')).toBe(true)
  expect(proofHolds(proof, membership, 'responder')).toBe(false)
  expect(proofHolds(proof, { ...membership, key: new Uint8Array(32) }, 'requester')).toBe(false)
  expect(proofHolds(undefined, membership, 'requester')).toBe(false)
  expect(proofHolds(proof.subarray(1), membership, 'requester')).toBe(false)
  for (const name of ['requesterNonce', 'responderNonce', 'requesterPeer', 'responderPeer'] as const) {
    const handshake = { ...HANDSHAKE, [name]: Uint8Array.of(7, 7, 7) }
    expect(proofHolds(proof, { key, handshake }, 'requester')).toBe(false)
  }
})

test('what stands in one part cannot be moved to the next', () => {
  const moved = { ...HANDSHAKE, requesterPeer: Uint8Array.of(0, 1), responderPeer: Uint8Array.of(1, 0, 1, 2) }
  expect(proofHolds(proofFor(membership, 'requester'), { key, handshake: moved }, 'requester')).toBe(false)
})

import { encode } from '@ipld/dag-cbor'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/dag/crypto.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { sealGossip } from '../../../src/dag/seal.ts'
import {
  decodeAnnouncement,
  encodeAnnouncement,
  openAnnouncement,
  sealAnnouncement,
} from '../../../src/protocol/gossip-codec.ts'
import { ANNOUNCE_HEADS, ANNOUNCEMENT_BYTES, RIDING_BLOCK_BYTES } from '../../../src/protocol/gossip-limits.ts'
import { HELD_SLOTS } from '../../../src/protocol/intake-limits.ts'
import type { Announcement } from '../../../src/protocol/messages.ts'
import { must } from '../../support/blocks.ts'
import { checkProperty } from '../../support/property.ts'

const named = (name: string): Uint8Array => sha256(new TextEncoder().encode(name))
const nonce = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)
const key = new Uint8Array(32).fill(9)
const sealNonce = new Uint8Array(24).fill(5)

/** The largest one there is: 16 heads and a riding block of 16 KiB. */
const largest: Announcement = {
  v: 1,
  nonce,
  heads: Array.from({ length: ANNOUNCE_HEADS }, (_, n) => blockId(named(String(n)))),
  block: {
    headerBytes: new Uint8Array(4096),
    signature: new Uint8Array(64),
    payload: new Uint8Array(RIDING_BLOCK_BYTES - 4096),
  },
}

describe('encode and decode', () => {
  test('are inverse, sealed or not, up to the largest there is', () => {
    const { block, ...hint } = largest
    const unsigned = { ...hint, block: { headerBytes: Uint8Array.of(1), payload: new Uint8Array(0) } }
    const waiting = [0, HELD_SLOTS].map((count) => ({ v: 1, nonce, waiting: count }) as const)
    for (const announcement of [largest, hint, unsigned, ...waiting]) {
      expect(must(decodeAnnouncement(encodeAnnouncement(announcement)))).toEqual(announcement)
      expect(must(openAnnouncement(sealAnnouncement(announcement, key, sealNonce), key))).toEqual(announcement)
    }
    expect(block?.headerBytes.byteLength).toBe(4096)
    expect(sealAnnouncement(largest, key, sealNonce).byteLength).toBeLessThanOrEqual(ANNOUNCEMENT_BYTES)
  })

  test('decoding never throws, whatever the bytes', () => {
    const valid = encodeAnnouncement(largest).subarray(0, 2000)
    const torn = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1 }).map((edits) => {
      const copy = Uint8Array.from(valid)
      for (const [at, value] of edits) copy[at % 800] = value
      return copy
    })
    checkProperty(
      'announcement-never-throws',
      fc.property(fc.oneof(fc.uint8Array(), torn), (bytes) => {
        expect(decodeAnnouncement(bytes).ok).toBe(false)
        expect(openAnnouncement(bytes, key)).toMatchObject({ fault: { code: 'GOSSIP_NOT_A_MEMBER' } })
      }),
    )
  })
})

describe('what is refused', () => {
  const cid = (code: number, hash = 0x12): CID => CID.createV1(code, Digest.create(hash, named('a')))
  const right = { v: 1, nonce, heads: [cid(0x71)] }
  const riding = [new Uint8Array(4096), null, new Uint8Array(RIDING_BLOCK_BYTES - 4095)]

  test.each<[string, unknown]>([
    ['no heads', { ...right, heads: [] }],
    [
      '17 heads',
      {
        ...right,
        heads: Array.from({ length: 17 }, (_, n) => CID.createV1(0x71, Digest.create(0x12, named(String(n))))),
      },
    ],
    ['a head twice', { ...right, heads: [cid(0x71), cid(0x71)] }],
    ['a head that is no block', { ...right, heads: [cid(0x55)] }],
    ['a head of another hash', { ...right, heads: [cid(0x71, 0x1e)] }],
    ['a head as bytes', { ...right, heads: [named('a')] }],
    ['a short nonce', { ...right, nonce: new Uint8Array(7) }],
    ['another version', { ...right, v: 2 }],
    ['more waiting posts than are held', { v: 1, nonce, waiting: HELD_SLOTS + 1 }],
    ['waiting posts and heads in one', { ...right, waiting: 1 }],
    ['an unknown field', { ...right, from: 'me' }],
    ['a riding block over 16 KiB', { ...right, block: riding }],
    ['a riding block without a place for the signature', { ...right, block: [new Uint8Array(1), new Uint8Array(1)] }],
  ])('%s: WIRE_MALFORMED', (_, wire) => {
    expect(decodeAnnouncement(encode(right)).ok).toBe(true)
    expect(decodeAnnouncement(encode(wire))).toMatchObject({ fault: { code: 'WIRE_MALFORMED' } })
  })

  test('what is not canonical, sealed or not: WIRE_MALFORMED', () => {
    const right = encodeAnnouncement({ v: 1, nonce, waiting: 1 })
    // A map of three in two bytes where one does, and everything else as it was.
    const longer = Uint8Array.of(0xb8, 0x03, ...right.subarray(1))
    expect(right[0]).toBe(0xa3)
    expect(decodeAnnouncement(longer)).toMatchObject({ fault: { code: 'WIRE_MALFORMED' } })
    expect(openAnnouncement(sealGossip(key, sealNonce, longer), key)).toMatchObject({
      fault: { code: 'WIRE_MALFORMED' },
    })
  })

  test('too many bytes, before any is opened or read: WIRE_TOO_LARGE', () => {
    const bytes = new Uint8Array(ANNOUNCEMENT_BYTES + 1)
    const fault = { code: 'WIRE_TOO_LARGE', bytes: ANNOUNCEMENT_BYTES + 1, limit: ANNOUNCEMENT_BYTES }
    expect(decodeAnnouncement(bytes)).toEqual({ ok: false, fault })
    expect(openAnnouncement(bytes, key)).toEqual({ ok: false, fault })
  })

  test('what another key sealed: GOSSIP_NOT_A_MEMBER', () => {
    const sealed = sealAnnouncement(largest, new Uint8Array(32), sealNonce)
    expect(openAnnouncement(sealed, key)).toEqual({ ok: false, fault: { code: 'GOSSIP_NOT_A_MEMBER' } })
  })
})

/** Fixed examples; these bytes never change. */
test('vectors', () => {
  const heads = [blockId(named('2'))]
  const block = { headerBytes: Uint8Array.of(0xa0), payload: Uint8Array.of(1, 2) }
  const sealed = sealAnnouncement({ v: 1, nonce, heads }, key, sealNonce)
  expect({
    hint: bytesToHex(encodeAnnouncement({ v: 1, nonce, heads })),
    waiting: bytesToHex(encodeAnnouncement({ v: 1, nonce, waiting: 3 })),
    riding: bytesToHex(encodeAnnouncement({ v: 1, nonce, heads, block })),
    sealed: bytesToHex(sealed),
  }).toMatchInlineSnapshot(`
    {
      "hint": "a361760165686561647381d82a58250001711220d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35656e6f6e6365480001020304050607",
      "riding": "a461760165626c6f636b8341a0f642010265686561647381d82a58250001711220d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35656e6f6e6365480001020304050607",
      "sealed": "050505050505050505050505050505050505050505050505340b4a10f5af1fb15bf62382180901d4163a830c2eb351596264e6b764309e6fc758d3e0c95f267d05d5d24936d1a74cf0f26b6022d5ca531b14f5c5c3566b34d87d19babf29736e9696494fa3e1ac1be08186",
      "waiting": "a3617601656e6f6e63654800010203040506076777616974696e6703",
    }
  `)
})

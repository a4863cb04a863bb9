/** Each bound that blocks and chains themselves obey (spec §2, §3): at the bound all is well, one over is refused. */
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import { checkStructure } from '../../../src/dag/block.ts'
import { chainOf, type Chain } from '../../../src/dag/chain.ts'
import { decodeHeader } from '../../../src/dag/codec.ts'
import { publicKeyOf, sha256 } from '../../../src/dag/crypto.ts'
import type { Header, Seal } from '../../../src/dag/header.ts'
import { GROUP_OVERHEAD_BYTES, OWNER_OVERHEAD_BYTES } from '../../../src/dag/seal.ts'
import {
  KEY_BYTES,
  MAX_BACKS,
  MAX_FILE_NAME_BYTES,
  MAX_HEADER_BYTES,
  MAX_MEDIA_TYPE_CHARS,
  MAX_NAME_CHARS,
  MAX_PAYLOAD_GUEST_BYTES,
  MAX_PAYLOAD_OWNER_BYTES,
  MAX_PIONEERS,
  MAX_REASON_BYTES,
} from '../../../src/dag/block-limits.ts'
import { author, bytes, chain, like, post } from '../../support/blocks.ts'

const OWNER = author(1)
const GUEST = author(2)

/** A header that says its payload has so many bytes, on a chain where that is all that may be wrong. */
function ofSize(on: Chain, size: number, by = OWNER): Header {
  const { header } = post(on, { author: by }).block
  return { ...header, pay: { ...header.pay, size } }
}

describe('payloads', () => {
  const forum = chain('#forum')
  const identity = chain(`@${OWNER.author}`)
  const group = chain('$group', '09'.repeat(32))

  test.each<[string, Chain, typeof OWNER, number]>([
    ['in a forum', forum, OWNER, MAX_PAYLOAD_GUEST_BYTES],
    ['of a guest at an owner’s', identity, GUEST, MAX_PAYLOAD_GUEST_BYTES],
    ['of an owner', identity, OWNER, MAX_PAYLOAD_OWNER_BYTES],
    ['in a group', group, GUEST, MAX_PAYLOAD_OWNER_BYTES],
  ])('%s', (_where, on, by, limit) => {
    expect(checkStructure(on, ofSize(on, limit, by))).toMatchObject({ ok: true })
    expect(checkStructure(on, ofSize(on, limit + 1, by))).toEqual({
      ok: false,
      fault: { code: 'DAG_PAYLOAD_TOO_LARGE', bytes: limit + 1, limit, seal: on === group ? 40 : 0 },
    })
  })
})

describe('the reason of a vote, whatever a seal adds to it', () => {
  const forum = chain('#forum')
  const identity = chain(`@${OWNER.author}`)
  const group = chain('$group', '09'.repeat(32))

  test.each<[string, Chain, Seal, number]>([
    ['in a forum', forum, 'none', 0],
    ['of the owner', identity, 'none', 0],
    ['sealed to the owner', identity, 'owner', OWNER_OVERHEAD_BYTES],
    ['in a group', group, 'group', GROUP_OVERHEAD_BYTES],
  ])('%s', (_where, on, seal, overhead) => {
    for (const n of [1, -1] as const) {
      const target = post(on, { author: 2 }).block
      const { header } = like(on, n, target, { author: 1, backs: [target] }).block
      const ofReason = (bytes: number): Header => ({ ...header, pay: { ...header.pay, seal, size: bytes + overhead } })
      expect(checkStructure(on, ofReason(MAX_REASON_BYTES))).toMatchObject({ ok: true })
      expect(checkStructure(on, ofReason(MAX_REASON_BYTES + 1))).toEqual({
        ok: false,
        fault: { code: 'DAG_REASON_TOO_LONG', bytes: MAX_REASON_BYTES + 1, limit: MAX_REASON_BYTES },
      })
    }
  })

  test('a post may have more', () => {
    expect(checkStructure(forum, ofSize(forum, MAX_REASON_BYTES + 1))).toMatchObject({ ok: true })
  })
})

test('a header is looked at up to the bound, and not beyond', () => {
  expect(decodeHeader(new Uint8Array(MAX_HEADER_BYTES))).toMatchObject({ fault: { code: 'DAG_BAD_HEADER' } })
  expect(decodeHeader(new Uint8Array(MAX_HEADER_BYTES + 1))).toMatchObject({ fault: { code: 'DAG_HEADER_TOO_LARGE' } })
})

test('a block has as many backs as the bound, and not one more', () => {
  const cids = Array.from({ length: MAX_BACKS + 1 }, (_, n) => sha256(bytes(String(n))))
    .sort((a, b) => Buffer.compare(a, b))
    .map((digest) => CID.createV1(0x71, Digest.create(0x12, digest)))
  const pay = { cid: CID.createV1(0x55, Digest.create(0x12, sha256(bytes('')))), size: 0, seal: 'none' }
  const withBacks = (count: number): unknown =>
    decodeHeader(encode({ v: 1, height: 2, time: 1, backs: cids.slice(0, count), pay }))
  expect(withBacks(MAX_BACKS)).toMatchObject({ ok: true })
  expect(withBacks(MAX_BACKS + 1)).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_HEADER' } })
})

test('a type and a name have as many bytes as the bounds, and not one more', () => {
  const cid = CID.createV1(0x55, Digest.create(0x12, sha256(bytes(''))))
  const back = CID.createV1(0x71, Digest.create(0x12, sha256(bytes('back'))))
  const labelled = (label: object): unknown =>
    decodeHeader(encode({ v: 1, height: 2, time: 1, backs: [back], pay: { cid, size: 0, seal: 'none', ...label } }))
  const type = (length: number): object => ({ type: `text/${'x'.repeat(length - 5)}` })
  expect(labelled(type(MAX_MEDIA_TYPE_CHARS))).toMatchObject({ ok: true })
  expect(labelled(type(MAX_MEDIA_TYPE_CHARS + 1))).toMatchObject({ fault: { code: 'DAG_BAD_HEADER' } })
  expect(labelled({ name: 'n'.repeat(MAX_FILE_NAME_BYTES) })).toMatchObject({ ok: true })
  expect(labelled({ name: 'n'.repeat(MAX_FILE_NAME_BYTES + 1) })).toMatchObject({ fault: { code: 'DAG_BAD_HEADER' } })
  // 255 bytes in 128 characters, then 256 in as many.
  expect(labelled({ name: `n${'á'.repeat(127)}` })).toMatchObject({ ok: true })
  expect(labelled({ name: 'á'.repeat(128) })).toMatchObject({ fault: { code: 'DAG_BAD_HEADER' } })
})

test('a chain has as many pioneers, and as long a name, as the bounds, and not one more', () => {
  const pioneers = Array.from({ length: MAX_PIONEERS + 1 }, (_, n) => author(n).author)
  expect(chainOf('#pioneers', pioneers.slice(1))).toMatchObject({ ok: true })
  expect(chainOf('#pioneers', pioneers)).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_KEY' } })
  expect(chainOf(`#${'n'.repeat(MAX_NAME_CHARS)}`, [])).toMatchObject({ ok: true })
  const fault = { code: 'DAG_BAD_CHAIN_NAME' }
  expect(chainOf(`#${'n'.repeat(MAX_NAME_CHARS + 1)}`, [])).toMatchObject({ ok: false, fault })
  // Code points, of which these take two units and four bytes each.
  expect(chainOf(`#${'𐐀'.repeat(MAX_NAME_CHARS)}`, [])).toMatchObject({ ok: true })
  expect(chainOf(`#${'𐐀'.repeat(MAX_NAME_CHARS + 1)}`, [])).toMatchObject({ ok: false, fault })
})

test('a key has as many bytes as the bound, and not one more', () => {
  expect(chainOf('$keys', ['09'.repeat(KEY_BYTES)])).toMatchObject({ ok: true })
  expect(chainOf('$keys', ['09'.repeat(KEY_BYTES + 1)])).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_KEY' } })
  expect(publicKeyOf(new Uint8Array(KEY_BYTES))).toHaveLength(2 * KEY_BYTES)
  expect(() => publicKeyOf(new Uint8Array(KEY_BYTES + 1))).toThrow(/32 bytes/)
})

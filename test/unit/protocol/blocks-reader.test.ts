import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBlocksReply } from '../../../src/protocol/blocks-reader.ts'
import { encodeBlocks, type BlocksReply } from '../../../src/protocol/blocks-writer.ts'
import { GET_IDS, INLINE_PAYLOAD_BYTES, MAX_REQUEST_ID } from '../../../src/protocol/sync-limits.ts'
import type { WireBlock } from '../../../src/protocol/messages.ts'
import { MAX_HEADER_BYTES } from '../../../src/dag/block-limits.ts'
import { edited, edits } from '../../support/edits.ts'
import { checkProperty } from '../../support/property.ts'

const REMOTE = ['frames', 'hidden', 'absent'] as const

const wireBlocks: fc.Arbitrary<WireBlock> = fc
  .record({
    headerBytes: fc.uint8Array({ minLength: 0, maxLength: 300 }),
    signature: fc.option(fc.uint8Array({ minLength: 64, maxLength: 64 }), { nil: undefined }),
    payload: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...REMOTE)),
  })
  .map(({ payload, ...signed }) =>
    typeof payload === 'string'
      ? { ...signed, state: payload, payload: undefined }
      : { ...signed, state: 'inline' as const, payload },
  )

const replies: fc.Arbitrary<BlocksReply> = fc
  .record({
    id: fc.oneof(fc.nat(30), fc.nat(MAX_REQUEST_ID)),
    blocks: fc.array(wireBlocks, { maxLength: 6 }),
    more: fc.oneof(fc.nat(3), fc.nat(GET_IDS - 6)),
  })
  .map(({ id, blocks, more }) => ({ t: 'blocks', id, asked: blocks.length + more, blocks }))

/** What the library reads of bytes and spells the same way; with these limits, looked at one by one. */
function byLibrary(bytes: Uint8Array): BlocksReply | undefined {
  try {
    const value = decode<Record<string, unknown>>(bytes)
    if (Buffer.compare(encode(value), bytes) !== 0) return undefined
    const { t, id, asked, blocks, ...rest } = value
    const isWhole = (n: unknown, most: number): n is number =>
      Number.isInteger(n) && Number(n) >= 0 && Number(n) <= most
    if (t !== 'blocks' || Object.keys(rest).length > 0 || !isWhole(id, MAX_REQUEST_ID)) return undefined
    if (!isWhole(asked, GET_IDS) || !Array.isArray(blocks) || blocks.length > asked) return undefined
    const read = blocks.map(wireBlockOf)
    return read.includes(undefined) ? undefined : { t, id, asked, blocks: read as WireBlock[] }
  } catch {
    return undefined
  }
}

function wireBlockOf(value: unknown): WireBlock | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const [headerBytes, signature, payload] = value as unknown[]
  if (!(headerBytes instanceof Uint8Array) || headerBytes.byteLength > MAX_HEADER_BYTES) return undefined
  const isSigned = signature instanceof Uint8Array && signature.byteLength === 64
  if (signature !== null && !isSigned) return undefined
  const signed = { headerBytes, signature: isSigned ? signature : undefined }
  const state = REMOTE.find((known) => known === payload)
  if (state !== undefined) return { ...signed, state, payload: undefined }
  const isInline = payload instanceof Uint8Array && payload.byteLength <= INLINE_PAYLOAD_BYTES
  return isInline ? { ...signed, state: 'inline', payload } : undefined
}

describe('§8 the fast reader of replies with blocks', () => {
  test('it takes every reply that is spelt as it should be, and reads what was spelt', () => {
    checkProperty(
      'blocks-reader-takes-replies',
      fc.property(replies, (reply) => {
        expect(readBlocksReply(encodeBlocks(reply))).toEqual(reply)
      }),
      { numRuns: 500 },
    )
  })

  test('it takes what the library reads and spells the same way, and nothing else', () => {
    checkProperty(
      'blocks-reader-as-the-library',
      fc.property(replies, edits, (reply, list) => {
        const bytes = edited(encodeBlocks(reply), list)
        expect(readBlocksReply(bytes)).toEqual(byLibrary(bytes))
      }),
      { numRuns: 4000 },
    )
  })

  test.each([
    ['a header', MAX_HEADER_BYTES, (bytes: Uint8Array) => [bytes, null, 'absent']],
    ['a payload', INLINE_PAYLOAD_BYTES, (bytes: Uint8Array) => [new Uint8Array(1), null, bytes]],
    ['a signature', 64, (bytes: Uint8Array) => [new Uint8Array(1), bytes, 'absent']],
  ])('it takes %s of %i bytes, and none that is one longer', (_what, most, block) => {
    const of = (size: number): Uint8Array =>
      encode({ t: 'blocks', id: 1, asked: 1, blocks: [block(new Uint8Array(size))] })
    expect(readBlocksReply(of(most))?.blocks).toHaveLength(1)
    expect(readBlocksReply(of(most + 1))).toBeUndefined()
  })

  test.each([0, 63, 65])('it takes no signature of %i bytes', (size) => {
    const block = [new Uint8Array(1), new Uint8Array(size), 'absent']
    expect(readBlocksReply(encode({ t: 'blocks', id: 1, asked: 1, blocks: [block] }))).toBeUndefined()
  })

  test('it takes no more blocks than are settled, and settles no more than may be asked for', () => {
    const of = (asked: number): Uint8Array =>
      encode({ t: 'blocks', id: 1, asked, blocks: [[new Uint8Array(1), null, 'absent']] })
    expect([0, 1, GET_IDS, GET_IDS + 1].map((asked) => readBlocksReply(of(asked)) !== undefined)).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  test('what it reads of a block keeps no more than that block', () => {
    const blocks = Array.from({ length: 40 }, (_, n): WireBlock => ({
      headerBytes: new Uint8Array(200).fill(n),
      state: 'inline',
      payload: new Uint8Array(50),
    }))
    const reply = readBlocksReply(Buffer.from(encodeBlocks({ t: 'blocks', id: 1, asked: 40, blocks })))
    const kept = reply?.blocks.map(({ headerBytes, payload }) =>
      [headerBytes, payload].map((part) => part?.buffer.byteLength),
    )
    expect(kept?.flat().every((bytes) => bytes !== undefined && bytes < 300)).toBe(true)
  })
})

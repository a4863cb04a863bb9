import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_PAYLOAD_OWNER_BYTES } from '../../../src/dag/block-limits.ts'
import { FRAME_BYTES } from '../../../src/dag/store.ts'
import { decodeReply, encodeReply, encodeReplyParts } from '../../../src/protocol/codec.ts'
import { frameParts, readFrameReply, type FrameReply } from '../../../src/protocol/frame-reply.ts'
import { MAX_REQUEST_ID } from '../../../src/protocol/sync-limits.ts'
import { must } from '../../support/blocks.ts'
import { checkProperty } from '../../support/property.ts'

const edges = [0, 23, 24, 255, 256, 65_535, 65_536]
const replies: fc.Arbitrary<FrameReply> = fc.record({
  t: fc.constant('frame' as const),
  id: fc.oneof(fc.constantFrom(...edges, MAX_REQUEST_ID), fc.nat(MAX_REQUEST_ID)),
  offset: fc.oneof(fc.constantFrom(...edges, MAX_PAYLOAD_OWNER_BYTES), fc.nat(MAX_PAYLOAD_OWNER_BYTES)),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(...edges, FRAME_BYTES).map((length) => new Uint8Array(length)),
  ),
})

const edits = fc.array(
  fc.record({ at: fc.nat(70), kind: fc.constantFrom('change', 'remove', 'insert'), byte: fc.nat(255) }),
  { minLength: 1, maxLength: 3 },
)

function edited(bytes: Uint8Array, list: readonly { at: number; kind: string; byte: number }[]): Uint8Array {
  const all = [...bytes]
  for (const { at, kind, byte } of list) {
    const where = at % (all.length + 1)
    if (kind === 'change') all[where] = byte
    else if (kind === 'remove') all.splice(where, 1)
    else all.splice(where, 0, byte)
  }
  return Uint8Array.from(all)
}

describe('a frame reply, by hand', () => {
  test('is spelt as the library spells it, and read back; its frame is not copied, either way', () => {
    checkProperty(
      'frame-reply-round-trip',
      fc.property(replies, (reply) => {
        const [, content] = frameParts(reply)
        expect(content).toBe(reply.bytes)
        expect(encodeReplyParts(reply)[1]).toBe(reply.bytes)
        const whole = encodeReply(reply)
        expect(Buffer.compare(whole, dagCbor.encode(reply))).toBe(0)
        const read = must(decodeReply(whole)) as FrameReply
        expect({ ...read, bytes: Buffer.compare(read.bytes, reply.bytes) }).toEqual({ ...reply, bytes: 0 })
        expect(read.bytes.buffer).toBe(whole.buffer)
      }),
    )
  })

  test('what it says yes to is what the library reads and spells the same way', () => {
    checkProperty(
      'frame-reply-as-the-library',
      fc.property(replies, edits, (reply, list) => {
        const bytes = edited(encodeReply({ ...reply, bytes: reply.bytes.subarray(0, 40) }), list)
        const read = readFrameReply(bytes)
        if (read === undefined) return
        expect(dagCbor.decode(bytes)).toEqual(read)
        expect(Buffer.compare(bytes, dagCbor.encode(read))).toBe(0)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['an id', { id: MAX_REQUEST_ID + 1 }],
    ['an offset', { offset: MAX_PAYLOAD_OWNER_BYTES + 1 }],
    ['a length', { bytes: new Uint8Array(FRAME_BYTES + 1) }],
  ])('%s beyond its bound is left to the library, which says what is wrong', (_what, beyond) => {
    const bytes = dagCbor.encode({ t: 'frame', id: 1, offset: 0, bytes: new Uint8Array(3), ...beyond })
    expect(readFrameReply(bytes)).toBeUndefined()
    expect(decodeReply(bytes)).toMatchObject({ ok: false, fault: { code: 'WIRE_MALFORMED' } })
  })
})

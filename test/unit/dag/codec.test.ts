import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import {
  blockIdOfCid,
  cidOfBlock,
  cidTextOfPayload,
  decodeHeader,
  encodeAad,
  encodeHeader,
  headerDigest,
} from '../../../src/dag/codec.ts'
import { Bug } from '../../../src/dag/result.ts'
import { blockId, idBytes, payloadId } from '../../../src/dag/ids.ts'
import { must } from '../../support/blocks.ts'
import { headers, isHeader } from '../../support/headers.ts'
import { checkProperty } from '../../support/property.ts'

/** A header as the library knows it, with anything a test wants to have wrong. */
function raw(changes: Record<string, unknown> = {}): Uint8Array {
  const digest = new Uint8Array(32).fill(7)
  const fields: Record<string, unknown> = {
    v: 1,
    height: 2,
    time: 1_700_000_000_000,
    backs: [link(0x71, digest)],
    pay: { cid: link(0x55, digest), size: 3, seal: 'none' },
    ...changes,
  }
  for (const key of Object.keys(fields)) if (fields[key] === undefined) Reflect.deleteProperty(fields, key)
  return dagCbor.encode(fields)
}

function link(codec: number, digest: Uint8Array): CID {
  return CID.createV1(codec, Digest.create(0x12, digest))
}

describe('§3 one encoding per header', () => {
  test('decode gives back what encode was given, and encode what decode was given', () => {
    checkProperty(
      'header-round-trip',
      fc.property(headers, (header) => {
        const bytes = encodeHeader(header)
        expect(must(decodeHeader(bytes))).toEqual(header)
        expect(isHeader(bytes)).toBe(true)
      }),
    )
  })

  test('a view with an offset decodes like bytes of their own', () => {
    const bytes = raw()
    const wide = new Uint8Array(bytes.length + 20).fill(0xff)
    wide.set(bytes, 9)
    expect(decodeHeader(wide.subarray(9, 9 + bytes.length))).toEqual(decodeHeader(bytes))
  })

  test('any change of a single byte is refused or makes another id, and the slow twin agrees', () => {
    checkProperty(
      'header-changed-byte',
      fc.property(headers, fc.nat(), fc.integer({ min: 1, max: 255 }), (header, where, change) => {
        const bytes = encodeHeader(header)
        const mutated = Uint8Array.from(bytes)
        const at = where % bytes.length
        mutated[at] = (bytes[at] ?? 0) ^ change
        const decoded = decodeHeader(mutated)
        expect(decoded.ok).toBe(isHeader(mutated))
        if (decoded.ok) expect(headerDigest(mutated)).not.toBe(headerDigest(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  test('headers that are cut or continued are refused', () => {
    const bytes = raw({ author: new Uint8Array(32) })
    for (let length = 0; length < bytes.length; length++) expect(decodeHeader(bytes.subarray(0, length)).ok).toBe(false)
    expect(decodeHeader(Uint8Array.of(...bytes, 0)).ok).toBe(false)
  })

  test('no bytes whatever make it throw', () => {
    checkProperty(
      'header-any-bytes',
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeHeader(bytes).ok).toBe(isHeader(bytes))
      }),
    )
  })
})

describe('§3 what is no header', () => {
  const digest = new Uint8Array(32).fill(7)
  const backs = (count: number): CID[] =>
    Array.from({ length: count }, (_, n) => link(0x71, new Uint8Array(32).fill(n + 1)))
  const pay = (changes: Record<string, unknown>): unknown => ({
    cid: link(0x55, digest),
    size: 3,
    seal: 'none',
    ...changes,
  })

  test('the base of these cases is one', () => {
    expect(decodeHeader(raw()).ok).toBe(true)
    expect(decodeHeader(raw({ backs: backs(16) })).ok).toBe(true)
  })

  test.each<[string, Record<string, unknown>]>([
    ['another version', { v: 2 }],
    ['a missing field', { time: undefined }],
    ['an unknown field', { zzz: 1 }],
    ['an unknown field that sorts first', { a: 1 }],
    ['height 0', { height: 0 }],
    ['a negative time', { time: -1 }],
    ['a fractional time', { time: 0.5 }],
    ['a time of 2^53', { time: BigInt(2 ** 53) }],
    ['a text for a time', { time: '1' }],
    ['no backs', { backs: [] }],
    ['17 backs', { backs: backs(17) }],
    ['descending backs', { backs: backs(2).reverse() }],
    ['a back twice', { backs: [link(0x71, digest), link(0x71, digest)] }],
    ['a back to raw bytes', { backs: [link(0x55, digest)] }],
    ['a back with another hash', { backs: [CID.createV1(0x71, Digest.create(0x16, digest))] }],
    ['a CID v0', { backs: [CID.createV0(Digest.create(0x12, digest))] }],
    ['bytes for a back', { backs: [digest] }],
    ['an author of 31 bytes', { author: digest.subarray(1) }],
    ['an author that is null', { author: null }],
    ['a payload that is no raw bytes', { pay: pay({ cid: link(0x71, digest) }) }],
    ['an unknown seal', { pay: pay({ seal: 'both' }) }],
    ['a size of -1', { pay: pay({ size: -1 }) }],
    ['an unknown field of pay', { pay: pay({ more: 1 }) }],
    ['a like of 2', { like: { n: 2, target: link(0x71, digest) } }],
    ['a like of 0', { like: { n: 0, target: link(0x71, digest) } }],
    ['a like of nothing', { like: { n: 1 } }],
    ['a like that is null', { like: null }],
    ['an answer to raw bytes', { re: link(0x55, digest) }],
    ['an answer that is null', { re: null }],
    ['an answer to two posts', { re: backs(2) }],
    ['a type in upper case', { pay: pay({ type: 'text/Plain' }) }],
    ['a type without a subtype', { pay: pay({ type: 'text' }) }],
    ['a type with nothing behind its slash', { pay: pay({ type: 'text/' }) }],
    ['a type with two slashes', { pay: pay({ type: 'a/b/c' }) }],
    ['a type with parameters', { pay: pay({ type: 'text/plain; charset=utf-8' }) }],
    ['a type that begins with a dot', { pay: pay({ type: '.a/b' }) }],
    ['a type beyond ASCII', { pay: pay({ type: 'text/olá' }) }],
    ['a type that is empty', { pay: pay({ type: '' }) }],
    ['a type with a line end', { pay: pay({ type: 'text/plain\n' }) }],
    ['a type that is bytes', { pay: pay({ type: digest }) }],
    ['a name that is empty', { pay: pay({ name: '' }) }],
    ['a name with a slash', { pay: pay({ name: 'a/b' }) }],
    ['a name with a backslash', { pay: pay({ name: 'a\\b' }) }],
    ['a name with a line end', { pay: pay({ name: 'a\n' }) }],
    ['a name with a zero', { pay: pay({ name: '\0' }) }],
    ['a name with a control character of Latin 1', { pay: pay({ name: 'a\u0085' }) }],
    ['a name that is null', { pay: pay({ name: null }) }],
  ])('%s', (_title, changes) => {
    const bytes = raw(changes)
    expect(decodeHeader(bytes)).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_HEADER' } })
    expect(isHeader(bytes)).toBe(false)
  })

  test('more than 4 KiB, before anything is read', () => {
    const fault = { code: 'DAG_HEADER_TOO_LARGE', bytes: 4097 }
    expect(decodeHeader(new Uint8Array(4097))).toEqual({ ok: false, fault })
    expect(decodeHeader(new Uint8Array(4096))).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_HEADER' } })
  })

  test('we do not make what nobody would read: that is a defect', () => {
    const header = must(decodeHeader(raw({ backs: backs(2) })))
    for (const wrong of [
      { backs: [] },
      { backs: [...header.backs].reverse() },
      { height: 0 },
      { time: -1 },
      { time: 0.5 },
      { pay: { ...header.pay, type: 'TEXT/PLAIN' } },
      { pay: { ...header.pay, name: 'a/b' } },
      { pay: { ...header.pay, name: '\ud800' } },
    ]) {
      expect(() => encodeHeader({ ...header, ...wrong })).toThrow(Bug)
    }
    expect(Buffer.from(encodeHeader(header)).equals(raw({ backs: backs(2) }))).toBe(true)
  })
})

test('§3 associated data is the header with nothing but type and name in its pay, and without pay if it has neither', () => {
  checkProperty(
    'aad-is-header-without-pay',
    fc.property(headers, (header) => {
      const { pay: _pay, ...fields } = dagCbor.decode<Record<string, unknown>>(encodeHeader(header))
      const { id: _id, size: _size, seal: _seal, ...label } = header.pay
      const bound = Object.keys(label).length === 0 ? fields : { ...fields, pay: label }
      expect(Buffer.from(encodeAad(header)).equals(dagCbor.encode(bound))).toBe(true)
    }),
  )
})

test('§3 ids and CIDs stand for each other; a CID of anything else names no block', () => {
  const id = blockId(new Uint8Array(32).fill(9))
  expect(must(blockIdOfCid(cidOfBlock(id)))).toBe(id)
  const payload = CID.parse(cidTextOfPayload(payloadId(idBytes(id))))
  expect(payload.code).toBe(0x55)
  for (const other of [payload, CID.createV1(0x71, Digest.create(0x12, new Uint8Array(20)))]) {
    expect(blockIdOfCid(other)).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_ID' } })
  }
})

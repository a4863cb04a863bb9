import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSurelyCanonical } from '../../../src/protocol/canonical-cbor.ts'
import { checkProperty } from '../../support/property.ts'

/** What messages are made of. */
const values = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.integer(),
      fc.nat(300),
      fc.constantFrom(23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, -24, -25, -256, -257),
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 30 }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie('any'), { maxKeys: 5 }),
  ),
})).any

/** With what messages never hold, too. */
const anything = fc.oneof(
  values,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'grapheme' }),
  fc.maxSafeInteger(),
)

const edits = fc.array(
  fc.record({ at: fc.nat(), kind: fc.constantFrom('change', 'remove', 'insert'), byte: fc.nat(255) }),
  { minLength: 1, maxLength: 3 },
)

/** The slow twin: the library reads it, and spells it the same way. */
function isCanonical(bytes: Uint8Array): boolean {
  try {
    return Buffer.from(dagCbor.encode(dagCbor.decode(bytes))).equals(bytes)
  } catch {
    return false
  }
}

describe('canonical form, seen in one walk', () => {
  test('it knows all that messages are made of', () => {
    checkProperty(
      'canonical-cbor-takes-messages',
      fc.property(values, (value) => {
        expect(isSurelyCanonical(dagCbor.encode(value))).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('what it says yes to the library reads and spells the same way', () => {
    checkProperty(
      'canonical-cbor-as-the-library',
      fc.property(anything, edits, (value, list) => {
        const all = [...dagCbor.encode(value)]
        for (const { at, kind, byte } of list) {
          const position = all.length === 0 ? 0 : at % all.length
          if (kind === 'change') all[position] = byte
          else all.splice(position, kind === 'remove' ? 1 : 0, ...(kind === 'insert' ? [byte] : []))
        }
        const bytes = Uint8Array.from(all)
        if (isSurelyCanonical(bytes)) expect(isCanonical(bytes)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })

  test.each<[string, number[]]>([
    ['an integer that could be shorter', [0x18, 0x17]],
    ['a length that could be shorter', [0x58, 0x01, 0x00]],
    ['a long integer that could be shorter', [0x1a, 0x00, 0x00, 0xff, 0xff]],
    ['keys that descend', [0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01]],
    ['a longer key before a shorter one', [0xa2, 0x62, 0x61, 0x61, 0x01, 0x61, 0x62, 0x01]],
    ['a key twice', [0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x01]],
    ['a key that is no text', [0xa1, 0x01, 0x01]],
    ['undefined', [0xf7]],
    ['a float for an integer', [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]],
    ['a length without an end', [0x5f, 0x41, 0x00, 0xff]],
    ['bytes that are cut', [0x42, 0x00]],
    ['a list that is cut', [0x82, 0x00]],
    ['a map that is cut', [0xa1, 0x61, 0x61]],
    ['something behind the end', [0x00, 0x00]],
    ['nothing', []],
  ])('it does not say yes to %s', (_title, bytes) => {
    expect(isSurelyCanonical(Uint8Array.from(bytes))).toBe(false)
    expect(isCanonical(Uint8Array.from(bytes))).toBe(false)
  })
})

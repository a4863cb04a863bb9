import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeHeader, encodeHeader } from '../../../src/dag/codec.ts'
import { readHeaderBytes } from '../../../src/dag/header-reader.ts'
import { must } from '../../support/blocks.ts'
import { edited, edits } from '../../support/edits.ts'
import { headers, isHeader } from '../../support/headers.ts'
import { checkProperty } from '../../support/property.ts'

describe('§3 the fast reader of headers', () => {
  test('it takes every header that is spelt as it should be, and reads what was spelt', () => {
    checkProperty(
      'header-reader-takes-headers',
      fc.property(headers, (header) => {
        expect(readHeaderBytes(encodeHeader(header))).toEqual(header)
      }),
      { numRuns: 1000 },
    )
  })

  test('it takes what the library reads and spells the same way, and nothing else', () => {
    checkProperty(
      'header-reader-as-the-library',
      fc.property(headers, edits, (header, list) => {
        const bytes = edited(encodeHeader(header), list)
        const read = readHeaderBytes(bytes)
        expect(read !== undefined).toBe(isHeader(bytes))
        if (read !== undefined) expect(must(decodeHeader(bytes))).toEqual(read)
      }),
      { numRuns: 5000 },
    )
  })

  test('integers in any but their shortest spelling are no header', () => {
    checkProperty(
      'header-reader-shortest-integers',
      fc.property(headers, (header) => {
        const bytes = encodeHeader({ ...header, height: 5 })
        for (const long of [
          [0x18, 5],
          [0x19, 0, 5],
          [0x1a, 0, 0, 0, 5],
          [0x1b, 0, 0, 0, 0, 0, 0, 0, 5],
          [0xf9, 0x45, 0],
        ]) {
          expect(readHeaderBytes(Uint8Array.from([...bytes.subarray(0, -1), ...long]))).toBeUndefined()
        }
      }),
      { numRuns: 20 },
    )
  })
})

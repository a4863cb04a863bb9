import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CborWriter } from '../../../src/dag/cbor-writer.ts'
import { Bug } from '../../../src/dag/result.ts'
import { checkProperty } from '../../support/property.ts'

const integers = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(2 ** 16 - 1, 2 ** 16, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER),
)

test('lists are written as the library writes them', () => {
  const strings = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(70_000).map((size) => new Uint8Array(size)),
  )
  checkProperty(
    'cbor-lists-as-the-library',
    fc.property(fc.array(integers, { maxLength: 30 }), fc.array(fc.option(strings), { maxLength: 3 }), (ints, all) => {
      const size = all.reduce((sum, bytes) => sum + (bytes?.byteLength ?? 0), 0)
      const writer = new CborWriter(size + 9 * (ints.length + all.length + 2)).list(1 + all.length).list(ints.length)
      for (const value of ints) writer.int(value)
      for (const bytes of all) writer.bytes(bytes ?? undefined)
      expect(Buffer.from(writer.take()).equals(encode([ints, ...all]))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('maps and texts are written as the library writes them', () => {
  const written = new CborWriter(100)
    .map(3)
    .text('a')
    .text('')
    .text('b')
    .int(1)
    .text('long')
    .text('x'.repeat(30))
    .take()
  expect(Buffer.from(written).equals(encode({ a: '', b: 1, long: 'x'.repeat(30) }))).toBe(true)
})

test('more than was said does not fit, and says so', () => {
  expect(() => new CborWriter(3).text('abc').take()).toThrow(Bug)
  expect(() => new CborWriter(3).bytes(new Uint8Array(3)).take()).toThrow(Bug)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeHeader } from '../../../src/dag/codec.ts'
import { paySizeIn } from '../../../src/dag/pay-size.ts'
import { headers } from '../../support/headers.ts'
import { checkProperty } from '../../support/property.ts'

test('§3 the size of a payload stands where it is looked for, whatever the seal and the size', () => {
  const sizes = fc.oneof(fc.nat(30), fc.nat(2 ** 10), fc.nat(2 ** 20), fc.nat(2 ** 26), fc.maxSafeNat())
  checkProperty(
    'pay-size-offset',
    fc.property(headers, sizes, (header, size) => {
      expect(paySizeIn(encodeHeader({ ...header, pay: { ...header.pay, size } }))).toBe(size)
    }),
    { numRuns: 1000 },
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lowerBound } from '../../../src/reputation/binary-search.ts'
import { checkProperty } from '../../support/property.ts'

test('the place found does not depend on where the search starts', () => {
  checkProperty(
    'lower-bound-from-anywhere',
    fc.property(fc.array(fc.nat(20)), fc.nat(21), fc.nat(40), (values, wanted, near) => {
      const sorted = values.sort((a, b) => a - b)
      expect(lowerBound(sorted, (value) => value < wanted, near)).toBe(values.filter((value) => value < wanted).length)
    }),
  )
})

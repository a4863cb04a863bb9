import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { lowerBound, Timeline } from '../../../src/reputation/binary-search.ts'
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

test('a line answers alike whatever was asked, put in and taken out before', () => {
  const steps = fc.array(fc.record({ kind: fc.constantFrom('add', 'remove', 'ask'), time: fc.nat(12) }))
  checkProperty(
    'timeline-as-a-list',
    fc.property(steps, (moves) => {
      const line = new Timeline()
      let times: number[] = []
      for (const { kind, time } of moves) {
        if (kind === 'add') {
          line.add(time)
          times = [...times, time].sort((a, b) => a - b)
        } else if (kind === 'remove' && times.includes(time)) {
          line.remove(time)
          times.splice(times.indexOf(time), 1)
        }
        expect(line.positionFrom(time)).toBe(times.filter((other) => other < time).length)
        expect(line.positionAfter(time)).toBe(times.filter((other) => other <= time).length)
        expect(times.map((_, at) => line.at(at))).toEqual(times)
        expect(line).toHaveLength(times.length)
      }
    }),
  )
})

test('a time that is not in the timeline cannot be removed', () => {
  expect(() => new Timeline().remove(3)).toThrow(Bug)
})

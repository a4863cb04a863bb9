import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DigestIndex } from '../../../src/dag/digest-index.ts'
import { Bug } from '../../../src/dag/result.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { drawnId } from '../../support/draw.ts'
import { checkProperty } from '../../support/property.ts'

const POOL = Array.from({ length: 300 }, (_, n) => drawnId(`digest ${String(n)}`))

test('pushed and popped at random, past several rehashes, it finds what a map finds', () => {
  const moves = fc.array(fc.record({ pops: fc.nat(40), pushes: fc.nat(90), from: fc.nat(POOL.length - 1) }), {
    maxLength: 12,
  })
  checkProperty(
    'digest-index-as-a-map',
    fc.property(moves, fc.integer(), (list, seed) => {
      const index = new DigestIndex(seed)
      const twin = new Map<string, number>()
      for (const { pops, pushes, from } of list) {
        for (let n = 0; n < pops && twin.size > 0; n += 1) {
          twin.delete(index.id(index.size - 1))
          index.pop()
        }
        for (const id of POOL.slice(from, from + pushes).filter((id) => !twin.has(id))) {
          expect(index.push(id)).toBe(twin.size)
          twin.set(id, twin.size)
        }
        expect(index.size).toBe(twin.size)
        for (const id of POOL) expect(index.find(id)).toBe(twin.get(id))
        for (const [id, at] of twin) expect(index.id(at)).toBe(id)
        for (const digits of [
          '',
          POOL[from]!.slice(0, 1),
          POOL[from]!.slice(0, 3),
          POOL[from]!.slice(0, 11),
          POOL[from]!,
        ]) {
          const starting = [...twin].filter(([id]) => id.startsWith(digits)).map(([, at]) => at)
          expect(index.startingWith(digits)).toEqual(starting)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('digests that agree in as much as is hashed are told apart', () => {
  const index = new DigestIndex(7)
  const alike = Array.from({ length: 40 }, (_, n) =>
    blockId(Uint8Array.from({ length: 32 }, (_, at) => (at < 31 ? 9 : n))),
  )
  alike.forEach((id, n) => {
    expect(index.find(id)).toBeUndefined()
    expect(index.push(id)).toBe(n)
  })
  expect(alike.map((id) => index.find(id))).toEqual(alike.map((_, n) => n))
})

test('what was popped is in no listing, and its index is the next one’s', () => {
  const index = new DigestIndex(1)
  const [first, second, third] = POOL
  index.push(first!)
  index.push(second!)
  index.pop()
  expect(index.startingWith(second!.slice(0, 6))).toEqual([])
  expect(() => index.id(1)).toThrow(Bug)
  expect(index.push(third!)).toBe(1)
  expect(index.push(second!)).toBe(2)
  expect(index.startingWith(second!.slice(0, 6))).toEqual([2])
})

test('there is nothing to pop where nothing is', () => {
  const index = new DigestIndex(1)
  index.push(POOL[0]!)
  index.pop()
  expect(() => {
    index.pop()
  }).toThrow(Bug)
})

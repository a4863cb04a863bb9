import { expect, test } from 'vitest'
import { mapInSlices, Slices } from '../../../../src/node/base/slices.ts'

test.each([0, 1, 63, 64, 65, 1_000])('maps %d items in their order', async (count) => {
  const items = Array.from({ length: count }, (_, n) => n)
  expect(await mapInSlices(items, (n) => n * 2)).toEqual(items.map((n) => n * 2))
})

test('a slice that took its time is over, and others get a turn before the next', async () => {
  const slices = new Slices()
  const from = performance.now()
  while (performance.now() - from < 10) Math.sqrt(from)
  expect(slices.isOver).toBe(true)
  let isTheirTurn = false
  setImmediate(() => {
    isTheirTurn = true
  })
  await slices.next()
  expect(isTheirTurn).toBe(true)
})

test('what one item throws, the whole throws', async () => {
  const half = (n: number): number => {
    if (n === 70) throw new Error('seventy')
    return n / 2
  }
  await expect(mapInSlices([...Array(100).keys()], half)).rejects.toThrow('seventy')
})

/** How many ids an honest peer lists that were here already: as many as have been here, also if some went meanwhile. */
import { expect, test } from 'vitest'
import { ListedKnown } from '../../../src/protocol/listed-known.ts'

test('as many known ids as there are, and not one more', () => {
  const listed = new ListedKnown()
  expect([listed.add(3, 5), listed.add(2, 5), listed.add(1, 5)]).toEqual([true, true, false])
})

test('what was listed and is dropped meanwhile is no lie, nor is what has come since', () => {
  const listed = new ListedKnown()
  expect([listed.add(1000, 1010), listed.add(10, 10), listed.add(5, 15), listed.add(1, 15)]).toEqual([
    true,
    true,
    true,
    false,
  ])
})

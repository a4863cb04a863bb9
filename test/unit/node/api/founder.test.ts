/** Which founder is taken without asking (spec §2). */
import { expect, test } from 'vitest'
import { onlyFounder } from '../../../../src/node/api/founder.ts'
import { author } from '../../../support/blocks.ts'

const [A, B, C] = [author(1).author, author(2).author, author(3).author]

/** Blocks that peers say each founder's forum has. */
function only(...blocks: readonly number[]): string | undefined {
  return onlyFounder(
    blocks.map((count, n) => ({ founder: [A, B, C][n] ?? A, blocks: count, peers: [`peer ${String(n)}`] })),
  )
}

test('the only one that is seen', () => {
  expect(only(1)).toBe(A)
  expect(only(500)).toBe(A)
  expect(only()).toBeUndefined()
})

test('none of several, however much larger one says it is', () => {
  expect(only(1, 1)).toBeUndefined()
  expect(only(2, 1_000_000)).toBeUndefined()
  expect(only(1, 2, 3)).toBeUndefined()
})

test('the one that goes on, beside first posts with nothing on them', () => {
  expect(only(1, 20, 1)).toBe(B)
})

test('who waits for a founder has no forum', () => {
  expect(only(0)).toBeUndefined()
  expect(only(0, 1)).toBe(B)
})

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../../../src/dag/block.ts'
import { VerifyTogether } from '../../../../../src/node/chain/intake/verify-together.ts'
import { author, chain, post } from '../../../../support/blocks.ts'

const forum = chain('#forum', author(1).author)
const blocks = Array.from({ length: 70 }, (_, n) => post(forum, { author: 1, payload: String(n) }).block)

/** Answers that every second signature holds, and notes how many it was asked about. */
function noting() {
  const asked: number[] = []
  const verify = (some: readonly Block[]): Promise<readonly boolean[]> => {
    asked.push(some.length)
    return Promise.resolve(some.map((_, n) => n % 2 === 0))
  }
  return { asked, together: new VerifyTogether({ prepare: () => Promise.resolve(), verify }) }
}

describe('signatures that come in one turn', () => {
  test('are asked about together, in chunks, and each has its own answer', async () => {
    const { asked, together } = noting()
    const holds = await Promise.all(blocks.map((block) => together.holds(block)))
    expect([asked, holds]).toEqual([[64, 6], blocks.map((_, n) => n % 2 === 0)])
  })

  test('if they are few, nothing is known of them, and no thread is asked', async () => {
    const { asked, together } = noting()
    const holds = await Promise.all(blocks.slice(0, 3).map((block) => together.holds(block)))
    expect([asked, holds]).toEqual([[], [false, false, false]])
  })
})

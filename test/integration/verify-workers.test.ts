/** Threads run what is built in dist: Node 20 starts none on TypeScript. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Block } from '../../src/dag/block.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import type * as Built from '../../src/node/chain/intake/verify-workers.ts'
import { chain, post } from '../support/blocks.ts'

const BUILT = new URL('../../dist/node/chain/intake/verify-workers.js', import.meta.url).href
const { VerifyWorkers } = (await import(BUILT)) as typeof Built

const FORUM = chain('#threads')

function signed(count: number): Block[] {
  return Array.from({ length: count }, (_, n) => post(FORUM, { author: n % 3, payload: String(n) }).block)
}

/** With one bit of its signature changed. */
function forged(block: Block): Block {
  const signature = Uint8Array.from(block.signature ?? [])
  signature[40] = (signature[40] ?? 0) ^ 1
  return { ...block, signature }
}

describe('§3 signatures checked on threads of their own', () => {
  const workers = new VerifyWorkers({ log: silentLogger })
  afterEach(() => workers.stop())

  test('are told by position: which hold, and which do not', async () => {
    const blocks = signed(70).map((block, n) => (n % 7 === 3 ? forged(block) : block))
    const others = signed(5).reverse()
    await workers.prepare()
    const [holds, alsoHold] = await Promise.all([workers.verify(blocks), workers.verify(others)])
    expect(holds).toEqual(blocks.map((_, n) => n % 7 !== 3))
    expect(alsoHold).toEqual([true, true, true, true, true])
  })

  test('are not known to hold before a thread has started: nobody waits for that', async () => {
    const fresh = new VerifyWorkers({ log: silentLogger })
    expect(await fresh.verify(signed(3))).toEqual([])
    await fresh.prepare()
    expect(await fresh.verify(signed(3))).toEqual([true, true, true])
    await fresh.stop()
  })

  test('that are asked about when the threads end are not known to hold, nor is any later', async () => {
    const stopped = new VerifyWorkers({ log: silentLogger })
    await stopped.prepare()
    const asked = stopped.verify(signed(2000))
    await stopped.stop()
    expect(await asked).toEqual([])
    expect(await stopped.verify(signed(2))).toEqual([])
  })
})

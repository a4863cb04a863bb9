/** What joining a chain answers beside its id (spec §10). */
import { expect, test } from 'vitest'
import { ok } from '../../../../src/dag/result.ts'
import { chainsHandlers } from '../../../../src/node/api/chains-methods.ts'
import type { NodeParts } from '../../../../src/node/api/node-parts.ts'
import type { ResultOf } from '../../../../src/node/control/schema.ts'
import { USUAL_TOPICS } from '../../../../src/protocol/gossip-limits.ts'

/** Joins one chain, with which there are so many. */
async function join(count: number): Promise<ResultOf<'chains.join'>> {
  const chains = { all: () => Array.from({ length: count }), join: () => Promise.resolve(ok(undefined)) }
  const parts = { chains, disk: {}, keyReuse: { join: () => undefined } } as unknown as NodeParts
  const context = { signal: AbortSignal.timeout(1_000) }
  return await chainsHandlers(parts)['chains.join']({ name: '#one' }, context)
}

test('with more chains than peers of other software remember, who joins one is told, with how many there are', async () => {
  expect(await join(USUAL_TOPICS)).not.toHaveProperty('notes')
  const { notes } = await join(USUAL_TOPICS + 1)
  expect(notes).toEqual([expect.stringContaining(`${String(USUAL_TOPICS + 1)} chains are joined here`)])
})

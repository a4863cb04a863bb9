import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerText } from '../../../../../src/node/control/server/answer-text.ts'
import { turnsDuring } from '../../../../support/bystander.ts'
import { checkProperty } from '../../../../support/property.ts'

const response = fc.record({
  jsonrpc: fc.constant('2.0'),
  id: fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
  result: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue(), { minLength: 60, maxLength: 200 })),
})

async function textOf(message: object): Promise<string> {
  return Buffer.concat(await answerText(message)).toString('utf8')
}

test('an answer in slices is the line that it is in one', async () => {
  await checkProperty(
    'answer-text',
    fc.asyncProperty(fc.oneof(response, fc.array(response, { minLength: 1, maxLength: 3 })), async (message) => {
      expect(await textOf(message)).toBe(`${JSON.stringify(message)}\n`)
    }),
    { numRuns: 60 },
  )
})

test('while a long list is written, others get their turn', async () => {
  // Some 100 ms of work.
  const result = Array.from({ length: 200_000 }, (_, n) => ({ id: `${String(n)}_${'A'.repeat(64)}`, backs: ['B'] }))
  expect(await turnsDuring(() => answerText({ jsonrpc: '2.0', id: 1, result }))).toBeGreaterThan(2)
})

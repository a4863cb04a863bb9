import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CONTROL_CODES, ControlError, controlErrorOf, RPC_CODES } from '../../../../src/node/control/faults.ts'
import { METHODS } from '../../../../src/node/control/schema.ts'

const docs = readFileSync(new URL('../../../../docs/control-port.md', import.meta.url), 'utf8')

test.each(Object.entries(METHODS))('docs/control-port.md describes %s', (method, { about }) => {
  expect(docs).toContain(`| \`${method}\` |`)
  expect(docs).toContain(about)
})

test.each(Object.entries(CONTROL_CODES))('docs/control-port.md lists the code %s', (code, about) => {
  expect(docs).toContain(`| \`${code}\` | ${about} |`)
})

test.each(Object.entries(RPC_CODES))('docs/control-port.md lists %s as %d', (code, number) => {
  expect(docs).toContain(`| \`${code}\` | ${String(number)} |`)
})

test('a fault becomes code 1 with its data.code and the facts in the message', () => {
  const error = controlErrorOf({ code: 'DAG_AMBIGUOUS_ID', matches: ['1_ABCDEF01', '2_ABCDEF02'] })
  expect(error.toJSON()).toMatchObject({ code: 1, data: { code: 'ambiguous-id' } })
  expect(error.message).toContain('1_ABCDEF01 2_ABCDEF02')
  expect(new ControlError('bad-params', 'x').toJSON().code).toBe(-32602)
})

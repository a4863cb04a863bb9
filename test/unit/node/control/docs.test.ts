/** `docs/control-port.md` agrees with the schema: nothing is missing or out of date. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CLIENT_CODES } from '../../../../src/node/control/client/client-error.ts'
import { CONTROL_CODES, ControlError, RPC_CODES } from '../../../../src/node/control/error-codes.ts'
import { controlErrorOf } from '../../../../src/node/api/fault-reports.ts'
import { renewed } from '../../../../src/node/control/reference.ts'
import { aboutMethod, METHODS, type Method } from '../../../../src/node/control/schema.ts'

const docs = readFileSync(new URL('../../../../docs/control-port.md', import.meta.url), 'utf8')

test('the page is what scripts/control-docs makes of it; run that after a change of the schema', () => {
  expect(docs).toBe(renewed(docs))
})

test.each(Object.keys(METHODS) as Method[])('it describes %s', (method) => {
  expect(docs).toContain(`| \`${method}\` | ${aboutMethod(method)} |`)
})

test.each(Object.entries({ ...CONTROL_CODES, ...CLIENT_CODES }))('it lists the code %s', (code, about) => {
  expect(docs).toContain(`| \`${code}\` | ${about} |`)
})

test.each(Object.entries(RPC_CODES))('it lists %s as %d', (code, number) => {
  expect(docs).toContain(`| \`${code}\` | ${String(number)} |`)
})

test('a part that is out of step is renewed, and what stands around it is left alone', () => {
  const page = 'before\n<!-- made: reads -->\nold\n<!-- end -->\nafter\n'
  const fresh = renewed(page)
  expect(fresh).toMatch(/^before\n<!-- made: reads -->\n`hello`, .*\n<!-- end -->\nafter\n$/)
  expect(renewed(fresh)).toBe(fresh)
})

test('a fault becomes code 1 with its data.code and the facts in the message', () => {
  const error = controlErrorOf({ code: 'DAG_AMBIGUOUS_ID', matches: ['1_ABCDEF01', '2_ABCDEF02'] })
  expect(error.toJSON()).toMatchObject({ code: 1, data: { code: 'ambiguous-id' } })
  expect(error.message).toContain('1_ABCDEF01 2_ABCDEF02')
  expect(new ControlError('bad-params', 'x').toJSON().code).toBe(-32602)
})

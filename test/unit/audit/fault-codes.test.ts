/** A fault that no test names is a fault that nobody has seen happen. */
import { expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

const CODE = /code: '([A-Z0-9_]+)'/g
const FAULT_FILE = /(^|[/-])(faults|error-codes)\.ts$/

const codes = sourcesUnder('src')
  .filter((path) => FAULT_FILE.test(path))
  .flatMap((path) => [...textOf(path).matchAll(CODE)].map(([, code]) => code!))

const tests = sourcesUnder('test')
  .filter((path) => !path.startsWith('test/unit/audit/'))
  .map(textOf)

test('the fault codes are found', () => {
  expect(codes).toContain('DAG_BAD_ID')
})

test('every fault code is named by a test', () => {
  const unseen = [...new Set(codes)].filter((code) => !tests.some((text) => new RegExp(`\\b${code}\\b`).test(text)))
  expect(unseen).toEqual([])
})

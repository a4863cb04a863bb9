/** A test that is skipped says why, so that a summary does not look like all were run. */
import { expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

test('a test is skipped by `skip` with a reason alone', () => {
  const silent = /\b(?:test|it|describe)\s*\.(?:skip|skipIf|runIf|todo)\b|\bskip\(\s*(?:[^,()]|\([^()]*\))*\)/
  const files = sourcesUnder('test').filter((path) => path.endsWith('.test.ts') && !path.endsWith('skips.test.ts'))
  expect(files.filter((path) => silent.test(textOf(path)))).toEqual([])
})

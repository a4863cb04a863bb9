/** What of a run is run once more, and what its last line says then. */
import { describe, expect, test } from 'vitest'
import { PropertyFailure } from '../../support/property.ts'
import {
  closingLines,
  filesToRunAgain,
  MOST_FILES_AGAIN,
  withRunAgain,
  type FileRun,
  type TestRun,
} from '../../support/test-run.ts'

const file = (path: string, changes: Partial<FileRun> = {}): FileRun => ({
  project: 'integration',
  path,
  passed: 2,
  failures: [],
  again: [],
  skipped: [],
  ...changes,
})

const failing = (path: string, ...errors: string[]): FileRun =>
  file(path, { passed: 1, failures: [{ name: 'a > b', errors }] })

const run = (...files: FileRun[]): TestRun => ({ files, outside: 0 })

const pathsToRunAgain = (whole: TestRun): string[] => filesToRunAgain(whole).map(({ path }) => path)

describe('run once more', () => {
  test('are the files that failed, and no others', () => {
    expect(pathsToRunAgain(run(file('a'), failing('b', 'AssertionError'), failing('c')))).toEqual(['b', 'c'])
    expect(pathsToRunAgain(run(file('a')))).toEqual([])
  })

  test('is nothing when more files failed than chance explains', () => {
    const failed = Array.from({ length: MOST_FILES_AGAIN }, (_, n) => failing(String(n)))
    expect(pathsToRunAgain(run(...failed))).toHaveLength(MOST_FILES_AGAIN)
    expect(pathsToRunAgain(run(...failed, failing('one more')))).toEqual([])
  })

  test('is nothing when a property failed: other cases would hide what these showed', () => {
    expect(pathsToRunAgain(run(failing('a'), failing('b', new PropertyFailure('').name)))).toEqual([])
  })

  test('is nothing after an error of no file that is known', () => {
    expect(pathsToRunAgain({ files: [failing('a')], outside: 1 })).toEqual([])
  })
})

describe('the end of a run', () => {
  test('counts tests, what failed outside tests, and errors of no file', () => {
    expect(closingLines(run(file('a'), failing('b')))).toEqual(['3 passed, 1 failed'])
    expect(closingLines({ files: [file('a')], outside: 1 })).toEqual(['2 passed, 1 failed'])
  })

  test('of no test at all is a failure', () => {
    expect(closingLines(run())).toEqual(['0 passed, 1 failed'])
  })

  test('names what passed only when vitest ran it again', () => {
    expect(closingLines(run(file('a', { again: ['x > y'], skipped: ['z: no root'] })))).toEqual([
      'passed only when run again: a: x > y',
      'skipped: a: z: no root',
      '2 passed, 0 failed',
    ])
  })

  test('counts a file that was run once more as it came out then, and names what had failed', () => {
    const first = run(file('a'), failing('b'), failing('c'))
    const second = withRunAgain(first, run(file('b', { again: ['a > c'] })))
    expect(closingLines(second)).toEqual([
      'passed only when run again: b: a > b',
      'passed only when run again: b: a > c',
      '5 passed, 1 failed',
    ])
    expect(closingLines(withRunAgain(second, run(file('c')))).at(-1)).toBe('6 passed, 0 failed')
  })

  test('a file that failed once more has failed, and so has one whose second run ended with an error of no file', () => {
    const first = run(file('a'), failing('b'))
    expect(closingLines(withRunAgain(first, run(failing('b'))))).toEqual(['3 passed, 1 failed'])
    expect(closingLines(withRunAgain(first, { files: [file('b')], outside: 1 })).at(-1)).toBe('4 passed, 1 failed')
  })

  test('a file of the same path in another project is another file', () => {
    const first = run(failing('a'))
    expect(withRunAgain(first, run(file('a', { project: 'unit' })))).toEqual(first)
  })
})

/**
 * What a run of all tests found, file by file, and which files are run once more, each in a process of its own and with
 * nothing beside it (`scripts/test`): a fixture that many tests share stays as the first failure left it, so that running
 * one test again in the same process does not help.
 */

/** The name of the errors that must not be forgotten: another run would draw other cases, and hide what these showed. */
export const FINAL_ERROR = 'PropertyFailure'

/** More files than this do not fail by chance. */
export const MOST_FILES_AGAIN = 5

/** A failed test, or what failed in the file outside any test. */
export interface Failure {
  readonly name: string
  /** The names of the errors' classes. */
  readonly errors: readonly string[]
}

export interface FileRun {
  readonly project: string
  readonly path: string
  readonly passed: number
  readonly failures: readonly Failure[]
  /** Tests that passed only when they were run again. */
  readonly again: readonly string[]
  /** Tests that were skipped, and for want of what. */
  readonly skipped: readonly string[]
}

export interface TestRun {
  readonly files: readonly FileRun[]
  /** Errors of no file that is known. */
  readonly outside: number
}

/** The files whose second run can make the whole run pass: none if that needs more, or one of another kind. */
export function filesToRunAgain({ files, outside }: TestRun): readonly FileRun[] {
  const failed = files.filter(({ failures }) => failures.length > 0)
  const isFinal = failed.some(({ failures }) => failures.some(({ errors }) => errors.includes(FINAL_ERROR)))
  return outside > 0 || isFinal || failed.length > MOST_FILES_AGAIN ? [] : failed
}

/** The whole run, after some of its files were run again: what came of them then is what counts. */
export function withRunAgain(first: TestRun, second: TestRun): TestRun {
  const files = first.files.map((before) => {
    const after = second.files.find(({ project, path }) => project === before.project && path === before.path)
    if (after === undefined) return before
    // A file that failed once more has nothing that passed only then.
    return after.failures.length > 0
      ? after
      : { ...after, again: [...before.failures.map(({ name }) => name), ...after.again] }
  })
  return { files, outside: first.outside + second.outside }
}

/** The lines that end a run, the last one for machines. A run of no test at all has failed. */
export function closingLines({ files, outside }: TestRun): readonly string[] {
  const passed = files.reduce((sum, file) => sum + file.passed, 0)
  const failed = files.reduce((sum, { failures }) => sum + failures.length, outside)
  return [
    ...files.flatMap(({ path, again }) => again.map((name) => `passed only when run again: ${path}: ${name}`)),
    ...files.flatMap(({ path, skipped }) => skipped.map((name) => `skipped: ${path}: ${name}`)),
    `${String(passed)} passed, ${String(passed + failed === 0 ? 1 : failed)} failed`,
  ]
}

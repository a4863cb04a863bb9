/**
 * Ends every run with one line for machines: `N passed, N failed`. What failed outside any test (a file that does not
 * load, an unhandled rejection, no tests at all) counts as failed too. Tests that passed only when they were run again are
 * named before it: they passed, and somebody has to look at them; so are those that were skipped for want of something.
 *
 * With `FREECHAINS_TEST_RUN`, a folder, these lines go to its file `closing` instead, and the files to be run once more to
 * `again`, a project and a path a line. A second run with the same folder is added to the first.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import { IS_NIGHTLY } from './flood.ts'
import { closingLines, filesToRunAgain, withRunAgain, type Failure, type FileRun, type TestRun } from './test-run.ts'

/** What vitest adds to an error that no test caught. */
interface Unhandled {
  readonly name?: string
  readonly VITEST_TEST_PATH?: string
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly Unhandled[]): void {
    const files = modules.map((module) =>
      fileRun(
        module,
        unhandled.filter((error) => isOf(module, error)),
      ),
    )
    const run = { files, outside: unhandled.filter((error) => !modules.some((module) => isOf(module, error))).length }
    const folder = process.env['FREECHAINS_TEST_RUN']
    if (folder !== undefined) {
      record(folder, run)
      return
    }
    // At exit, because other reporters print their summary after this call.
    process.once('exit', () => {
      process.stdout.write(`\n${closingLines(run).join('\n')}\n`)
    })
  }
}

/** Threads go through many files: who left a promise behind is not known there. */
function isOf(module: TestModule, { VITEST_TEST_PATH: path }: Unhandled): boolean {
  return module.moduleId === path && module.project.config.pool === 'forks'
}

function fileRun(module: TestModule, unhandled: readonly Unhandled[]): FileRun {
  let passed = 0
  const failures: Failure[] = unhandled.map(({ name = 'error' }) => ({ name: `unhandled ${name}`, errors: [name] }))
  const again: string[] = []
  const skipped: string[] = []
  for (const test of module.children.allTests()) {
    const result = test.result()
    const { state, errors = [] } = result
    if (state === 'passed') {
      passed += 1
      if (test.diagnostic()?.flaky === true) again.push(test.fullName)
    }
    // Without a note it was not asked for.
    else if (state === 'skipped')
      skipped.push(...(result.note === undefined ? [] : [`${test.fullName}: ${result.note}`]))
    // Still pending at the end: the worker died under it.
    else failures.push({ name: test.fullName, errors: errors.map(({ name }) => name ?? '') })
  }
  if (failures.length === 0 && module.state() === 'failed')
    failures.push({ name: 'the file', errors: module.errors().map(({ name }) => name ?? '') })
  return { project: module.project.name, path: relative('.', module.moduleId), passed, failures, again, skipped }
}

function record(folder: string, run: TestRun): void {
  const kept = resolve(folder, 'run.json')
  const isFirst = !existsSync(kept)
  const whole = isFirst ? run : withRunAgain(JSON.parse(readFileSync(kept, 'utf8')) as TestRun, run)
  writeFileSync(kept, JSON.stringify(whole))
  writeFileSync(resolve(folder, 'closing'), `${closingLines(whole).join('\n')}\n`)
  if (!isFirst || IS_NIGHTLY) return
  const again = filesToRunAgain(run).map(({ project, path }) => `${project} ${path}\n`)
  writeFileSync(resolve(folder, 'again'), again.join(''))
}

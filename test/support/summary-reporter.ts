/**
 * Ends every run with one line for machines: `N passed, N failed`. What failed outside any test (a file that does not
 * load, an unhandled rejection, no tests at all) counts as failed too. Tests that passed only when they were run again are
 * named before it: they passed, and somebody has to look at them; so are those that were skipped for want of something.
 */
import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0
    const named: string[] = []
    let failed = unhandled.length
    for (const module of modules) {
      const before = failed
      for (const test of module.children.allTests()) {
        const result = test.result()
        const { state } = result
        const name = `${relative('.', module.moduleId)}: ${test.fullName}`
        if (state === 'passed') {
          passed += 1
          if (test.diagnostic()?.flaky === true) named.push(`passed only when run again: ${name}`)
        }
        // Without a note it was not asked for.
        else if (state === 'skipped')
          named.push(...(result.note === undefined ? [] : [`skipped: ${name}: ${result.note}`]))
        // Still pending at the end: the worker died under it.
        else failed += 1
      }
      if (failed === before && module.state() === 'failed') failed += 1
    }
    if (passed + failed === 0) failed = 1
    // At exit, because other reporters print their summary after this call.
    process.once('exit', () => {
      for (const line of named) process.stdout.write(`\n${line}`)
      process.stdout.write(`\n${String(passed)} passed, ${String(failed)} failed\n`)
    })
  }
}

/**
 * Ends every run with one line for machines: `N passed, N failed`. What failed outside any test (a file that does not
 * load, an unhandled rejection, no tests at all) counts as failed too. Tests that passed only when they were run again are
 * named before it: they passed, and somebody has to look at them.
 */
import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0
    const again: string[] = []
    let failed = unhandled.length
    for (const module of modules) {
      const before = failed
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') {
          passed += 1
          if (test.diagnostic()?.flaky === true) again.push(`${relative('.', module.moduleId)}: ${test.fullName}`)
        }
        // Still pending at the end: the worker died under it.
        else if (state !== 'skipped') failed += 1
      }
      if (failed === before && module.state() === 'failed') failed += 1
    }
    if (passed + failed === 0) failed = 1
    // At exit, because other reporters print their summary after this call.
    process.once('exit', () => {
      for (const name of again) process.stdout.write(`\npassed only when run again: ${name}`)
      process.stdout.write(`\n${String(passed)} passed, ${String(failed)} failed\n`)
    })
  }
}

/**
 * Three projects. `unit` runs in threads that share their modules; files that mock, or change the process, have a process
 * each in `isolated`; `integration` spawns the built program. Threads and processes run side by side: much of the time
 * daemons are waited for.
 */
import { defineConfig } from 'vitest/config'
import { isolatedTests } from './test/support/isolation.ts'

const isolated = [...isolatedTests()]

// Threads and processes of tests take it over: times are shown in the local zone, and tests read them.
process.env['TZ'] = 'UTC'

export default defineConfig({
  test: {
    environment: 'node',
    // None waits for so long but on a busy machine. At night the longest properties draw several times as many cases.
    testTimeout: process.env['FREECHAINS_NIGHTLY'] === '1' ? 300_000 : 60_000,
    hookTimeout: 60_000,
    // Daemons, sockets and memory depend on what else the machine does. What passes only when it is run again is named in
    // the summary; the nightly run allows none. A property that failed fails again (test/support/property.ts).
    retry: process.env['FREECHAINS_NIGHTLY'] === '1' ? 0 : 1,
    poolOptions: {
      threads: { isolate: false, minThreads: 2, maxThreads: 2 },
      forks: { minForks: 3, maxForks: 3 },
    },
    reporters: ['default', './test/support/summary-reporter.ts'],
    setupFiles: ['src/node/base/polyfill.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          pool: 'threads',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', ...isolated],
          restoreMocks: true,
        },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          pool: 'forks',
          include: isolated,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          pool: 'forks',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/build.ts'],
          testTimeout: 120_000,
        },
      },
    ],
  },
})

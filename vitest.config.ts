/**
 * Two projects: everything that runs in this process, and `test/integration`, whose tests spawn the built program and
 * run two files at a time, so that daemons on a small machine do not starve each other.
 */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    // A core is enough for one file: many wait for daemons, or for a deadline.
    poolOptions: { forks: { minForks: 2, maxForks: 2 } },
    reporters: ['default', './test/support/summary-reporter.ts'],
    setupFiles: ['src/node/base/polyfill.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/build.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})

/** The walks in README.md are what real daemons print: `scripts/walk` writes them, and compares them here. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('README.md tells what its walks print', async () => {
  // It ends with 1, and with what is not so on stderr, which rejects.
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/walk.mjs', '--check'])
  expect(stdout).toBe('README.md is true\n')
})

/** The demonstration that the readme begins with: three nodes in a line, as anybody would run it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('posts at one end of a line of three nodes reach all of them', { timeout: 120_000 }, async () => {
  // Rejects if it ends with another status than 0.
  const { stdout } = await promisify(execFile)('bash', ['scripts/demo', '--posts', '3'])
  expect(stdout).toContain('3 of 3 posts reached all 3 nodes\n')
})

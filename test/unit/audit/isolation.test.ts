/** Test files that share a thread leave nothing behind in it: what does is seen by what it says. */
import { describe, expect, test } from 'vitest'
import { isolatedTests, needsOwnProcess } from '../../support/isolation.ts'

describe('a test file has a process of its own', () => {
  test.each([
    "vi.mock('./native.ts', { spy: true })",
    'vi.resetModules()',
    "vi.stubEnv('HOME', '/nowhere')",
    'vi.useFakeTimers()',
    "import { retainedBytes } from '../../support/retained.ts'",
    "process.env['HOME'] = '/nowhere'",
    'process.env.HOME ??= home',
    "delete process.env['HOME']",
    "process.chdir('/')",
    "process.once('SIGTERM', stop)",
    'Reflect.deleteProperty(Promise, name)',
    "Object.defineProperty(globalThis, 'fetch', {})",
    'globalThis.fetch = fake',
    'Array.prototype.at = at',
    "setFlagsFromString('--expose-gc')",
  ])('that says %j', (line) => {
    expect(needsOwnProcess(line)).toBe(true)
  })

  test.each([
    "import { expect, test } from 'vitest'",
    "const TIMES = Number(process.env['REPLICA_TIMES'] ?? 1)",
    "expect(load('').dataDir).toBe(join(process.cwd(), 'here'))",
    "vi.spyOn(store, 'commit')",
    'const heard = vi.fn()',
  ])('and not for %j', (line) => {
    expect(needsOwnProcess(line)).toBe(false)
  })
})

test('both kinds are there, and integration is neither', () => {
  expect(isolatedTests()).toContain('test/unit/protocol/timing-class.test.ts')
  expect(isolatedTests()).not.toContain('test/unit/audit/docs.test.ts')
  expect(isolatedTests().filter((path) => path.startsWith('test/integration/'))).toEqual([])
})

/** The lint rules of purity and of failures are tested: planted text is refused below src/node, and only there. */
import { resolve } from 'node:path'
import { ESLint } from 'eslint'
import { describe, expect, test } from 'vitest'

const TOP = resolve(import.meta.dirname, '../../..')
// Planted text is no file of the project, so it has no types: rules that need them are left out.
const eslint = new ESLint({
  cwd: TOP,
  overrideConfig: { languageOptions: { parserOptions: { projectService: false, project: null } } },
  ruleFilter: ({ ruleId }) => !ruleId.startsWith('@typescript-eslint/'),
})

async function refusedBy(path: string, text: string): Promise<readonly (string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: resolve(TOP, path) })
  return result!.messages.map(({ ruleId }) => ruleId)
}

const IMPURE: readonly [text: string, rule: string][] = [
  ['export const at = Date.now()', 'no-restricted-properties'],
  ["export const at = Date['now']()", 'no-restricted-properties'],
  ['export const { now } = Date', 'no-restricted-properties'],
  ['export const at = new Date()', 'no-restricted-syntax'],
  ['export const dice = Math.random()', 'no-restricted-properties'],
  ['export const at = performance.now()', 'no-restricted-globals'],
  ['setTimeout(() => undefined, 1)', 'no-restricted-globals'],
  ['setInterval(() => undefined, 1)', 'no-restricted-globals'],
  ['setImmediate(() => undefined)', 'no-restricted-globals'],
  ['export const { env } = process', 'no-restricted-globals'],
  ["console.log('x')", 'no-restricted-globals'],
  ["export const page = fetch('http://localhost')", 'no-restricted-globals'],
  ['export const bytes = Buffer.alloc(1)', 'no-restricted-globals'],
  ['export const at = globalThis.Date.now()', 'no-restricted-globals'],
  ["import { randomBytes } from '@noble/hashes/utils.js'\nexport const dice = randomBytes", 'no-restricted-imports'],
]

describe('purity', () => {
  test.each(IMPURE)('below node, refused: %s', async (text, rule) => {
    for (const floor of ['dag', 'reputation', 'protocol']) {
      expect(await refusedBy(`src/${floor}/planted.ts`, text)).toContain(rule)
    }
  })

  test('node has a clock, and the lower floors have dates that are given', async () => {
    expect(await refusedBy('src/node/planted.ts', 'export const at = Date.now()')).toEqual([])
    expect(await refusedBy('src/dag/planted.ts', 'export const day = (ms: number) => new Date(ms)')).toEqual([])
  })
})

describe('failures', () => {
  test.each(["throw new Error('x')", "throw Error('x')", "throw new TypeError('x')"])(
    'anywhere in src, refused: %s',
    async (text) => {
      expect(await refusedBy('src/dag/planted.ts', text)).toContain('no-restricted-syntax')
      expect(await refusedBy('src/node/planted.ts', text)).toContain('no-restricted-syntax')
    },
  )

  test('a subclass of Error with a name of its own is allowed', async () => {
    expect(await refusedBy('src/dag/planted.ts', "export class Mine extends Error {}\nthrow new Mine('x')")).toEqual([])
  })
})

describe('sizes', () => {
  test('a source file has at most 300 lines of code', async () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, n) => `export const a${String(n)} = 1\n`).join('')
    expect(await refusedBy('src/node/planted.ts', lines(300))).toEqual([])
    expect(await refusedBy('src/node/planted.ts', lines(301))).toEqual(['max-lines'])
  })
})

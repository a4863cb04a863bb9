/** Kept cases are replayed by the property that they are named after, and every property is checked in a way that does so. */
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { keptCases, REGRESSIONS } from '../../support/property.ts'
import { sourcesUnder, textOf } from '../../support/sources.ts'

const CALL = /\b(?:checkProperty|keptCases)\(/g
const NAMED_CALL = /\b(?:checkProperty|keptCases)\(\s*(?:'([^']+)'|`([^`]+)`)/g
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/
/** Of fast-check itself: its assertions would pass by the kept cases. */
const UNKEPT = /\bfc\.(assert|check)\(|import \{[^}]*\b(assert|check)\b[^}]*\} from 'fast-check'/

const tests = sourcesUnder('test')
  .filter((path) => path.endsWith('.test.ts') && path !== 'test/unit/audit/regressions.test.ts')
  .map((path) => ({ path, text: textOf(path) }))

/** Names as they are written; what a template fills in stands as `*`. */
function namesIn(text: string): string[] {
  return [...text.matchAll(NAMED_CALL)].map(([, literal, template]) =>
    literal === undefined ? template!.replaceAll(/\$\{[^}]*\}/g, '*') : literal,
  )
}

const names = tests.flatMap(({ text }) => namesIn(text))

/** Whether a property has this name. */
function isNamed(kept: string): boolean {
  return names.some((name) => new RegExp(`^${name.replaceAll('*', '[a-z0-9-]+')}$`).test(kept))
}

describe('properties', () => {
  test('each has a name of its own, written where it is checked', () => {
    for (const { path, text } of tests)
      expect([path, namesIn(text).length]).toEqual([path, text.match(CALL)?.length ?? 0])
    expect(names.length).toBeGreaterThan(80)
    expect(names.filter((name) => !NAME.test(name.replaceAll('*', 'x')))).toEqual([])
    expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([])
  })

  test('none is checked past the kept cases', () => {
    expect(tests.filter(({ text }) => UNKEPT.test(text)).map(({ path }) => path)).toEqual([])
  })

  test.each(['fc.assert(fc.property(x, y))', 'await fc.check(z)', "import { assert, nat } from 'fast-check'"])(
    'this would be found: %s',
    (planted) => {
      expect(planted).toMatch(UNKEPT)
    },
  )
})

describe(REGRESSIONS, () => {
  const files = readdirSync(resolve(import.meta.dirname, '../../..', REGRESSIONS)).filter(
    (file) => file !== 'README.md',
  )

  test('holds kept cases, each of a property or scenario that exists', () => {
    expect(files).not.toEqual([])
    expect(files.filter((file) => !file.endsWith('.json') || !isNamed(file.slice(0, -5)))).toEqual([])
    for (const file of files) expect(keptCases(file.slice(0, -5)).length).toBeGreaterThan(0)
  })

  test('a name that no property has would be found', () => {
    expect(isNamed('fuzz-announcement')).toBe(true)
    expect(isNamed('no-such-property')).toBe(false)
  })
})

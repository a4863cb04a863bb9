/** A release: the changelog's sections as its notes, and one version in the tag, the packages and the changelog. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { textOf } from '../../support/sources.ts'

const TOP = resolve(import.meta.dirname, '../../..')
const { version } = JSON.parse(textOf('package.json')) as { readonly version: string }

const folder = mkdtempSync(join(tmpdir(), 'freechains-release-'))
const changelog = join(folder, 'CHANGELOG.md')
afterAll(() => {
  rmSync(folder, { recursive: true })
})

writeFileSync(
  changelog,
  `# Changelog

## Unreleased

## [1.2.30] - 2026-02-01

- later

## [1.2.3] - 2026-01-31

### Added

- one
- two

## 1.2.2

- first
`,
)

function run(script: string, ...args: readonly string[]): { readonly out: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync(join(TOP, 'scripts', script), args, { encoding: 'utf8' })
  return { out: stdout + stderr, status }
}

describe('changelog-section', () => {
  test('prints what stands between the heading of a version and the next one', () => {
    const expected = '### Added\n\n- one\n- two\n'
    expect(execFileSync(join(TOP, 'scripts/changelog-section'), ['1.2.3', changelog], { encoding: 'utf8' })).toBe(
      expected,
    )
  })

  test('takes a heading with brackets and date, and one with neither', () => {
    expect(run('changelog-section', '1.2.30', changelog)).toEqual({ out: '- later\n', status: 0 })
    expect(run('changelog-section', '1.2.2', changelog)).toEqual({ out: '- first\n', status: 0 })
  })

  test.each(['1.2', '1.2.4', '1x2.3', 'Unreleased'])(
    'a version that has no section, or an empty one, is an error: %s',
    (none) => {
      const { out, status } = run('changelog-section', none, changelog)
      expect(out).toContain(`has no section for ${none}`)
      expect(status).toBe(1)
    },
  )

  test('a version is asked for', () => {
    expect(run('changelog-section').out).toContain('usage:')
  })
})

describe('release-check', () => {
  test("this package's version can be released", () => {
    expect(run('release-check', `v${version}`)).toEqual({ out: `v${version} can be released\n`, status: 0 })
  })

  test('a tag that package.json does not know cannot', () => {
    expect(run('release-check', 'v99.0.0')).toEqual({
      out: `the tag says 99.0.0, package.json says ${version}\n`,
      status: 1,
    })
  })

  test('a tag without its v cannot', () => {
    expect(run('release-check', version).status).toBe(1)
  })
})

/** §10 The built page: small, with nothing inline, and with nothing from elsewhere, as the policy of its server asks. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const FOLDER = fileURLToPath(new URL('../../dist/web/', import.meta.url))

/** All scripts together, as they would be sent compressed. */
const MOST_SCRIPT_BYTES = 200 * 1024

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
const scripts = files.filter((path) => path.endsWith('.js'))

test('the scripts are small', () => {
  const sizes = scripts.map((path) => gzipSync(readFileSync(join(FOLDER, path))).byteLength)
  expect(sizes.length).toBeGreaterThan(0)
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(MOST_SCRIPT_BYTES)
})

test('the first page has no code nor style of its own, and names files of this node alone', () => {
  const html = readFileSync(join(FOLDER, 'index.html'), 'utf8')
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/i)
  expect(
    [...html.matchAll(/<script([^>]*)>([^<]*)</g)].map(([, attributes, code]) => [
      /\ssrc="\//.test(attributes ?? ''),
      code,
    ]),
  ).toEqual([[true, '']])
  expect([...html.matchAll(/(?:src|href)="([^"]*)"/g)].every(([, url]) => url?.startsWith('/') === true)).toBe(true)
})

test('no script evaluates text, and no sheet takes a file from elsewhere', () => {
  for (const path of scripts) expect(readFileSync(join(FOLDER, path), 'utf8')).not.toMatch(/\beval\(|new Function\(/)
  for (const path of files.filter((name) => name.endsWith('.css')))
    expect(readFileSync(join(FOLDER, path), 'utf8')).not.toMatch(/@import|url\((?!["']?\/)/)
})

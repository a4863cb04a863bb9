/** Comments name files that are there. */
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

const TOP = resolve(import.meta.dirname, '../../..')

/** In backticks; with folders or without. */
const FILE = /`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|md|json))`/g
const COMMENT = /\/\*\*?[^]*?\*\/|(?:^|\s)\/\/.*$/gm

/** Files of a user, not of this project. */
const FOREIGN = new Set(['package.json', 'vite-node.mjs'])

const code = ['src', 'test', 'packages/client'].flatMap((folder) =>
  sourcesUnder(folder).filter((path) => !/node_modules|\/dist\//.test(path)),
)
const names = [
  ...code,
  ...['docs', 'scripts', 'test', 'examples', 'src'].flatMap((folder) =>
    readdirSync(join(TOP, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  ),
]

/** Files that the comments of a text name and that are not there. */
function goneFrom(text: string): readonly string[] {
  return [...text.matchAll(COMMENT)]
    .flatMap(([comment]) => [...comment.matchAll(FILE)].map(([, name]) => name!))
    .filter((name) => !FOREIGN.has(name) && !names.some((path) => `/${path}`.endsWith(`/${name}`)))
}

test('a file that is gone is found, in each kind of comment, and code is not looked at', () => {
  const text =
    '/** `gone/a.ts`, `dag/graph.ts`, `graph.ts` */\n// `b.md`\nconst c = "`c.ts`"\n/* `docs/spec.md`\n `d.json` */'
  expect(goneFrom(text)).toEqual(['gone/a.ts', 'b.md', 'd.json'])
})

test('every file that a comment names is there', () => {
  const others = code.filter((path) => path !== 'test/unit/audit/comments.test.ts')
  const gone = others.flatMap((path) => goneFrom(textOf(path)).map((name) => `${path}: ${name}`))
  expect(gone).toEqual([])
})

/** What the documents point at is there: files, headings, places in the source. And the map of the source is the source's. */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, normalize, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { textOf } from '../../support/sources.ts'

const TOP = resolve(import.meta.dirname, '../../..')

/** Markdown at the top, and below these folders; `docs/api` is made by typedoc. */
const FOLDERS = ['docs', 'src', 'test', 'config', 'packages', '.github']
const documents = [
  ...readdirSync(TOP).filter((name) => name.endsWith('.md')),
  ...FOLDERS.filter((folder) => existsSync(join(TOP, folder))).flatMap(markdownUnder),
].sort()

/** Names that stand for many files. */
const PLACEHOLDERS = new Set(['test/vectors/vN', 'docs/decisions/NNNN-title.md'])

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g
const IN_CODE = /`([^`\n]+)`/g
/** Behind a file that has moved, before its place of today. */
const MOVED = /^,? \(?now `/
/** From the top of the repository; what ends in `*` is the beginning of names. */
const PATH = /^(?:\.\/)?((?:src|test|scripts|config|docs|packages|\.github)\/[\w./-]*\*?)$/
/** As prose shortens it: from a floor on. */
const SHORT_PATH = /^(?:dag|reputation|protocol|node)\/[\w./-]+\.ts$/

function markdownUnder(folder: string): readonly string[] {
  return readdirSync(join(TOP, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('api/') && !path.includes('node_modules'))
    .map((path) => `${folder}/${path}`)
}

function withoutFences(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, '')
}

/** As the forge makes them from headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading] of withoutFences(text).matchAll(/^#{1,6} +(.*)$/gm)) {
    const plain = heading!.replaceAll(LINK, (link) => link.slice(1, link.indexOf(']')))
    const slug = plain
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    anchors.add(before === 0 ? slug : `${slug}-${String(before)}`)
  }
  return anchors
}

function isThere(path: string): boolean {
  if (!path.endsWith('*')) return existsSync(join(TOP, path))
  const start = path.slice(0, -1)
  const folder = dirname(`${start}x`)
  return (
    existsSync(join(TOP, folder)) &&
    readdirSync(join(TOP, folder)).some((name) => `${folder}/${name}`.startsWith(start))
  )
}

/** Links of a document that lead nowhere. */
function deadLinks(path: string, text: string): readonly string[] {
  const links = [...withoutFences(text).replaceAll(IN_CODE, '').matchAll(LINK)].map(([, target]) => target!)
  return links.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [file = '', anchor] = target.split('#')
    const to = file === '' ? path : normalize(join(dirname(path), file))
    if (!existsSync(join(TOP, to))) return true
    return anchor !== undefined && !anchorsOf(to === path ? text : textOf(to)).has(anchor)
  })
}

/** Files and folders that a document names and that are not there. One that moved is followed by its new place. */
function deadPaths(text: string): readonly string[] {
  const prose = withoutFences(text)
  return [...prose.matchAll(IN_CODE)].flatMap(({ 0: whole, 1: code, index }) => {
    if (MOVED.test(prose.slice(index + whole.length, index + whole.length + 8))) return []
    return code!.split(/\s+/).filter((word) => {
      if (SHORT_PATH.test(word)) return !isThere(`src/${word}`)
      const named = PATH.exec(word)?.[1]
      return named !== undefined && !PLACEHOLDERS.has(named) && !isThere(named)
    })
  })
}

test('the documents are found', () => {
  expect(documents).toEqual(
    expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/spec.md', 'src/dag/README.md']),
  )
})

describe.each(documents)('%s', (path) => {
  const text = textOf(path)

  test('every link leads to a file, and every anchor to a heading', () => {
    expect(deadLinks(path, text)).toEqual([])
  })

  test('every file and folder that it names is there', () => {
    expect(deadPaths(text)).toEqual([])
  })
})

describe('what is wrong is found', () => {
  test('a link to a file that is not there, and an anchor that no heading has', () => {
    const text =
      '# A b\n[x](README.md) [y](nowhere.md) [z](#a-b) [w](#c) [v](docs/spec.md#1-terms) [u](docs/spec.md#none)'
    expect(deadLinks('README.md', text)).toEqual(['nowhere.md', '#c', 'docs/spec.md#none'])
  })

  test('a file that is not there, unless its new place stands behind it', () => {
    const text =
      '`src/main.ts` `node/main.ts` `node/gone.ts` (now `node/main.ts`), `node/old.ts`, now `node/main.ts`, `node dist/node/main.js`, `test/unit/d*`, `test/x*`'
    expect(deadPaths(text)).toEqual(['src/main.ts', 'test/x*'])
  })

  test('headings of one text get anchors of their own, and code is no heading', () => {
    expect([...anchorsOf('## What `x` is, §2\n```\n# no\n```\n## Same\n## Same\n')]).toEqual([
      'what-x-is-2',
      'same',
      'same-1',
    ])
  })
})

describe('docs/architecture.md', () => {
  const text = textOf('docs/architecture.md')
  const rules = createRequire(import.meta.url)(join(TOP, '.dependency-cruiser.cjs')) as {
    readonly forbidden: readonly { readonly name: string; readonly comment: string }[]
  }
  const comments = rules.forbidden.map(({ comment }) => comment)
  const rooms = comments.flatMap((comment) => /^src\/node\/(\S+) imports (?:no other room|(.*))\.$/.exec(comment) ?? [])

  /** By room: those that it imports, and those of which it takes types alone. */
  const allowed = new Map<string, { readonly imports: readonly string[]; readonly types: readonly string[] }>()
  for (let n = 0; n < rooms.length; n += 3) {
    const [room, imports] = [rooms[n + 1]!, rooms[n + 2]?.split(', ') ?? []]
    const types = comments.flatMap((comment) =>
      comment.startsWith(`src/node/${room} takes types alone from `)
        ? /from (.*)\.$/.exec(comment)![1]!.split(', ')
        : [],
    )
    allowed.set(room, { imports, types })
  }

  test('its table of rooms is that of the import rules', () => {
    const rows = [...text.matchAll(/^\| `([\w/]+)` \| [^|]+ \| ([^|]+) \|$/gm)]
    const named = (cell: string): string[] => [...cell.matchAll(/`([\w/]+)`/g)].map(([, room]) => room!).sort()
    const table = rows.map(([, room, cell]) => {
      const [imports = '', types = ''] = cell!.split('; types of ')
      const but = imports.startsWith('all but') ? [...named(imports), room!] : undefined
      const others = but === undefined ? named(imports) : [...allowed.keys()].filter((name) => !but.includes(name))
      return [room!, { imports: others.sort(), types: named(types) }] as const
    })
    const expected = [...allowed].map(([room, { imports, types }]) => [room, { imports: [...imports].sort(), types }])
    expect(Object.fromEntries(table)).toEqual(Object.fromEntries(expected))
  })

  test('its picture shows no import that the rules forbid', () => {
    const picture = /^```mermaid\n([^]*?)^```/m.exec(text)![1]!
    const label = (name: string): string =>
      new RegExp(`\\b${name}\\["(net/\\w+|chain/\\w+)"\\]`).exec(picture)?.[1] ?? name
    const edges = [...picture.matchAll(/^ *(\w+)(?:\["[^"]*"\])? -(-|\. "types" \.-)> (\w+)/gm)]
      .map(
        ([, from, kind, to]) =>
          ({ from: label(from!), to: label(to!), kind: kind === '-' ? 'imports' : 'types' }) as const,
      )
      .filter(({ from }) => from !== 'main')
    expect(edges.length).toBeGreaterThan(allowed.size)
    expect(edges.filter(({ from, to, kind }) => allowed.get(from)?.[kind].includes(to) !== true)).toEqual([])
    // Every room is in it.
    const drawn = new Set(edges.flatMap(({ from, to }) => [from, to]))
    expect([...allowed.keys()].filter((room) => !drawn.has(room))).toEqual([])
  })
})

/** Every file of a room is findable from the room's README, which is short and leads to the glossary. */
import { describe, expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

const ROOMS = [
  ...['base', 'storage', 'chain', 'chain/intake', 'net', 'net/host', 'net/gossip', 'net/sync', 'net/discovery'],
  ...['control', 'web', 'config', 'api', 'daemon', 'cli'],
]

const MAX_LINES = 25

/** Folders whose files need no names: one file per command. */
const COVERED = ['commands']

/** What a README lacks. @param files - paths within the room; `text`: undefined if there is no README */
function lacking(files: readonly string[], text: string | undefined): string[] {
  if (text === undefined) return ['no README.md']
  const lines = text.trimEnd().split('\n').length
  const names = new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name))
  const unnamed = files.flatMap((path) => {
    const [file = '', ...folders] = path.replace(/\.ts$/, '').split('/').reverse()
    const folder = folders.reverse().join('/')
    const isFolderNamed = folder === '' || names.has(`${folder}/`)
    const isNamed = COVERED.includes(folder) || names.has(file) || names.has(`${folder}/${file}`)
    return isFolderNamed && isNamed ? [] : [`names no ${path}`]
  })
  return [
    ...(lines > MAX_LINES ? [`${String(lines)} lines`] : []),
    ...(/\]\([^)]*docs\/glossary\.md[^)]*\)/.test(text) ? [] : ['no link to docs/glossary.md']),
    ...unnamed,
  ]
}

/** A room's files, by their paths within it; those of a room inside it are not its own. */
function filesOf(room: string): string[] {
  const inner = ROOMS.filter((other) => other.startsWith(`${room}/`))
  return sourcesUnder(`src/node/${room}`)
    .map((path) => path.slice(`src/node/${room}/`.length))
    .filter((path) => !inner.some((other) => `${room}/${path}`.startsWith(`${other}/`)))
}

function readmeOf(room: string): string | undefined {
  try {
    return textOf(`src/node/${room}/README.md`)
  } catch {
    return undefined
  }
}

describe('the checker sees', () => {
  const files = ['door.ts', 'commands/open.ts', 'graph/line.ts']
  const text = '# room\n[words](../docs/glossary.md)\n`door`; `commands/`, one file a command; `graph/`: `line`\n'

  test.each([
    ['nothing where nothing is missing', text, []],
    ['a missing README', undefined, ['no README.md']],
    ['a file without its name', text.replace('`door`', 'the door'), ['names no door.ts']],
    ['a file named without backticks', text.replace('`line`', 'line'), ['names no graph/line.ts']],
    ['a folder without its name', text.replace('`graph/`', 'drawings'), ['names no graph/line.ts']],
    ['a folder of commands without its name', text.replace('`commands/`', 'commands'), ['names no commands/open.ts']],
    ['a README without the glossary', text.replace('docs/glossary', 'glossary'), ['no link to docs/glossary.md']],
    ['a README that is too long', `${text}${'more\n'.repeat(MAX_LINES)}`, ['28 lines']],
  ])('%s', (_what, readme, missing) => {
    expect(lacking(files, readme)).toEqual(missing)
  })
})

test('the rooms are found, each with its own files', () => {
  expect(filesOf('cli')).toContain('commands/start.ts')
  expect(filesOf('chain').filter((path) => path.startsWith('intake/'))).toEqual([])
  expect(ROOMS.filter((room) => filesOf(room).length === 0)).toEqual([])
})

test('every file of src/node is in a room, but its entries', () => {
  const known = new Set(ROOMS.flatMap((room) => filesOf(room).map((path) => `src/node/${room}/${path}`)))
  const alone = sourcesUnder('src/node').filter((path) => !known.has(path))
  expect(alone.filter((path) => !/^src\/node\/(main|index)\.ts$/.test(path))).toEqual([])
})

test.each(ROOMS)('%s has a README from which each of its files is found', (room) => {
  expect(lacking(filesOf(room), readmeOf(room))).toEqual([])
})

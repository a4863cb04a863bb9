/** Operators filter the log by the names of its events: each is in the table of docs/operating.md, and nothing else is. */
import { expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

const NAME = String.raw`'([a-z]+\.[a-z-]+)'`
/** As the first argument of a call that logs, or as a line that is written by hand. */
const LOGGED = new RegExp(String.raw`(?:\b(?:debug|info|warn|error)|\blog\[level\])\(\s*${NAME}|\bevent: ${NAME}`, 'g')

const sources = sourcesUnder('src/node').map(textOf)
const logged = new Set(sources.flatMap((text) => [...text.matchAll(LOGGED)].map(([, a, b]) => a ?? b ?? '')))
const manual = textOf('docs/operating.md')
const [, events = ''] = /^All events,[^\n]*\n([\s\S]*?)^A log that cannot be written/m.exec(manual) ?? []
const listed = [...events.matchAll(/`([a-z]+\.[a-z-]+)`/g)].map(([, name]) => name ?? '')

test('events are found, also where the level is chosen, and those written past the logger', () => {
  for (const name of ['node.started', 'sync.pulled', 'log.lines-dropped', 'node.key-in-two-places'])
    expect(logged).toContain(name)
})

test('every event is listed', () => {
  expect([...logged].filter((name) => !listed.includes(name)).sort()).toEqual([])
})

test('every listed event is logged', () => {
  expect(listed.filter((name) => !logged.has(name))).toEqual([])
})

test('no event has a name that is not found: in backticks, or put together', () => {
  const calls = sources.flatMap((text) => [...text.matchAll(/\blog(?:ger)?\.(?:debug|info|warn|error)\(\s*([^')\s])/g)])
  expect(calls.map(([call]) => call)).toEqual([])
})

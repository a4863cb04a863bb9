/** A bound that no test names is a bound that nobody has seen hold; one without its reason is a number. */
import { expect, test } from 'vitest'
import { sourcesUnder, textOf } from '../../support/sources.ts'

const FILES = [
  ...['sync', 'gossip', 'stream', 'intake', 'peer', 'newcomer'].map((of) => `src/protocol/${of}-limits.ts`),
  'src/dag/block-limits.ts',
]
const LIMIT = /^export const ([A-Z0-9_]+)/gm
const UNEXPLAINED = /(?<!\*\/\n)^export const ([A-Z0-9_]+)/gm
/** Where what a stranger sends is met first. */
const EDGE = [
  ...[
    ...['announce', 'announce-rate-limit', 'cbor-checks', 'codec', 'fetch', 'gossip-codec', 'payload-frames'],
    ...['pull-machine', 'recheck-budget', 'responder'],
  ].map((name) => `src/protocol/${name}.ts`),
  ...['avoided-heads', 'mempool', 'unaccepted'].map((name) => `src/node/chain/intake/${name}.ts`),
  ...['gossip/chain-gossip', 'host/peer-score', 'host/streams'].map((name) => `src/node/net/${name}.ts`),
  ...['client-stream', 'fetch-held', 'pull-scheduler', 'server'].map((name) => `src/node/net/sync/${name}.ts`),
]
const NUMBER = /^(?:export )?const ([A-Z0-9_]+) = [\d(]/gm

function namesIn(path: string, pattern: RegExp): string[] {
  return [...textOf(path).matchAll(pattern)].map(([, name]) => name!)
}

const limits = FILES.flatMap((path) => namesIn(path, LIMIT))
const tests = sourcesUnder('test')
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/unit/audit/'))
  .map(textOf)

test('the bounds are found', () => {
  expect(limits).toContain('MESSAGE_BYTES')
  expect(limits).toContain('MAX_BACKS')
})

test('every bound is named by a test', () => {
  const unseen = limits.filter((name) => !tests.some((text) => new RegExp(`\\b${name}\\b`).test(text)))
  expect(unseen).toEqual([])
})

test('every bound has its reason right above it', () => {
  expect(FILES.flatMap((path) => namesIn(path, UNEXPLAINED))).toEqual([])
})

test('every bound is in the table of all bounds', () => {
  const table = textOf('src/protocol/README.md')
  expect(limits.filter((name) => !table.includes(`\`${name}\``))).toEqual([])
})

test('files that meet strangers have no bounds of their own beside them', () => {
  expect(EDGE.flatMap((path) => namesIn(path, NUMBER).map((name) => `${path} ${name}`))).toEqual([])
})

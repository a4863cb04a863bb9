import { expect, test } from 'vitest'
import type { BlockId } from '../../../../../src/dag/ids.ts'
import { NegativeCache } from '../../../../../src/node/net/sync/negative-cache.ts'
import type { BlockFault } from '../../../../../src/protocol/faults.ts'
import { NEGATIVE_CACHE_PEERS, UNSOUND_IDS } from '../../../../../src/protocol/sync-limits.ts'
import type { PullResult } from '../../../../../src/protocol/pull-types.ts'
import { author, chain, post } from '../../../../support/blocks.ts'

const FORUM = chain('#in-vain', author(0).author)
const [a, b] = ['a', 'b'].map((payload) => post(FORUM, { payload }).block.id) as [BlockId, BlockId]
const MINUTE = 60_000

const ended = (heads: readonly BlockId[], more: Partial<PullResult> = {}): PullResult => ({
  fresh: 0,
  missing: 1,
  heads,
  commonHeads: [],
  end: { why: 'stalled' },
  ...more,
})

test('while a peer shows the heads of which nothing came, it is not asked again for a minute', () => {
  const cache = new NegativeCache()
  cache.noteEnd('peer', ended([a]), { version: 5, nowMs: 0 })
  expect(cache.expectedEnd('peer', [a], { version: 5, nowMs: MINUTE - 1 })).toBe('stalled')
  expect(cache.expectedEnd('peer', [a], { version: 5, nowMs: MINUTE })).toBeUndefined()
})

test('it is, when it shows others, when something changed here, and when it is another peer', () => {
  const cache = new NegativeCache()
  cache.noteEnd('peer', ended([a], { end: { why: 'done' } }), { version: 5, nowMs: 0 })
  expect(cache.expectedEnd('peer', [a], { version: 5, nowMs: 1 })).toBe('done')
  expect(cache.expectedEnd('peer', [a, b], { version: 5, nowMs: 1 })).toBeUndefined()
  expect(cache.expectedEnd('peer', [a], { version: 6, nowMs: 1 })).toBeUndefined()
  expect(cache.expectedEnd('other', [a], { version: 5, nowMs: 1 })).toBeUndefined()
})

test('each time in vain doubles the wait, up to an hour; not being asked meanwhile does not', () => {
  const cache = new NegativeCache()
  let nowMs = 0
  const waits: number[] = []
  for (let n = 0; n < 8; n++) {
    cache.noteEnd('peer', ended([a]), { version: 5, nowMs })
    cache.noteEnd('peer', ended([a]), { version: 5, nowMs: nowMs + 1 })
    const from = nowMs
    while (cache.expectedEnd('peer', [a], { version: 5, nowMs }) !== undefined) nowMs += MINUTE
    waits.push((nowMs - from) / MINUTE)
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
})

test.each([
  ['something came of it', { fresh: 1 }],
  ['it had nothing new', { heads: [] }],
  ['it was cut', { end: { why: 'failed', reason: 'RPC_TIMEOUT' } }],
] as const)('a pull that ended otherwise is no reason to wait: %s', (_, more) => {
  const cache = new NegativeCache()
  cache.noteEnd('peer', ended([a], more), { version: 5, nowMs: 0 })
  expect(cache.expectedEnd('peer', [a], { version: 5, nowMs: 1 })).toBeUndefined()
})

test.each<[string, BlockFault, boolean]>([
  ['a wrong height', { code: 'DAG_BAD_HEIGHT', expected: 2, found: 3 }, true],
  ['a back that may not be linked', { code: 'REP_UNACCEPTED_BACK', back: b }, true],
  ['a signature that this copy has', { code: 'DAG_BAD_SIGNATURE' }, false],
  ['a payload that this copy has', { code: 'DAG_BAD_PAYLOAD', why: 'its digest is another one' }, false],
  ['a back that may still come', { code: 'DAG_MISSING_BACK', back: b }, false],
])('what is refused for ever is remembered: %s', (_, fault, isRemembered) => {
  const cache = new NegativeCache()
  cache.noteStored([{ id: a, state: 'refused', fault }])
  expect(cache.unsound(a)).toEqual(isRemembered ? fault : undefined)
})

test('what is remembered of peers and of ids is bounded, the oldest goes first', () => {
  const cache = new NegativeCache()
  for (let n = 0; n <= NEGATIVE_CACHE_PEERS; n++) cache.noteEnd(String(n), ended([a]), { version: 5, nowMs: 0 })
  expect(cache.expectedEnd('0', [a], { version: 5, nowMs: 1 })).toBeUndefined()
  expect(cache.expectedEnd('1', [a], { version: 5, nowMs: 1 })).toBe('stalled')
  const fault = { code: 'DAG_BAD_HEIGHT', expected: 2, found: 3 } as const
  const ids = Array.from(
    { length: UNSOUND_IDS + 1 },
    (_, n) => n.toString(16).padStart(64, '0').toUpperCase() as BlockId,
  )
  cache.noteStored(ids.map((id) => ({ id, state: 'refused', fault })))
  expect([cache.unsound(ids[0]!), cache.unsound(ids[1]!)]).toEqual([undefined, fault])
})

/** Spec §8, step 3: where a reply takes long, fewer blocks are asked for at once. */
import { expect, test } from 'vitest'
import { sha256 } from '../../../src/dag/crypto.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { NO_OTHER_PULLS } from '../../../src/protocol/claims.ts'
import { Fetch } from '../../../src/protocol/fetch.ts'
import { REPLY_GOAL_MS } from '../../../src/protocol/stream-limits.ts'
import { GET_IDS, GETS_IN_FLIGHT } from '../../../src/protocol/sync-limits.ts'
import { BatchSize } from '../../../src/protocol/batch-size.ts'

test('as many as a request may, as long as replies come in time', () => {
  const width = new BatchSize()
  for (const ms of [1, REPLY_GOAL_MS]) {
    width.took(GET_IDS, ms)
    expect(width.ids).toBe(GET_IDS)
  }
})

test('what a line carries in time, where they do not; never none', () => {
  const width = new BatchSize()
  width.took(100, 4 * REPLY_GOAL_MS)
  expect(width.ids).toBe(25)
  width.took(1, 40 * REPLY_GOAL_MS)
  expect(width.ids).toBe(1)
})

test('twice as many after each that came in time, up to the bound: a line that got better is used', () => {
  const width = new BatchSize()
  width.took(1, 100 * REPLY_GOAL_MS)
  for (let wanted = 2; wanted <= 2 * GET_IDS; wanted *= 2) {
    width.took(1, 1)
    expect(width.ids).toBe(Math.min(wanted, GET_IDS))
  }
})

test('a fetch asks for no more at once than it is told, and for everything once', () => {
  const ids = Array.from({ length: GET_IDS + 10 }, (_, n) => blockId(sha256(Uint8Array.of(n >> 8, n & 255))))
  let width = 100
  const fetch = new Fetch(ids, { has: () => false, claims: NO_OTHER_PULLS, batchSize: () => width })
  const asked = Array.from({ length: GETS_IN_FLIGHT }, (_, tag) => [...(fetch.ask(tag) ?? [])])
  expect(asked.map(({ length }) => length)).toEqual(asked.map(() => 100))
  expect(asked.flat()).toEqual(ids.slice(0, 100 * GETS_IN_FLIGHT))
  width = 7
  fetch.take(0, { t: 'blocks', id: 0, asked: 100, blocks: [] })
  expect(fetch.ask(GETS_IN_FLIGHT)).toHaveLength(7)
})

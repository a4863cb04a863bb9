/** Spec §8, step 3: where a reply takes long, fewer blocks are asked for at once. */
import { expect, test } from 'vitest'
import { sha256 } from '../../../src/dag/crypto.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { ALONE } from '../../../src/protocol/claims.ts'
import { Fetch } from '../../../src/protocol/fetch.ts'
import { GET_IDS, REPLY_GOAL_MS } from '../../../src/protocol/limits.ts'
import { Width } from '../../../src/protocol/width.ts'

test('as many as a request may, as long as replies come in time', () => {
  const width = new Width()
  for (const ms of [1, REPLY_GOAL_MS]) {
    width.took(GET_IDS, ms)
    expect(width.ids).toBe(GET_IDS)
  }
})

test('what a line carries in time, where they do not; never none', () => {
  const width = new Width()
  width.took(100, 4 * REPLY_GOAL_MS)
  expect(width.ids).toBe(25)
  width.took(1, 40 * REPLY_GOAL_MS)
  expect(width.ids).toBe(1)
})

test('twice as many after each that came in time, up to the bound: a line that got better is used', () => {
  const width = new Width()
  width.took(1, 100 * REPLY_GOAL_MS)
  const widths = Array.from({ length: 9 }, () => {
    width.took(1, 1)
    return width.ids
  })
  expect(widths).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 256])
  expect(widths.at(-1)).toBe(GET_IDS)
})

test('a fetch asks for no more at once than it is told, and for everything once', () => {
  const ids = Array.from({ length: GET_IDS + 10 }, (_, n) => blockId(sha256(Uint8Array.of(n >> 8, n & 255))))
  let width = 100
  const fetch = new Fetch(ids, { has: () => false, claims: ALONE, width: () => width })
  const asked = [1, 2].map((tag) => [...(fetch.ask(tag) ?? [])])
  expect(asked.map(({ length }) => length)).toEqual([100, 100])
  width = 7
  asked.push([...(fetch.ask(3) ?? [])])
  expect(asked.at(-1)).toHaveLength(7)
  expect(asked.flat()).toEqual(ids.slice(0, 207))
})

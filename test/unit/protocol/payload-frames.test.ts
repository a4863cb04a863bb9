import { expect, test } from 'vitest'
import { FRAME_BYTES } from '../../../src/dag/store.ts'
import { PayloadFetch } from '../../../src/protocol/payload-frames.ts'
import { FRAMES_IN_FLIGHT } from '../../../src/protocol/sync-limits.ts'
import { author, chain, must, post } from '../../support/blocks.ts'

const { id: block } = post(chain('#frames', author(0).author)).block
const frame = (n: number): Uint8Array => new Uint8Array(FRAME_BYTES).fill(n)
const size = 6 * FRAME_BYTES + 10

test('no more frames are under way than the bound, and they are stored in order', () => {
  const fetch = new PayloadFetch({ block, size, framesHere: 0 })
  expect(fetch.ask()).toEqual([0, 1, 2, 3].map((n) => n * FRAME_BYTES))
  expect(fetch.ask()).toEqual([])
  expect(must(fetch.take(FRAME_BYTES, frame(1)))).toEqual([])
  expect(fetch.ask()).toEqual([])
  expect(must(fetch.take(0, frame(0))).map(({ n, bytes }) => [n, bytes[0]])).toEqual([
    [0, 0],
    [1, 1],
  ])
  expect(fetch.ask()).toHaveLength(2)
})

test('it goes on where an earlier arrival stopped, and the last frame holds the rest', () => {
  const fetch = new PayloadFetch({ block, size, framesHere: 6 })
  expect(fetch.ask()).toEqual([6 * FRAME_BYTES])
  expect(must(fetch.take(6 * FRAME_BYTES, new Uint8Array(10)))).toMatchObject([{ n: 6 }])
  expect(fetch.isComplete).toBe(true)
})

test('with another digest all of it is asked for again', () => {
  const fetch = new PayloadFetch({ block, size: 10, framesHere: 1 })
  expect(fetch.isComplete).toBe(true)
  fetch.reset()
  expect([fetch.isComplete, fetch.ask()]).toEqual([false, [0]])
})

test('a frame of a wrong length, twice, or not asked for: SYNC_BAD_FRAME', () => {
  const fetch = new PayloadFetch({ block, size, framesHere: 0 })
  fetch.ask()
  must(fetch.take(FRAME_BYTES, frame(1)))
  for (const [offset, length] of [
    [0, FRAME_BYTES - 1],
    [FRAME_BYTES, FRAME_BYTES],
    [FRAMES_IN_FLIGHT * FRAME_BYTES, FRAME_BYTES],
    [1, FRAME_BYTES],
  ] as const) {
    expect(fetch.take(offset, new Uint8Array(length))).toMatchObject({ fault: { code: 'SYNC_BAD_FRAME', offset } })
  }
})

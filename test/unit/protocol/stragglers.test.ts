/** Spec §8, step 3: whom others need not wait for, and whom they have to. */
import { describe, expect, test } from 'vitest'
import { BLOCKS_REPLY_BYTES, GET_IDS } from '../../../src/protocol/sync-limits.ts'
import type { Reply } from '../../../src/protocol/messages.ts'
import {
  OVERTAKE_FACTOR,
  OVERTAKE_MS,
  OVERTAKE_STRANGER_MS,
  overtaken,
  Stragglers,
  type ConcurrentPull,
} from '../../../src/protocol/stragglers.ts'

function reply(asked: number, bytes: number): Reply & { readonly t: 'blocks' } {
  return {
    t: 'blocks',
    id: 1,
    asked,
    blocks: bytes === 0 ? [] : [{ headerBytes: new Uint8Array(bytes), state: 'frames' }],
  }
}

describe('what is owed', () => {
  test('is owed since the oldest request without a reply', () => {
    const owing = new Stragglers()
    expect(owing.pendingMs(500)).toBe(0)
    owing.ask(1, GET_IDS, 100)
    owing.ask(2, GET_IDS, 300)
    expect(owing.pendingMs(500)).toBe(400)
    owing.take(1, reply(GET_IDS, 10), 600)
    expect([owing.replyMs, owing.pendingMs(600)]).toEqual([500, 300])
    owing.take(2, undefined, 700)
    expect([owing.replyMs, owing.pendingMs(900)]).toEqual([500, 0])
  })

  test('is owed on where little comes at a time: a full reply, or one of all that was asked for, ends that', () => {
    for (const [ending, since] of [
      [reply(1, 10), 0],
      [reply(1, BLOCKS_REPLY_BYTES / 4), 2_000],
      [reply(GET_IDS, 10), 2_000],
    ] as const) {
      const owing = new Stragglers()
      owing.ask(1, GET_IDS, 0)
      owing.take(1, reply(1, 10), 1_000)
      owing.ask(2, GET_IDS, 1_000)
      owing.take(2, ending, 2_000)
      owing.ask(3, GET_IDS, 2_000)
      expect(owing.pendingMs(2_500)).toBe(2_500 - since)
    }
  })
})

describe('a pull that others wait for', () => {
  class Runner implements ConcurrentPull {
    readonly stragglers = new Stragglers()
    isStranger = false
    behind: Runner | undefined
    waitsFor(other: Runner): boolean {
      return this.behind === other
    }
  }

  function race(tookMs: number): { readonly slow: Runner; readonly all: Runner[] } {
    const [slow, waiting, other] = [new Runner(), new Runner(), new Runner()]
    slow.stragglers.ask(1, GET_IDS, 0)
    waiting.stragglers.ask(1, GET_IDS, 0)
    waiting.stragglers.take(1, reply(GET_IDS, 10), tookMs)
    waiting.behind = slow
    return { slow, all: [slow, waiting, other] }
  }

  test('is overtaken once it has owed a reply for longer than the bound, and for much longer than the other took', () => {
    for (const tookMs of [0, OVERTAKE_MS, 10 * OVERTAKE_MS]) {
      const { slow, all } = race(tookMs)
      const patienceMs = Math.max(OVERTAKE_MS, OVERTAKE_FACTOR * tookMs)
      expect(overtaken(all, patienceMs)).toEqual([])
      expect(overtaken(all, patienceMs + 1)).toEqual([slow])
    }
  })

  test('and a stranger much sooner, if a known peer waits: any stranger can list blocks and keep them to himself', () => {
    const { slow, all } = race(0)
    slow.isStranger = true
    expect(overtaken(all, OVERTAKE_STRANGER_MS)).toEqual([])
    expect(overtaken(all, OVERTAKE_STRANGER_MS + 1)).toEqual([slow])
    for (const runner of all) runner.isStranger = true
    expect(overtaken(all, OVERTAKE_MS)).toEqual([])
  })

  test('but no sooner than a few times what the other took: a known peer on a slow line overtakes nobody', () => {
    const { slow, all } = race(OVERTAKE_MS)
    slow.isStranger = true
    expect(overtaken(all, OVERTAKE_FACTOR * OVERTAKE_MS)).toEqual([])
  })

  test('and one that nobody waits for is not, however slow', () => {
    const { all } = race(0)
    all[1]!.behind = undefined
    expect(overtaken(all, 100 * OVERTAKE_MS)).toEqual([])
  })
})

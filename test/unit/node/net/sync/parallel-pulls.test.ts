/** Concurrent pulls always end, whichever peer breaks off, trickles or forges (spec §8, step 3). */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import { OVERTAKEN } from '../../../../../src/node/net/sync/pull.ts'
import type { PullTask } from '../../../../../src/node/net/sync/pull-coordinator.ts'
import { GET_IDS } from '../../../../../src/protocol/sync-limits.ts'
import type { PullResult } from '../../../../../src/protocol/pull-types.ts'
import { holding, joiner, postsInLine } from '../../../../support/pulling.ts'
import { randomFrom } from '../../../../support/random.ts'
import { viewOf, type TestReplica } from '../../../../support/replicas.ts'
import { wiredTo, type OnReply } from '../../../../support/wired.ts'

interface Puller {
  readonly on: TestReplica
  readonly pull: (from: TestReplica, n: number, onReply?: OnReply, more?: Partial<PullTask>) => Promise<PullResult>
}

/** Pulls from peer `n`, which has the blocks of `from`. */
async function puller(): Promise<Puller> {
  const { on, pull } = await joiner()
  return { on, pull: async (from, n, onReply, more) => pull(await wiredTo(from.replica, n, onReply), more) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

afterEach(() => {
  vi.useRealTimers()
})

describe('peers that have the same, and list it in orders of their own', () => {
  const [one, other] = [postsInLine(700, 'p', 2500), postsInLine(700, 'q', 2500)]

  /** Both branches, interleaved in runs. */
  function mixed(random: () => number, run: number): MadeBlock[] {
    const blocks: MadeBlock[] = []
    const left = [[...one], [...other]]
    while (left.some((branch) => branch.length > 0)) {
      blocks.push(...(left[random() < 0.5 ? 0 : 1]?.splice(0, 1 + Math.floor(random() * run)) ?? []))
    }
    return blocks
  }

  test.each([3, 11, 12, 17, 18, 23])(
    'never wait for each other for ever, also if one of them breaks off: seed %i',
    async (seed) => {
      const random = randomFrom(seed)
      const { on, pull } = await puller()
      const sources = await Promise.all([1, 2, 3].map(() => holding(mixed(random, 250))))
      const leaving = new AbortController()
      let replies = 0
      const late: OnReply = async (_, reply) => {
        if ((replies += 1) === 12) leaving.abort()
        for (let turns = Math.floor(random() * 12); turns > 0; turns -= 1) await turn()
        return reply
      }
      const ends = await Promise.all(
        sources.map((source, n) => pull(source, n + 1, late, n === 2 ? { signal: leaving.signal } : {})),
      )
      // A pull in a cycle of waiting pulls may have been cut; it is tried again.
      for (const [n, { end }] of ends.entries()) if (end.why !== 'done') await pull(sources[n]!, n + 1)
      expect(viewOf(on)).toEqual(viewOf(sources[0]!))
    },
  )
})

test('a pull that waits for another one ends when it is told to', async () => {
  const source = await holding(postsInLine(300, 'a'))
  const { pull } = await puller()
  const isAsked = Promise.withResolvers<undefined>()
  const silenced = new AbortController()
  const silent = pull(
    source,
    1,
    (request, reply) => {
      if (request.t !== 'get') return reply
      isAsked.resolve(undefined)
      return new Promise<never>(() => undefined)
    },
    { signal: silenced.signal },
  )
  await isAsked.promise
  const leaving = new AbortController()
  const listed = Promise.withResolvers<undefined>()
  const waiting = pull(
    source,
    2,
    (request, reply) => {
      if (request.t === 'diff') listed.resolve(undefined)
      return reply
    },
    { signal: leaving.signal },
  )
  await listed.promise
  await turn()
  leaving.abort()
  expect((await waiting).end).toEqual({ why: 'failed', reason: 'RPC_ABORTED' })
  silenced.abort()
  await silent
})

test('a peer that gives one block at a time, each just in time, holds up nobody', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  const source = await holding(postsInLine(8 * GET_IDS, 'a'))
  const { on, pull } = await puller()
  const isAsked = Promise.withResolvers<undefined>()
  const gates: (() => void)[] = []
  const trickling = pull(source, 1, async (_, reply) => {
    if (reply.t !== 'blocks') return reply
    isAsked.resolve(undefined)
    await new Promise<void>((resolve) => gates.push(resolve))
    return { ...reply, asked: 1, blocks: reply.blocks.slice(0, 1) }
  })
  await isAsked.promise
  const honest = pull(source, 2)
  for (let round = 0; round < 4; round += 1) {
    // Between two replies of this peer, all blocks of the honest peer arrive.
    await vi.waitFor(() => expect(gates.length).toBeGreaterThan(0), { interval: 5 }).catch(() => undefined)
    await vi.advanceTimersByTimeAsync(2_500)
    for (const open of gates.splice(0)) open()
  }
  expect((await honest).end).toEqual({ why: 'done' })
  expect((await trickling).end).toEqual({ why: 'failed', reason: OVERTAKEN })
  expect(viewOf(on)).toEqual(viewOf(source))
})

test('who forges and hangs up at once is found out all the same', async () => {
  const source = await holding(postsInLine(3 * GET_IDS, 'a'))
  const { pull } = await joiner()
  const isForged = Promise.withResolvers<undefined>()
  let gets = 0
  const { stream, handshake } = await wiredTo(source.replica, 1, async (_, reply) => {
    if (reply.t !== 'blocks') return reply
    gets += 1
    if (gets > 1) {
      await isForged.promise
      return reply
    }
    setImmediate(() => isForged.resolve(undefined))
    return { ...reply, blocks: reply.blocks.map((block) => ({ ...block, signature: new Uint8Array(64).fill(9) })) }
  })
  const request: typeof stream.request = async (body, options) => {
    const reply = await stream.request(body, options)
    const isLater = reply.ok && reply.value.t === 'blocks' && reply.value.blocks[0]?.signature?.[0] !== 9
    return isLater ? { ok: false, fault: { code: 'RPC_CLOSED', peer: '', why: 'closed by the peer' } } : reply
  }
  const { end } = await pull({ stream: { ...stream, request }, handshake })
  expect(end).toMatchObject({ why: 'faulty', fault: { code: 'SYNC_BAD_BLOCK', fault: { code: 'DAG_BAD_SIGNATURE' } } })
})

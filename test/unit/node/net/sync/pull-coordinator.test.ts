/** Several pulls of one chain at once (spec §8, step 3), over real responders, without sockets. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { OVERTAKEN } from '../../../../../src/node/net/sync/pull.ts'
import type { PullCoordinator } from '../../../../../src/node/net/sync/pull-coordinator.ts'
import { GET_IDS, IDS_PER_PAGE } from '../../../../../src/protocol/sync-limits.ts'
import { holding, joiner, postsInLine } from '../../../../support/pulling.ts'
import { viewOf } from '../../../../support/replicas.ts'
import { wiredTo, type OnReply, type Wired } from '../../../../support/wired.ts'

/** More than a pull may buffer while it waits. */
const SOME = 8 * GET_IDS

afterEach(() => {
  vi.useRealTimers()
})

describe('a chain that several peers have', () => {
  test.each([2, 4])('is pulled from %i of them at once: each gives a part, and no block comes twice', async (count) => {
    const blocks = postsInLine(IDS_PER_PAGE + SOME)
    const { on, pull } = await joiner()
    const wired: Wired[] = []
    let mostAtOnce = 0
    // Replies take a turn of the event loop, so that all peers are asked before one pull is done.
    const watch: OnReply = async (_, reply) => {
      await new Promise((resolve) => setImmediate(resolve))
      const asked = wired.flatMap(({ asking }) => [...asking])
      expect(new Set(asked).size).toBe(asked.length)
      mostAtOnce = Math.max(mostAtOnce, wired.filter(({ asking }) => asking.size > 0).length)
      return reply
    }
    const source = await holding(blocks)
    for (let n = 1; n <= count; n++) wired.push(await wiredTo(source.replica, n, watch))
    const results = await Promise.all(wired.map((one) => pull(one)))
    expect(results.map(({ end }) => end.why)).toEqual(wired.map(() => 'done'))
    expect(results.reduce((sum, { fresh }) => sum + fresh, 0)).toBe(blocks.length)
    expect(viewOf(on)).toEqual(viewOf(source))
    const served = wired.flatMap((one) => one.served)
    expect(new Set(served).size).toBe(served.length)
    expect(Math.min(...wired.map((one) => one.served.length))).toBeGreaterThan(GET_IDS)
    expect(mostAtOnce).toBe(count)
  })

  test('who breaks off leaves the rest to the others', async () => {
    const blocks = postsInLine(SOME)
    const source = await holding(blocks)
    const { on, pull } = await joiner()
    const leaving = new AbortController()
    const first = await wiredTo(source.replica, 1, (request, reply) => {
      if (request.t !== 'get') return reply
      leaving.abort()
      return new Promise<never>(() => undefined)
    })
    const other = await wiredTo(source.replica, 2)
    const broken = pull(first, { signal: leaving.signal })
    const whole = pull(other)
    expect((await broken).end).toEqual({ why: 'failed', reason: 'RPC_ABORTED' })
    expect(await whole).toMatchObject({ fresh: SOME, end: { why: 'done' } })
    expect(viewOf(on)).toEqual(viewOf(source))
  })

  test('who lies is alone with it: the other pull brings everything', async () => {
    const blocks = postsInLine(SOME)
    const source = await holding(blocks)
    const { on, pull } = await joiner()
    const liar = await wiredTo(source.replica, 1, (_, reply) => {
      if (reply.t !== 'blocks') return reply
      return { ...reply, blocks: reply.blocks.map((block) => ({ ...block, signature: new Uint8Array(64).fill(9) })) }
    })
    const honest = await wiredTo(source.replica, 2)
    const [lie, truth] = await Promise.all([pull(liar), pull(honest)])
    expect(lie.end).toMatchObject({ why: 'faulty', fault: { code: 'SYNC_BAD_BLOCK' } })
    expect(truth).toMatchObject({ fresh: SOME, end: { why: 'done' } })
    expect(viewOf(on)).toEqual(viewOf(source))
  })

  test('one that does not answer is overtaken once another waits for it; what it was asked for is asked of that one', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    const blocks = postsInLine(SOME)
    const source = await holding(blocks)
    const { on, pull } = await joiner()
    const isAsked = Promise.withResolvers<undefined>()
    const silent = await wiredTo(source.replica, 1, (request, reply) => {
      if (request.t !== 'get') return reply
      isAsked.resolve(undefined)
      return new Promise<never>(() => undefined)
    })
    const quick = await wiredTo(source.replica, 2)
    const overtaken = pull(silent)
    await isAsked.promise
    const overtaking = pull(quick)
    // All blocks that no other pull has claimed are here; the rest waits for the silent peer.
    await vi.waitFor(() => {
      expect(quick.asking.size).toBe(0)
      expect(quick.served.length).toBeGreaterThan(0)
    })
    await vi.advanceTimersByTimeAsync(2_500)
    expect(on.replica.blocks).toBe(0)
    await vi.advanceTimersByTimeAsync(1_500)
    expect((await overtaken).end).toEqual({ why: 'failed', reason: OVERTAKEN })
    expect(await overtaking).toMatchObject({ fresh: SOME, end: { why: 'done' } })
    expect(viewOf(on)).toEqual(viewOf(source))
  })

  test('one that is slow is not, while nobody is faster', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    const source = await holding(postsInLine(SOME))
    const { pull } = await joiner()
    const gates: (() => void)[] = []
    const slow: OnReply = async (request, reply) => {
      if (request.t === 'get') await new Promise<void>((resolve) => gates.push(resolve))
      return reply
    }
    const wired = [await wiredTo(source.replica, 1, slow), await wiredTo(source.replica, 2, slow)]
    const state = { isOver: false }
    const results = Promise.all(wired.map((one) => pull(one))).finally(() => (state.isOver = true))
    while (!state.isOver) {
      // Each round of replies takes 2 s: too short to be overtaken by an equally slow pull.
      await vi.advanceTimersByTimeAsync(2_000)
      for (const open of gates.splice(0)) open()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await results).map(({ end }) => end.why)).toEqual(['done', 'done'])
  })
})

test('a pull of which nothing came is not repeated before anything changed', async () => {
  const source = await holding(postsInLine(3))
  const { pull } = await joiner()
  const withholding = await wiredTo(source.replica, 1, (_, reply) =>
    reply.t === 'blocks' ? { ...reply, blocks: [] } : reply,
  )
  const asked: string[] = []
  const counting = await wiredTo(source.replica, 1, (request, reply) => {
    asked.push(request.t)
    return reply.t === 'blocks' ? { ...reply, blocks: [] } : reply
  })
  expect((await pull(withholding)).end).toEqual({ why: 'stalled' })
  expect((await pull(counting)).end).toEqual({ why: 'stalled' })
  expect(asked).toEqual(['open'])
})

test('how far it has come can be watched', async () => {
  const blocks = postsInLine(SOME + 2 * GET_IDS)
  const source = await holding(blocks)
  const { pulls, pull } = await joiner()
  const seen: ReturnType<PullCoordinator['progress']>[] = []
  const wired = await wiredTo(source.replica, 1, (_, reply) => {
    if (reply.t === 'blocks') seen.push(pulls.progress())
    return reply
  })
  await pull(wired)
  expect(seen[0]).toMatchObject({ blocks: 0, missing: blocks.length, from: [wired.stream.peer.toString()] })
  expect(seen.at(-1)?.blocks).toBeGreaterThan(0)
  expect(seen.at(-1)?.missing).toBeLessThan(blocks.length)
  expect(pulls.progress()).toBeUndefined()
})

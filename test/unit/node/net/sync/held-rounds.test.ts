/** Whom a node asks for held posts, and when (spec §8, Collecting): on a clock of the test's. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { author, chain, post } from '../../../../support/blocks.ts'
import type { AuthorKey } from '../../../../../src/dag/ids.ts'
import { Lobby } from '../../../../../src/node/chain/lobby.ts'
import { HeldRounds, type CollectedChain } from '../../../../../src/node/net/sync/held-rounds.ts'
import {
  COLLECT_AT_ONCE,
  COLLECT_BACKOFF_MS,
  COLLECT_EVERY_MS,
  COLLECT_HINT_MS,
  COLLECT_TIMEOUT_MS,
  COLLECTED,
  COLLECTED_PEERS,
} from '../../../../../src/protocol/newcomer-limits.ts'

let rounds: HeldRounds
const chains: CollectedChain[] = []
let nowMs = 0

beforeEach(() => {
  vi.useFakeTimers()
  nowMs = 0
  chains.length = 0
  rounds = new HeldRounds({ chains: () => chains, nowMs: () => nowMs })
})

afterEach(async () => {
  chains.length = 0
  await vi.advanceTimersByTimeAsync(COLLECT_TIMEOUT_MS)
  await rounds.stop()
  vi.useRealTimers()
})

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    nowMs += 100
    await vi.advanceTimersByTimeAsync(100)
  }
}

/** A chain with these peers; `asked` has when each was asked. */
function chainOf(peers: string[], collect: (peer: string) => Promise<boolean> = () => Promise.resolve(true)) {
  const asked: (readonly [peer: string, atMs: number])[] = []
  const of: CollectedChain & { areCollected: boolean } = {
    areCollected: true,
    peers: () => peers,
    collect: (peer) => {
      asked.push([peer, nowMs])
      return collect(peer)
    },
  }
  chains.push(of)
  return { of, asked, peers }
}

const silent = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false), COLLECT_TIMEOUT_MS))

describe('a peer is asked', () => {
  test('when they meet, and then from time to time', async () => {
    const { asked } = chainOf(['one'])
    await pass(2 * COLLECT_EVERY_MS + 2000)
    expect(asked).toHaveLength(3)
    expect(asked[0]![1]).toBeLessThanOrEqual(1000)
    expect(asked[1]![1] - asked[0]![1]).toBeGreaterThanOrEqual(COLLECT_EVERY_MS)
  })

  test('at once when it says that some wait, but only so often: it costs nothing to say', async () => {
    const { of, asked } = chainOf(['one'])
    await pass(10_000)
    rounds.hint(of, 'one')
    await pass(1000)
    expect(asked).toHaveLength(2)
    for (let n = 0; n < 10; n += 1) {
      rounds.hint(of, 'one')
      await pass(100)
    }
    expect(asked).toHaveLength(2)
    await pass(COLLECT_HINT_MS)
    expect(asked).toHaveLength(3)
  })

  test('not where nothing is collected, nor after a hint there', async () => {
    const { of, asked } = chainOf(['one'])
    of.areCollected = false
    rounds.hint(of, 'one')
    await pass(5000)
    expect(asked).toEqual([])
  })

  test('later and later while it does not answer, and as before once it did', async () => {
    let answers = false
    const { asked } = chainOf(['one'], () => (answers ? Promise.resolve(true) : silent()))
    await pass(COLLECT_BACKOFF_MS)
    const silentFor = asked.length
    expect(silentFor).toBeLessThanOrEqual(5)
    answers = true
    await pass(COLLECT_BACKOFF_MS + COLLECT_TIMEOUT_MS)
    const since = asked.length
    await pass(2 * COLLECT_EVERY_MS + 1000)
    expect(asked.length - since).toBeGreaterThanOrEqual(2)
  })
})

describe('nobody is kept waiting', () => {
  test('silent peers leave room for one that answers: all are asked within a minute', async () => {
    const peers = Array.from({ length: 100 }, (_, n) => `p${String(n).padStart(3, '0')}`)
    const { asked } = chainOf([...peers, 'z-honest'], (peer) =>
      peer === 'z-honest' ? Promise.resolve(true) : silent(),
    )
    await pass(60_000)
    expect(asked.map(([peer]) => peer)).toContain('z-honest')
    expect(asked.find(([peer]) => peer === 'z-honest')?.[1]).toBeLessThan(45_000)
  })

  test('fresh ids that come all the time stand behind those who wait', async () => {
    const { asked, peers } = chainOf(['honest'])
    for (let n = 0; n < 600; n += 1) {
      peers.push(`fresh${String(n)}`)
      await pass(100)
    }
    expect(asked.filter(([peer]) => peer === 'honest').length).toBeGreaterThanOrEqual(2)
  })

  test('at most so many are asked at once, and so many a second, of all chains together', async () => {
    let underWay = 0
    let most = 0
    const slow = async (): Promise<boolean> => {
      most = Math.max(most, (underWay += 1))
      await silent()
      underWay -= 1
      return true
    }
    const peers = Array.from({ length: COLLECTED_PEERS }, (_, n) => `p${String(n)}`)
    const [a, b] = [chainOf(peers, slow), chainOf(peers, slow)]
    await pass(20_000)
    expect(most).toBe(COLLECT_AT_ONCE)
    expect(a.asked.length + b.asked.length).toBeLessThanOrEqual(COLLECTED.burst + 20 * COLLECTED.perSecond)
  })
})

/** 50 peers that list fresh junk without end, half of them slowly, and one with a post by an honest newcomer. */
test('a flood of held posts from 50 peers: an honest newcomer is heard within a minute, wherever he stands among them', async () => {
  const forum = chain('#forum', author(1).author)
  const { block } = post(forum, { author: 5 })
  for (const place of [0, 25, 50]) {
    const lobby = new Lobby()
    const name = `p${String(place).padStart(2, '0')}x`
    const junk = Array.from({ length: 50 }, (_, n) => `p${String(n).padStart(2, '0')}`)
    let fresh = 0
    let heardAtMs: number | undefined
    const begunMs = nowMs
    const listOf = (peer: string): { id: typeof block.id; by: string }[] =>
      Array.from({ length: 16 }, () => {
        fresh += 1
        return {
          id: `${String(place)}${fresh.toString(16)}`.toUpperCase().padStart(64, '0') as typeof block.id,
          by: `${peer}${String(fresh)}`,
        }
      })
    const collect = async (peer: string): Promise<boolean> => {
      const isHonest = peer === name
      if (!isHonest && Number(peer.slice(1)) % 2 === 1) await silent()
      const listed = isHonest ? [{ id: block.id, by: 'newcomer' }] : listOf(peer)
      lobby.listedBy(
        peer,
        listed.map(({ id }) => id),
        nowMs,
      )
      const wanted = lobby.wanted(
        listed.map(({ id }) => id),
        { peer, share: 'farm', nowMs },
      )
      for (const { id, by } of listed.filter((one) => wanted.includes(one.id))) {
        const header = { ...block.header, author: by as AuthorKey }
        const has = lobby.offer({
          block: { ...block, id, header },
          payload: new Uint8Array(9),
          peer,
          share: 'farm',
          sinceMs: nowMs,
        })
        if (has && isHonest) heardAtMs ??= nowMs
      }
      return true
    }
    // The flood is there first.
    const { of, peers } = chainOf(junk, collect)
    await pass(120_000)
    expect(lobby.size).toBeGreaterThanOrEqual(50)
    peers.push(name)
    const joinedMs = nowMs
    await pass(60_000)
    expect(heardAtMs).toBeGreaterThan(begunMs)
    expect(heardAtMs! - joinedMs).toBeLessThan(60_000)
    expect(lobby.get(block.id)).toBeDefined()
    // Nor is he driven out afterwards.
    await pass(180_000)
    expect(lobby.get(block.id)).toBeDefined()
    chains.splice(chains.indexOf(of), 1)
  }
})

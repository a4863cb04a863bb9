/** The only founder seen is taken for a forum that follows nobody (spec §2), however late the first peer comes. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AuthorKey } from '../../../../src/dag/ids.ts'
import { silentLogger } from '../../../../src/node/base/log.ts'
import type { Joined } from '../../../../src/node/chain/registry.ts'
import { LOOK_MS, LoneFounder } from '../../../../src/node/daemon/lone-founder.ts'
import type { ChainServices } from '../../../../src/node/net/chain-network.ts'
import type { PeersFounder } from '../../../../src/node/net/sync/seen-founders.ts'
import { author, chain } from '../../../support/blocks.ts'

const [A, B] = [author(1).author, author(2).author]

/** A forum as far as the rule looks at it. */
class Forum {
  readonly joined: Joined<ChainServices>
  followed: AuthorKey | undefined
  /** Blocks by founder, as peers say. */
  seen: readonly (readonly [AuthorKey, number])[] = []
  /** How often it was asked what peers say. */
  asked = 0

  constructor(name: string, followed?: AuthorKey) {
    this.followed = followed
    const needsFounder = (): boolean => this.followed === undefined
    const replica = {
      chain: chain(name),
      get needsFounder() {
        return needsFounder()
      },
    }
    const founders = (): PeersFounder[] => {
      this.asked++
      return this.seen.map(([founder, blocks]) => ({ founder, blocks, peers: ['ann'] }))
    }
    this.joined = { replica, attached: { sync: { founders } } } as unknown as Joined<ChainServices>
  }
}

let rule: LoneFounder
let forums: Forum[]
let warned: unknown[]
let failed: unknown[]
/** What a choice waits for, as behind a join under way. */
let turn: () => Promise<unknown>

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  ;[forums, warned, failed, turn] = [[], [], [], () => Promise.resolve()]
  rule = new LoneFounder({
    chains: {
      all: () => forums.map(({ joined }) => joined),
      followIfNone: async (joined, founder) => {
        await turn()
        const forum = forums.find((one) => one.joined === joined)
        if (forum === undefined || forum.followed !== undefined) return false
        forum.followed = founder
        return true
      },
    },
    log: {
      ...silentLogger,
      warn: (event, facts) => warned.push([event, facts]),
      error: (event, facts) => failed.push([event, facts]),
    },
  })
})

afterEach(async () => {
  await rule.stop()
  vi.useRealTimers()
})

function joining(name = '#chat', followed?: AuthorKey): Forum {
  const forum = new Forum(name, followed)
  forums.push(forum)
  return forum
}

async function looks(count: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(count * LOOK_MS)
}

test('the only one, at the second look that finds it, however late; it is logged once', async () => {
  const forum = joining()
  await looks(100)
  forum.seen = [[A, 1]]
  await looks(1)
  expect([forum.followed, warned]).toEqual([undefined, []])
  await looks(1)
  expect(forum.followed).toBe(A)
  await looks(10)
  expect(warned).toEqual([['chain.founder-taken', { chain: chain('#chat').id, founder: A }]])
})

test('another at the second look: it has to be found twice itself', async () => {
  const forum = joining()
  forum.seen = [[A, 5]]
  await looks(1)
  forum.seen = [[B, 5]]
  await looks(1)
  expect(forum.followed).toBeUndefined()
  await looks(1)
  expect(forum.followed).toBe(B)
})

test('one that was not seen in between is not found at two looks in a row', async () => {
  const forum = joining()
  for (let times = 0; times < 3; times++) {
    forum.seen = [[A, 5]]
    await looks(1)
    forum.seen = []
    await looks(1)
  }
  expect(forum.followed).toBeUndefined()
})

test('none of several, also when the second is heard after the first look', async () => {
  const forum = joining()
  forum.seen = [[A, 5]]
  await looks(1)
  forum.seen = [
    [A, 5],
    [B, 2],
  ]
  await looks(20)
  expect([forum.followed, warned]).toEqual([undefined, []])
})

test('first posts with nothing on them do not keep out of the forum that goes on', async () => {
  const forum = joining()
  forum.seen = [
    [B, 1],
    [A, 7],
    [author(3).author, 1],
  ]
  await looks(2)
  expect(forum.followed).toBe(A)
})

test('a founder who was chosen stays, and of forums that follow somebody nothing is asked', async () => {
  const chosen = joining('#chosen', B)
  const founded = joining('#founded')
  for (const forum of forums) forum.seen = [[A, 5]]
  await looks(1)
  founded.followed = B
  await looks(5)
  expect([chosen.followed, founded.followed, chosen.asked, founded.asked]).toEqual([B, B, 0, 1])
  expect(warned).toEqual([])
})

test('a founder who is chosen while the choice waits for its turn stays, and the log says nothing', async () => {
  const forum = joining()
  forum.seen = [[A, 5]]
  turn = () => {
    forum.followed = B
    return Promise.resolve()
  }
  await looks(3)
  expect([forum.followed, warned]).toEqual([B, []])
})

test('each forum has its own; one that was left and joined again begins anew', async () => {
  const [first, second] = [joining('#one'), joining('#two')]
  first.seen = [[A, 1]]
  second.seen = [[B, 1]]
  await looks(1)
  forums.splice(0, 1)
  const again = joining('#one')
  again.seen = [[A, 1]]
  await looks(1)
  expect([first.followed, again.followed, second.followed]).toEqual([undefined, undefined, B])
  await looks(1)
  expect(again.followed).toBe(A)
})

test('a choice that fails is told, and tried again', async () => {
  const forum = joining()
  forum.seen = [[A, 1]]
  turn = () => Promise.reject(new Error('no room'))
  await looks(2)
  expect([forum.followed, failed]).toEqual([undefined, [['chain.founder-not-taken', { why: 'Error: no room' }]]])
  turn = () => Promise.resolve()
  await looks(1)
  expect(forum.followed).toBe(A)
})

test('a stop between two looks leaves no timer behind', async () => {
  await looks(1)
  await rule.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('after the stop nothing is taken: it waits for the choice that is under way, and makes no other', async () => {
  const [first, second] = [joining('#one'), joining('#two')]
  for (const forum of forums) forum.seen = [[A, 1]]
  const held = Promise.withResolvers<unknown>()
  turn = () => held.promise
  await looks(2)
  let isStopped = false
  const stopping = rule.stop().then(() => {
    isStopped = true
  })
  await looks(3)
  expect(isStopped).toBe(false)
  held.resolve(undefined)
  await stopping
  await looks(5)
  expect([first.followed, second.followed]).toEqual([A, undefined])
  expect(vi.getTimerCount()).toBe(0)
})

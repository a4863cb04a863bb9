/** Which peers may be asked about a chain, and which have it (spec §7). */
import { expect, test } from 'vitest'
import type { Chain } from '../../../../../src/dag/chain.ts'
import { ComparedChain, type ComparedChainModules } from '../../../../../src/node/net/sync/compared-chain.ts'
import type { PullEnd } from '../../../../../src/protocol/pull-types.ts'
import { author, chain } from '../../../../support/blocks.ts'
import { openReplica } from '../../../../support/replicas.ts'
import { peerOf, wiredTo } from '../../../../support/wired.ts'

const family = (n: number): Chain => chain('$family', Buffer.alloc(32, n).toString('hex'))
const FORUM = chain('#forum', author(1).author)

/** A chain here, and at peer 1, which gossip does not know. */
async function comparing(here: Chain, there: Chain, modules: Partial<ComparedChainModules> = {}) {
  const { replica } = await openReplica(here)
  const { stream } = await wiredTo((await openReplica(there)).replica, 1)
  const compared: string[] = []
  const self = await peerOf(0)
  const client = { stream: () => Promise.resolve({ ok: true, value: stream }) }
  const one = new ComparedChain(1, {
    replica,
    self,
    client: client as unknown as ComparedChainModules['client'],
    sync: { suggest: (peer) => compared.push(peer), collectHeld: () => Promise.resolve(true) },
    subscribers: () => [],
    isConnected: () => true,
    isStatic: () => false,
    random: () => 0,
    ...modules,
  })
  const id = await peerOf(1)
  const ended = (end: PullEnd, fresh = 0): void => {
    one.notePulled(id, { fresh, missing: 0, heads: [], commonHeads: [], end })
  }
  return { one, id, peer: id.toString(), compared, ended, signal: new AbortController().signal }
}

test('a peer that no topic names is asked, and compared with from then on, because it has the chain', async () => {
  const { one, peer, compared, signal } = await comparing(FORUM, FORUM)
  expect([one.next(peer, 0), one.peers()]).toEqual(['ask', []])
  expect(await one.ask(peer, signal)).toBe('yes')
  expect([one.next(peer, 0), one.peers()]).toEqual(['compare', [peer]])
  one.compareWithSome(4)
  expect(compared).toEqual([peer])
})

test('a peer that does not have it is left alone, until it subscribes or opens it here', async () => {
  const { one, id, peer, signal } = await comparing(FORUM, chain('#other', author(1).author))
  expect(await one.ask(peer, signal)).toBe('no')
  expect([one.next(peer, 0), one.peers()]).toEqual(['nothing', []])
  one.noteSubscribed(peer)
  expect(one.next(peer, 0)).toBe('ask')
  one.noteOpened(id)
  expect(one.peers()).toEqual([peer])
})

test('strangers are not asked about a group; static peers are, and whoever opened it here is compared with', async () => {
  const stranger = await comparing(family(9), family(9))
  expect(stranger.one.next(stranger.peer, 0)).toBe('nothing')
  stranger.one.noteOpened(stranger.id)
  expect(stranger.one.next(stranger.peer, 0)).toBe('compare')
  const friend = await comparing(family(9), family(9), { isStatic: () => true })
  expect(friend.one.next(friend.peer, 0)).toBe('ask')
  expect(await friend.one.ask(friend.peer, friend.signal)).toBe('yes')
  const other = await comparing(family(9), family(8), { isStatic: () => true })
  expect(await other.one.ask(other.peer, other.signal)).toBe('no')
})

test('the end of a pull says whether the peer has the chain', async () => {
  const { one, peer, ended } = await comparing(FORUM, FORUM)
  ended({ why: 'failed', reason: 'RPC_CLOSED' })
  expect(one.peers()).toEqual([])
  for (const why of ['done', 'stalled', 'postponed', 'no-founder'] as const) {
    ended({ why: 'unknown-chain' })
    expect(one.peers()).toEqual([])
    ended({ why })
    expect([one.peers(), one.next(peer, 0)]).toEqual([[peer], 'nothing'])
  }
  expect(one.next(peer, Infinity)).toBe('compare')
})

test('a subscriber that said that it does not have the chain is not among those that are compared', async () => {
  const eve = (await peerOf(7)).toString()
  const { one, peer, compared, ended } = await comparing(FORUM, FORUM, { subscribers: () => [eve] })
  expect([one.next(eve, 0), one.peers()]).toEqual(['nothing', [eve]])
  ended({ why: 'done' }, 1)
  one.compareWithSome(1)
  expect(compared).toEqual([peer])
})

test('a peer that is away is not asked, and is compared with when it is back', async () => {
  let isConnected = true
  const { one, peer, ended } = await comparing(FORUM, FORUM, { isConnected: () => isConnected })
  ended({ why: 'done' })
  isConnected = false
  expect(one.peers()).toEqual([])
  isConnected = true
  expect(one.peers()).toEqual([peer])
})

test('who provides the chain in the DHT is pulled from, even of a group, unless it is known or said no', async () => {
  const { one, peer, compared, ended } = await comparing(family(9), family(9))
  one.noteFound(peer)
  expect(compared).toEqual([peer])
  ended({ why: 'done' })
  one.noteFound(peer)
  ended({ why: 'unknown-chain' })
  one.noteFound(peer)
  expect(compared).toEqual([peer])
})

/** Held posts of other nodes have slots (spec §5, Lobby): one of an author, few of a peer, and shared fairly. */
import { describe, expect, test } from 'vitest'
import { author, chain, post } from '../../../support/blocks.ts'
import type { AuthorKey } from '../../../../src/dag/ids.ts'
import { Lobby, LobbyBudget, type LobbyPost } from '../../../../src/node/chain/lobby.ts'
import {
  LOBBY_AWAY_MS,
  LOBBY_BYTES,
  LOBBY_DECLINED,
  LOBBY_DECLINED_MS,
  LOBBY_SLOTS,
  LOBBY_SLOTS_PER_PEER,
  LOBBY_TURN_MS,
} from '../../../../src/protocol/newcomer-limits.ts'

const forum = chain('#forum', author(1).author)
const BLOCKS = Array.from({ length: 80 }, (_, n) => post(forum, { author: 1000 + n }).block)
let made = 0

/** A post of an author of its own, unless a number says whose. */
function from(
  peer: string,
  parts: { by?: number; share?: string; sinceMs?: number; payload?: Uint8Array } = {},
): LobbyPost {
  const { by, share = peer, sinceMs = 0, payload = new Uint8Array(1) } = parts
  const { block } = by === undefined ? { block: { ...BLOCKS[0]! } } : post(forum, { author: by })
  made += 1
  const id = made.toString(16).toUpperCase().padStart(64, '0') as typeof block.id
  const header = by === undefined ? { ...block.header, author: id as unknown as AuthorKey } : block.header
  return { block: { ...block, id, header }, payload, peer, share, sinceMs }
}

const peersIn = (lobby: Lobby): string[] => lobby.all().map(({ peer }) => peer)

function filledBy(peers: number, share = (peer: string) => peer): Lobby {
  const lobby = new Lobby()
  for (let n = 0; lobby.size < LOBBY_SLOTS; n += 1) {
    const peer = `p${String(n % peers)}`
    lobby.offer(from(peer, { share: share(peer) }))
  }
  return lobby
}

describe('slots', () => {
  test('a peer has few, however many posts it lists', () => {
    const lobby = new Lobby()
    for (let n = 0; n <= LOBBY_SLOTS_PER_PEER; n += 1) lobby.offer(from('one'))
    expect(lobby.size).toBe(LOBBY_SLOTS_PER_PEER)
    expect(lobby.wanted([from('one').block.id], { peer: 'one', share: 'one', nowMs: 0 })).toEqual([])
  })

  test('an author has one, at whatever peer; unsigned posts have one for each peer', () => {
    const lobby = new Lobby()
    expect([lobby.offer(from('one', { by: 7 })), lobby.offer(from('two', { by: 7 }))]).toEqual([true, false])
    const unsigned = (peer: string): LobbyPost => {
      const { block, ...rest } = from(peer)
      const { author: _, ...header } = block.header
      return { ...rest, block: { ...block, header } }
    }
    const three = ['one', 'one', 'two'].map(unsigned).map((each) => lobby.offer(each))
    expect(three).toEqual([true, false, true])
  })

  test('of what a peer lists no more is fetched than could get a slot, the first ones first', () => {
    const lobby = new Lobby()
    const ids = Array.from({ length: 9 }, () => from('one').block.id)
    const wanted = lobby.wanted(ids, { peer: 'one', share: 'one', nowMs: 0 })
    expect(wanted).toEqual(ids.slice(0, LOBBY_SLOTS_PER_PEER))
  })

  test('when all are taken, the peer with the most loses its youngest post for one that has fewer', () => {
    const lobby = filledBy(LOBBY_SLOTS / LOBBY_SLOTS_PER_PEER)
    const before = lobby.all()
    expect(lobby.offer(from('new'))).toBe(true)
    const gone = before.filter(({ block }) => lobby.get(block.id) === undefined)
    expect(gone).toHaveLength(1)
    expect(lobby.all().filter(({ peer }) => peer === gone[0]!.peer)).toHaveLength(LOBBY_SLOTS_PER_PEER - 1)
    expect(before.filter(({ peer }) => peer === gone[0]!.peer).at(-1)).toBe(gone[0])
  })

  test('many peers of one address count as one before those of others', () => {
    const lobby = filledBy(LOBBY_SLOTS, () => 'farm')
    expect([lobby.offer(from('a', { share: 'home' })), lobby.offer(from('b', { share: 'home' }))]).toEqual([true, true])
    expect(peersIn(lobby).filter((peer) => peer.startsWith('p'))).toHaveLength(LOBBY_SLOTS - 2)
  })

  test('when nobody has more than another, the longest here makes room once it had its turn, and is not fetched for a while', () => {
    const lobby = filledBy(LOBBY_SLOTS)
    const [oldest] = lobby.all()
    expect(lobby.offer(from('new', { sinceMs: LOBBY_TURN_MS - 1 }))).toBe(false)
    expect(lobby.offer(from('new', { sinceMs: LOBBY_TURN_MS }))).toBe(true)
    const { id } = oldest!.block
    expect([lobby.size, lobby.get(id)]).toEqual([LOBBY_SLOTS, undefined])
    const wanted = (nowMs: number) => lobby.wanted([id], { peer: 'p0', share: 'p0', nowMs }).length
    expect(wanted(LOBBY_TURN_MS + 1)).toBe(0)
    expect(wanted(LOBBY_TURN_MS + LOBBY_DECLINED_MS + LOBBY_TURN_MS)).toBe(1)
  })
})

describe('a post leaves', () => {
  test('when its peer lists it no more', () => {
    const lobby = new Lobby()
    const [a, b] = [from('one'), from('one')]
    for (const each of [a, b]) lobby.offer(each)
    lobby.listedBy('one', [b.block.id], 5)
    expect(lobby.all().map(({ block }) => block.id)).toEqual([b.block.id])
  })

  test('a day after its peer was last asked, and not before', () => {
    const lobby = new Lobby()
    lobby.offer(from('one'))
    lobby.listedBy('two', [], LOBBY_AWAY_MS)
    expect(lobby.size).toBe(1)
    lobby.listedBy('two', [], LOBBY_AWAY_MS + 1)
    expect(lobby.size).toBe(0)
  })

  test('as many declined ids are remembered as are allowed, the oldest forgotten first', () => {
    const lobby = new Lobby()
    const ids = Array.from({ length: LOBBY_DECLINED + 1 }, () => from('one').block.id)
    for (const id of ids) lobby.decline(id, 100)
    const asked = [ids[0]!, ids.at(-1)!]
    expect(lobby.wanted(asked, { peer: 'one', share: 'one', nowMs: 0 })).toEqual([ids[0]])
  })
})

test('the lobbies of all chains share their memory: the largest gives up some, and an emptier one gets it', () => {
  const budget = new LobbyBudget()
  const [large, small] = [new Lobby(budget), new Lobby(budget)]
  const payload = new Uint8Array(LOBBY_BYTES / LOBBY_SLOTS)
  for (let n = 0; n < LOBBY_SLOTS; n += 1) large.offer(from(`p${String(n)}`, { payload }))
  expect(large.bytes).toBeLessThanOrEqual(LOBBY_BYTES)
  const before = large.size
  expect(small.offer(from('new', { payload }))).toBe(true)
  expect([large.size < before, large.bytes + small.bytes <= LOBBY_BYTES]).toEqual([true, true])
  large.close()
  expect(large.bytes).toBe(0)
})

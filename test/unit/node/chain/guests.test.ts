/** Held posts of other nodes (spec §5, Lobby): checked, kept outside of the graph, welcomed; and who heard of our own. */
import { describe, expect, test, vi } from 'vitest'
import { bytes, chain, must, post } from '../../../support/blocks.ts'
import { NOW_MS, takeIn } from '../../../support/replicas.ts'
import {
  ANN,
  BOB,
  forumOf,
  indexOf,
  NED,
  NIA,
  openForumReplica,
  reopened,
  says,
  stands,
  THEN_MS,
  told,
  votes,
  type ForumReplica,
} from '../../../support/forum-replicas.ts'
import type { MadeBlock } from '../../../../src/dag/block.ts'
import { MAX_AHEAD_MS } from '../../../../src/dag/block-limits.ts'
import { UNLIMITED } from '../../../../src/node/chain/intake/signatures.ts'
import {
  HEARD_PEERS,
  LOBBY_DECLINED_MS,
  LOBBY_REMOVED_MS,
  LOBBY_RETRY_MS,
  OWN_AUTHORS,
} from '../../../../src/protocol/newcomer-limits.ts'

const forum = forumOf(3)
const first = post(forum, { author: ANN, time: THEN_MS })
const PEER = { peer: 'node-c', share: '192.0.2.1', mayRecheck: UNLIMITED }

async function opened(): Promise<ForumReplica> {
  const on = await openForumReplica(forum)
  await takeIn(on, [first])
  told(on)
  return on
}

function newcomers(by = NED, parts: { text?: string; time?: number } = {}): MadeBlock {
  const { text = 'may I come in?', time = THEN_MS + 1 } = parts
  return post(forum, { author: by, backs: [first.block], time, payload: bytes(text) })
}

const offer = ({ replica }: ForumReplica, made: MadeBlock) => replica.guests.offer(made, PEER)
const wanted = ({ replica }: ForumReplica, made: MadeBlock) => replica.guests.listedBy(PEER, [made.block.id]).length

describe('a held post of another node', () => {
  test('is in the lobby and told of, with where it is from, and leaves nothing in the graph, nor after a restart', async () => {
    const on = await opened()
    const made = newcomers()
    const size = on.replica.graph.size
    expect(must(await offer(on, made))).toBe(true)
    expect(on.events).toMatchObject([
      { kind: 'held', id: made.block.id, guest: { peer: 'node-c', backs: [first.block.id] } },
    ])
    expect([on.replica.graph.size, on.replica.has(made.block.id), on.replica.held()]).toEqual([size, false, []])
    expect(on.replica.guests.inLobby().map(({ block }) => block.id)).toEqual([made.block.id])
    const again = await reopened(on)
    expect(again.replica.guests.inLobby()).toEqual([])
  })

  test('is welcomed by a like, like one that was fetched by command, and told of once', async () => {
    const on = await opened()
    const made = newcomers()
    must(await offer(on, made))
    told(on)
    await on.replica.guests.admit(made.block.id)
    expect([stands(on, made), on.replica.guests.inLobby(), told(on)]).toEqual(['guest', [], []])
    const liked = must(await votes(on, BOB, 1, made.block.id))
    expect([liked.state, on.replica.graph.isAccepted(indexOf(on, made.block.id))]).toEqual(['accepted', true])
  })

  test('that was dropped before is a guest again', async () => {
    const on = await opened()
    const made = newcomers()
    for (let n = 0; n < 2; n += 1) {
      must(await offer(on, made))
      await on.replica.guests.admit(made.block.id)
      expect(stands(on, made)).toBe('guest')
      await on.replica.drop(indexOf(on, made.block.id))
      expect(stands(on, made)).toBe('gone')
    }
  })

  test('leaves the lobby once it is accepted by what others say', async () => {
    const on = await opened()
    const made = newcomers()
    const there = await opened()
    await there.replica.ingest([made], 'held')
    await there.replica.keepGuests([made.block.id])
    const liked = must(await votes(there, BOB, 1, made.block.id))
    must(await offer(on, made))
    const like = { block: await there.replica.block(indexOf(there, liked.id)), payload: new Uint8Array(0) }
    await takeIn(on, [made, like])
    expect([stands(on, made), on.replica.guests.inLobby()]).toEqual(['unpaid', []])
  })

  test('is refused with a fault of its sender if it is forged, unsound, or too large', async () => {
    const on = await opened()
    const made = newcomers()
    const forged = { ...made, block: { ...made.block, signature: new Uint8Array(64) } }
    const early = newcomers(NED, { time: THEN_MS - 1 })
    const other = { ...made, payload: bytes('another text') }
    for (const [bad, code] of [
      [forged, 'DAG_BAD_SIGNATURE'],
      [early, 'DAG_BAD_TIME'],
      [other, 'DAG_BAD_PAYLOAD'],
    ] as const) {
      expect(await offer(on, bad)).toMatchObject({ ok: false, fault: { code } })
    }
    expect([on.replica.guests.inLobby(), on.events]).toEqual([[], []])
  })

  test('comes later if what it stands on is not here, or its time has not come; a like never does', async () => {
    vi.useFakeTimers()
    try {
      const on = await opened()
      const second = post(forum, { author: ANN, backs: [first.block], time: THEN_MS + 1 })
      const onSecond = post(forum, { author: NED, backs: [second.block], time: THEN_MS + 2 })
      expect(await offer(on, onSecond)).toMatchObject({ fault: { code: 'DAG_MISSING_BACK' } })
      const ahead = newcomers(NIA, { time: NOW_MS + MAX_AHEAD_MS + 1 })
      expect(must(await offer(on, ahead))).toBe(false)
      expect([wanted(on, onSecond), wanted(on, ahead)]).toEqual([0, 0])
      vi.advanceTimersByTime(LOBBY_RETRY_MS)
      expect([wanted(on, onSecond), wanted(on, ahead)]).toEqual([1, 1])
      await takeIn(on, [second])
      expect(must(await offer(on, onSecond))).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  test('that somebody removed here is not fetched again for a day', async () => {
    vi.useFakeTimers()
    try {
      const on = await opened()
      const made = newcomers()
      must(await offer(on, made))
      expect([on.replica.guests.dismiss(made.block.id), on.replica.guests.dismiss(made.block.id)]).toEqual([
        true,
        false,
      ])
      expect([on.replica.guests.inLobby(), wanted(on, made)]).toEqual([[], 0])
      vi.advanceTimersByTime(LOBBY_REMOVED_MS - 1)
      expect(LOBBY_REMOVED_MS).toBeGreaterThan(LOBBY_DECLINED_MS)
      expect(wanted(on, made)).toBe(0)
      vi.advanceTimersByTime(1)
      expect(wanted(on, made)).toBe(1)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('this node collects them', () => {
  test('if it was told to, and by itself once an author who posts through it has reps; never in groups', async () => {
    const on = await opened()
    expect(on.replica.guests.areCollected).toBe(false)
    await says(on, NED, 'I have none')
    expect(on.replica.guests.areCollected).toBe(false)
    await says(on, BOB, 'I have some')
    expect(on.replica.guests.areCollected).toBe(true)
    const again = await reopened(on)
    expect(again.replica.guests.areCollected).toBe(true)
    const told = await opened()
    told.replica.guests.isToldTo = true
    expect(told.replica.guests.areCollected).toBe(true)
    const group = await openForumReplica(chain('$family', '09'.repeat(32)))
    group.replica.guests.isToldTo = true
    expect(group.replica.guests.areCollected).toBe(false)
  })

  test('of authors who posted here it looks at the latest ones', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [first])
    await says(on, BOB, 'long ago')
    for (let n = 0; n < OWN_AUTHORS - 1; n += 1) await says(on, 500 + n, 'hello')
    expect(on.replica.guests.areCollected).toBe(true)
    await says(on, 700, 'one more')
    expect(on.replica.guests.areCollected).toBe(false)
  })
})

test('how many peers heard of a held post made here is counted, each once, until it is welcomed', async () => {
  const on = await opened()
  const { id } = await says(on, NED, 'may I come in?')
  for (const peer of ['a', 'b', 'a']) on.replica.guests.noteHeard(peer)
  expect(on.replica.guests.heardOf(id)).toBe(2)
  for (let n = 0; n <= HEARD_PEERS; n += 1) on.replica.guests.noteHeard(`p${String(n)}`)
  expect(on.replica.guests.heardOf(id)).toBe(HEARD_PEERS)
  must(await votes(on, BOB, 1, id))
  on.replica.guests.noteHeard('z')
  expect(on.replica.guests.heardOf(id)).toBe(0)
})

/** One chain on one node: what is taken in, what is refused and why, what time does, and that the store agrees. */
import { describe, expect, test, vi } from 'vitest'
import { MemoryStore } from '../../../support/memory-store.ts'
import { MAX_AHEAD_MS } from '../../../../src/dag/block-limits.ts'
import type { MadeBlock } from '../../../../src/dag/block.ts'
import { Bug } from '../../../../src/dag/result.ts'
import { StorageFailed } from '../../../../src/node/storage/faults.ts'
import { post as makePost } from '../../../../src/node/chain/posting.ts'
import { blockVerdict, isUnsound } from '../../../../src/protocol/faults.ts'
import type { ChainEvent } from '../../../../src/node/chain/intake/chain-events.ts'
import { author, bytes, chain, like, must, post } from '../../../support/blocks.ts'
import { NOW_MS, openReplica, takeIn, viewOf } from '../../../support/replicas.ts'

const GROUP_KEY = 'AB'.repeat(32)
const forum = chain('#forum')
const group = chain('$group', GROUP_KEY)
/** Its authors 1, 2 and 3 have ten reps each. */
const forumReplica = chain('#forum', author(1).author, author(2).author, author(3).author)
const owned = chain(`@${author(1).author}`)
const ownerOnly = chain(`@!${author(1).author}`)

/** The same block with one bit of its signature turned. */
function forged({ block, payload }: MadeBlock): MadeBlock {
  const signature = Uint8Array.from(block.signature ?? [])
  signature[5] = (signature[5] ?? 0) ^ 1
  return { block: { ...block, signature }, payload }
}

describe('§2 who posts where', () => {
  test('in a forum anyone with reputation; who has none, or does not sign, waits for somebody who pays', async () => {
    const on = await openReplica(forum)
    const first = post(forum, { author: 1 })
    const backs = [first.block]
    expect(await takeIn(on, [first, post(forum, { author: 1, backs })])).toEqual(['accepted', 'accepted'])
    expect(await takeIn(on, [post(forum, { author: 2, backs }), post(forum, { backs })])).toEqual([
      'surplus',
      'surplus',
    ])
  })

  test('in a group whoever has the key, signed or not', async () => {
    const on = await openReplica(group)
    const first = post(group)
    expect(await takeIn(on, [first, post(group, { author: 3, backs: [first.block] })])).toEqual([
      'accepted',
      'accepted',
    ])
  })

  test('what does not open under the key of the group is refused', async () => {
    const on = await openReplica(group)
    const outsider = post(chain('$group', 'CD'.repeat(32)), { author: 3 })
    const block = { ...outsider.block, header: { ...outsider.block.header, backs: post(group).block.header.backs } }
    expect(await takeIn(on, [{ ...outsider, block }])).toEqual(['DAG_BAD_PAYLOAD'])
    expect(await takeIn(on, [{ ...post(group), payload: bytes('something else') }])).toEqual(['DAG_BAD_PAYLOAD'])
  })

  test('in @ the owner, and others under the forum rules; in @! the owner alone', async () => {
    const on = await openReplica(owned)
    expect(await takeIn(on, [post(owned, { author: 1 }), post(owned, { author: 2 }), post(owned)])).toEqual([
      'accepted',
      'surplus',
      'surplus',
    ])
    const only = await openReplica(ownerOnly)
    expect(await takeIn(only, [post(ownerOnly, { author: 1 })])).toEqual(['accepted'])
    const guest = post(owned, { author: 2 })
    const there = {
      ...guest,
      block: {
        ...guest.block,
        header: { ...guest.block.header, backs: post(ownerOnly, { author: 1 }).block.header.backs },
      },
    }
    expect(await takeIn(only, [there])).toEqual(['DAG_NOT_OWNER'])
  })

  test("a forum's first author is its pioneer, and others' first posts are refused", async () => {
    const on = await openReplica(forum)
    expect(on.replica.pioneer).toBeUndefined()
    expect(await takeIn(on, [post(forum, { author: 1 }), post(forum, { author: 2 })])).toEqual([
      'accepted',
      'DAG_OTHER_PIONEER',
    ])
    expect(on.replica.pioneer).toBe(author(1).author)
    expect((await openReplica(forum, on.store)).replica.pioneer).toBe(author(1).author)
  })
})

describe('§3 checks in order of cost, the signature last', () => {
  test('a forged signature is refused', async () => {
    const on = await openReplica(forum)
    expect(await takeIn(on, [forged(post(forum, { author: 1 }))])).toEqual(['DAG_BAD_SIGNATURE'])
  })

  test('what is wrong otherwise is found before the signature is looked at', async () => {
    const on = await openReplica(forum)
    const first = post(forum, { author: 1 })
    const second = post(forum, { author: 1, backs: [first.block] })
    expect(await takeIn(on, [forged(second)])).toEqual(['DAG_MISSING_BACK'])
    expect(await takeIn(on, [{ ...forged(first), payload: bytes('another') }])).toEqual(['DAG_BAD_PAYLOAD'])
    expect(await takeIn(on, [first, forged(post(forum, { author: 2 }))])).toEqual(['accepted', 'DAG_OTHER_PIONEER'])
  })

  test('a block that was refused for a missing back is taken once the back is here', async () => {
    const on = await openReplica(forum)
    const first = post(forum, { author: 1 })
    const second = post(forum, { author: 1, backs: [first.block] })
    expect(await takeIn(on, [second, first, second, second])).toEqual([
      'DAG_MISSING_BACK',
      'accepted',
      'accepted',
      'known',
    ])
  })

  test('likes are taken by the rules of soundness', async () => {
    const on = await openReplica(forumReplica)
    const first = post(forumReplica, { author: 1 })
    const liked = like(forumReplica, 1, first.block, { author: 2, backs: [first.block] })
    const again = like(forumReplica, 1, liked.block, { author: 3, backs: [liked.block] })
    expect(await takeIn(on, [first, liked, again])).toEqual(['accepted', 'accepted', 'DAG_BAD_LIKE'])
  })
})

describe('§3 blocks ahead of the clock', () => {
  const soon = NOW_MS + MAX_AHEAD_MS

  test('up to 30 minutes ahead is accepted; more, and all above it, is set aside until then', async () => {
    const on = await openReplica(forum)
    const first = post(forum, { author: 1, time: soon })
    const ahead = post(forum, { author: 1, time: soon + 1, backs: [first.block] })
    const above = post(forum, { author: 1, time: soon + 2, backs: [ahead.block] })
    const other = post(forum, { author: 1, time: soon, backs: [first.block] })
    expect(await takeIn(on, [first, ahead, above, other])).toEqual(['accepted', 'ahead', 'ahead', 'accepted'])
    expect(viewOf(on).heads).toEqual([other.block.id])
    on.clock.set(NOW_MS + 1)
    await on.replica.advanceClock()
    expect(viewOf(on).heads).toEqual([other.block.id, ahead.block.id].sort())
    on.clock.set(NOW_MS + 2)
    await on.replica.advanceClock()
    expect(viewOf(on).heads).toEqual([other.block.id, above.block.id].sort())
  })

  test("others' blocks that are set aside take no room on the disk; fetched again they get in when their time comes", async () => {
    const store = new MemoryStore()
    const on = await openReplica(forum, store)
    const ahead = post(forum, { author: 1, time: soon + 1 })
    expect(await takeIn(on, [ahead])).toEqual(['ahead'])
    expect([on.replica.aheadCount, on.replica.graph.size, on.replica.bytes]).toEqual([1, 1, 0])
    const anew = await openReplica(forum, store)
    expect([anew.replica.aheadCount, anew.replica.blocks, anew.replica.pioneer]).toEqual([0, 0, undefined])
    expect(await takeIn(anew, [ahead, ahead])).toEqual(['ahead', 'known'])
    anew.clock.set(NOW_MS + 1)
    await anew.replica.advanceClock()
    expect([anew.replica.aheadCount, anew.replica.blocks, anew.replica.pioneer]).toEqual([0, 1, author(1).author])
  })

  test('a clock that was wrong does not brick its author: what it made is set aside once the clock is right', async () => {
    const on = await openReplica(forum, new MemoryStore(), NOW_MS + 10 * MAX_AHEAD_MS)
    const early = post(forum, { author: 1, time: NOW_MS })
    await takeIn(on, [early])
    must(await makePost(on.replica, { payload: bytes('from the future'), pvt: author(1) }, on.clock))
    on.clock.set(NOW_MS)
    await on.replica.advanceClock()
    expect(viewOf(on).heads).toEqual([early.block.id])
    const posted = must(await makePost(on.replica, { payload: bytes('from now'), pvt: author(1) }, on.clock))
    expect([posted.state, posted.height]).toEqual(['accepted', 2])
    expect(viewOf(await openReplica(forum, on.store))).toEqual(viewOf(on))
  })

  test('a first post that is set aside again leaves its author the pioneer, in the running node as after a restart', async () => {
    const on = await openReplica(forum, new MemoryStore(), NOW_MS + 10 * MAX_AHEAD_MS)
    await takeIn(on, [post(forum, { author: 1, time: NOW_MS + 9 * MAX_AHEAD_MS })])
    on.clock.set(NOW_MS)
    await on.replica.advanceClock()
    for (const each of [on, await openReplica(forum, on.store)]) {
      expect([each.replica.pioneer, each.replica.blocks]).toEqual([author(1).author, 0])
      expect(await takeIn(each, [post(forum, { author: 2 })])).toEqual(['DAG_OTHER_PIONEER'])
    }
  })

  test('a block that stands on one whose time has come brings it in, before the clock is looked at again', async () => {
    const on = await openReplica(forum)
    const first = post(forum, { author: 1, time: soon + 1 })
    const second = post(forum, { author: 1, backs: [first.block] })
    await takeIn(on, [first])
    on.clock.set(NOW_MS + 1)
    expect(await takeIn(on, [second])).toEqual(['accepted'])
    expect([on.replica.blocks, on.replica.aheadCount]).toEqual([2, 0])
  })
})

describe('events and payloads', () => {
  test('each accepted block makes one event, pasts first, after it is in the store', async () => {
    const on = await openReplica(forumReplica)
    const seen: ChainEvent[] = []
    on.replica.listen((events) => seen.push(...events))
    const first = post(forumReplica, { author: 1 })
    const second = like(forumReplica, 1, first.block, { author: 2, backs: [first.block] })
    await takeIn(on, [first, second, first])
    expect(seen.map(({ id, kind, height }) => [id, kind, height])).toEqual([
      [first.block.id, 'post', 1],
      [second.block.id, 'like', 2],
    ])
  })

  test('§8 a missing payload never stops acceptance, except of unsigned posts and likes in groups; it is listed until it comes', async () => {
    const on = await openReplica(forum)
    const { block, payload } = post(forum, { author: 1 })
    const [outcome] = await on.replica.ingest([{ block, payload: 'missing' }], 'pull')
    expect([outcome?.state, [...on.replica.missing]]).toEqual(['accepted', [1]])
    await on.store.putFrame(block.id, 0, payload)
    await on.replica.payloadArrived(1, payload.byteLength)
    expect([...on.replica.missing]).toEqual([])
    expect([...(await openReplica(forum, on.store)).replica.missing]).toEqual([])
    const inGroup = await openReplica(group)
    const [refused] = await inGroup.replica.ingest([{ block: post(group).block, payload: 'missing' }], 'pull')
    expect(refused).toMatchObject({ state: 'refused', fault: { code: 'DAG_BAD_PAYLOAD' } })
  })

  test('§3 in a group a signed post is taken in without its payload: its author may have taken it back', async () => {
    const on = await openReplica(group)
    const said = post(group, { author: 1 })
    const vote = like(group, -1, said.block, { author: 1, backs: [said.block] })
    const missing = [said, vote].map(({ block }) => ({ block, payload: 'missing' as const }))
    const outcomes = await on.replica.ingest(missing, 'pull')
    expect(outcomes.map(({ state }) => state)).toEqual(['accepted', 'refused'])
    expect([...on.replica.missing]).toEqual([1])
    expect(await takeIn(on, [vote])).toEqual(['accepted'])
    expect([on.replica.state.isTakenBack(1), on.replica.missing.size]).toEqual([true, 0])
  })

  test('§3 a copy whose payload does not open is held against its sender, and not against the block', async () => {
    const on = await openReplica(group)
    const strayed = { ...group, params: { ...group.params, key: new Uint8Array(32).fill(7) } }
    const { block, payload } = post(strayed, { author: 1 })
    const [copy] = await on.replica.ingest([{ block, payload }], 'pull')
    const fault = copy?.state === 'refused' ? copy.fault : expect.unreachable('it does not open')
    expect(fault).toMatchObject({ code: 'DAG_BAD_PAYLOAD', why: "it does not open under the group's key" })
    expect([blockVerdict(fault), isUnsound(fault)]).toEqual(['reject', false])
    const [other] = await on.replica.ingest([{ block, payload: 'missing' }], 'pull')
    expect(other?.state).toBe('accepted')
  })

  test('what was being written when the disk failed is nowhere: no head, not served, not known to be here', async () => {
    const store = new MemoryStore()
    const on = await openReplica(forum, store)
    const first = post(forum, { author: 1 })
    const second = post(forum, { author: 1, backs: [first.block] })
    const third = post(forum, { author: 1, backs: [second.block] })
    await takeIn(on, [first])
    const before = viewOf(on)
    const events: ChainEvent[] = []
    on.replica.listen((seen) => events.push(...seen))
    vi.spyOn(store, 'commit').mockRejectedValueOnce(new StorageFailed('the disk is full'))
    await expect(takeIn(on, [second, third])).rejects.toThrow('the disk is full')
    expect(viewOf(on)).toEqual(before)
    expect([on.replica.blocks, events]).toEqual([1, []])
    await expect(on.replica.block(2)).rejects.toThrow('the disk is full')
  })

  test('after a write that failed nothing is taken in, not even what is known, until the node starts anew', async () => {
    const store = new MemoryStore()
    const on = await openReplica(forum, store)
    const first = post(forum, { author: 1 })
    vi.spyOn(store, 'commit').mockRejectedValueOnce(new StorageFailed('the disk is full'))
    await expect(takeIn(on, [first])).rejects.toThrow('the disk is full')
    expect(on.replica.pioneer).toBeUndefined()
    await expect(takeIn(on, [first])).rejects.toThrow('the disk is full')
    await expect(makePost(on.replica, { payload: bytes('mine'), pvt: author(1) }, on.clock)).rejects.toThrow(
      StorageFailed,
    )
    await expect(on.replica.advanceClock()).rejects.toThrow(StorageFailed)
    const anew = await openReplica(forum, store)
    expect(await takeIn(anew, [first])).toEqual(['accepted'])
  })

  test('blocks of a pull are judged while those before are written, and told in their order', async () => {
    const store = new MemoryStore()
    const gates = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    const on = await openReplica(owned, store)
    const commit = store.commit.bind(store)
    let begun = 0
    vi.spyOn(store, 'commit').mockImplementation(async (change) => {
      await gates[begun++]?.promise
      await commit(change)
    })
    const told: string[] = []
    on.replica.listen((events) => told.push(...events.map(({ id }) => id)))
    const first = post(owned, { author: 1 })
    const next = post(owned, { author: 1, backs: [first.block] })
    const taken = Promise.all([takeIn(on, [first]), takeIn(on, [next])])
    await vi.waitFor(() => expect(on.replica.graph.has(next.block.id)).toBe(true))
    expect([begun, on.replica.blocks, told]).toEqual([1, 0, []])
    for (const { resolve } of gates) resolve(undefined)
    expect(await taken).toEqual([['accepted'], ['accepted']])
    expect(told).toEqual([first.block.id, next.block.id])
    expect(viewOf(await openReplica(owned, store))).toEqual(viewOf(on))
  })

  test('when those before cannot be written, those judged meanwhile are not taken in either', async () => {
    const store = new MemoryStore()
    const on = await openReplica(owned, store)
    const isFull = Promise.withResolvers<undefined>()
    vi.spyOn(store, 'commit').mockImplementation(async () => {
      await isFull.promise
      throw new StorageFailed('the disk is full')
    })
    const first = post(owned, { author: 1 })
    const next = post(owned, { author: 1, backs: [first.block] })
    const taken = Promise.allSettled([takeIn(on, [first]), takeIn(on, [next])])
    await vi.waitFor(() => expect(on.replica.graph.has(next.block.id)).toBe(true))
    isFull.resolve(undefined)
    expect((await taken).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect([on.replica.blocks, on.replica.graph.acceptedCount]).toEqual([0, 0])
    await expect(on.replica.advanceClock()).rejects.toThrow(StorageFailed)
  })

  test('a listener that fails does not undo what is in the store', async () => {
    const on = await openReplica(forum)
    const first = post(forum, { author: 1 })
    const stop = on.replica.listen(() => {
      throw new Bug('a listener is broken')
    })
    await expect(takeIn(on, [first])).rejects.toThrow(Bug)
    stop()
    expect(await takeIn(on, [first, post(forum, { author: 1, backs: [first.block] })])).toEqual(['known', 'accepted'])
    expect(viewOf(await openReplica(forum, on.store))).toEqual(viewOf(on))
  })
})

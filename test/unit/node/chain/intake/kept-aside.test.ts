/** Payloads of hidden posts that are kept aside (spec §4): for how long, over restarts and crashes, and how they come back. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import type { Chain } from '../../../../../src/dag/chain.ts'
import { blockView, openPayload } from '../../../../../src/node/api/block-view.ts'
import { verifyStore } from '../../../../../src/node/chain/verify-store.ts'
import { chain, like, must, post } from '../../../../support/blocks.ts'
import { DAY } from '../../../../support/economy.ts'
import { MemoryStore } from '../../../../support/memory-store.ts'
import { NOW_MS, takeIn } from '../../../../support/replicas.ts'
import {
  ANN,
  forumOf,
  indexOf,
  openForumReplica,
  openOnDisk,
  reopened,
  stands,
  THEN_MS,
  votes,
  type ForumReplica,
} from '../../../../support/forum-replicas.ts'

/** Four reps each. */
const forum = forumOf(7)
const shout = post(forum, { author: ANN, time: THEN_MS, payload: 'something that nobody wants to read' })
const dislikes = votesOn(forum, shout, shout, -1, 2, 3, 4, 5, 6)
const likes = votesOn(forum, shout, dislikes.at(-1) ?? shout, 1, 2, 3, 4)

/** Votes by authors, each on the one before. */
function votesOn(of: Chain, target: MadeBlock, on: MadeBlock, n: 1 | -1, ...authors: readonly number[]): MadeBlock[] {
  const line: MadeBlock[] = []
  for (const by of authors) line.push(like(of, n, target.block, { author: by, backs: [(line.at(-1) ?? on).block] }))
  return line
}

/** What this node shows of a post, has of it, and misses of it; and what its store says of payloads that are kept aside. */
async function look(on: ForumReplica, { block }: MadeBlock = shout): Promise<string> {
  const index = indexOf(on, block.id)
  const shown = await openPayload(on.replica, index, block, undefined).catch((error: unknown) => error)
  const { aside } = await on.store.load(() => undefined)
  const words = [
    shown instanceof Error ? 'not shown' : 'shown',
    (await on.store.frame(block.id, 0)) === undefined ? 'gone' : 'here',
    ...(on.replica.missing.has(index) ? ['missing'] : []),
    ...(aside.has(index) ? [`aside since ${String(((aside.get(index) ?? 0) - NOW_MS) / DAY)}`] : []),
  ]
  return words.join(', ')
}

async function later(on: ForumReplica, days: number): Promise<void> {
  on.clock.set(NOW_MS + days * DAY)
  await on.replica.advanceClock()
}

async function problemsOf(on: ForumReplica): Promise<readonly string[]> {
  return (await verifyStore(on.chain, on.store, { seed: 1, onProgress: () => undefined })).problems
}

const ASIDE = 'not shown, here, aside since 0'
const GONE = 'not shown, gone'

describe('§4 the payload of a hidden post', () => {
  test('is kept aside for 30 days by the clock of the node, unless told otherwise, and counts among its bytes', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [shout, ...dislikes])
    const { bytes } = on.replica
    expect(await look(on)).toBe(ASIDE)
    await later(on, 30 - 1 / DAY)
    expect([await look(on), on.replica.bytes]).toEqual([ASIDE, bytes])
    await later(on, 30)
    expect([await look(on), on.replica.bytes]).toEqual([GONE, bytes - shout.payload.byteLength])
    expect([stands(on, shout), on.replica.missing.size, await problemsOf(on)]).toEqual(['paid', 0, []])
  })

  test('stays here and comes back by likes, at once and whole; it is not missing meanwhile', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [shout])
    await takeIn(on, dislikes)
    const { bytes } = on.replica
    expect([await look(on), on.replica.missing.size]).toEqual([ASIDE, 0])
    await takeIn(on, likes)
    expect(await look(on)).toBe('shown, here')
    expect(on.replica.bytes).toBeGreaterThan(bytes)
    await later(on, 1000)
    expect([await look(on), await problemsOf(on)]).toEqual(['shown, here', []])
  })

  test('begins anew when dislikes hide it anew', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [shout, ...dislikes])
    await later(on, 20)
    await takeIn(on, likes)
    await takeIn(on, votesOn(forum, shout, likes.at(-1) ?? shout, -1, 7))
    expect(await look(on)).toBe('not shown, here, aside since 20')
    await later(on, 40)
    expect(await look(on)).toBe('not shown, here, aside since 20')
    await later(on, 50)
    expect(await look(on)).toBe(GONE)
  })

  test('that is gone is fetched again when the post comes back', async () => {
    const on = await openForumReplica(forum, { keepHiddenMs: DAY })
    await takeIn(on, [shout, ...dislikes])
    await later(on, 1)
    expect(await look(on)).toBe(GONE)
    await takeIn(on, likes)
    expect(await look(on)).toBe('not shown, gone, missing')
  })

  test('that never came is not fetched while the post is hidden, and is wanted when it shows', async () => {
    const on = await openForumReplica(forum)
    await on.replica.ingest([{ block: shout.block, payload: 'missing' }, ...dislikes], 'pull')
    expect([await look(on), on.replica.missing.size]).toEqual([GONE, 0])
    await takeIn(on, likes)
    expect(await look(on)).toBe('not shown, gone, missing')
  })
})

describe('§4 over a restart', () => {
  test('it is still kept aside, with its time; also on the disk', async () => {
    const disk = await openOnDisk(forum)
    const on = await openForumReplica(forum, { store: disk.store })
    await takeIn(on, [shout])
    await takeIn(on, dislikes)
    const { bytes } = on.replica
    await on.replica.close()
    const again = await openForumReplica(forum, { store: await disk.reopen(), nowMs: NOW_MS + 29 * DAY })
    expect([await look(again), again.replica.bytes, await problemsOf(again)]).toEqual([ASIDE, bytes, []])
    await again.replica.close()
    const late = await openForumReplica(forum, { store: await disk.reopen(), nowMs: NOW_MS + 30 * DAY })
    expect([await look(late), await problemsOf(late)]).toEqual([GONE, []])
  })

  test('the config may have changed: it goes at the start where nothing is kept any more, and stays where more is', async () => {
    const on = await openForumReplica(forum, { keepHiddenMs: 10 * DAY })
    await takeIn(on, [shout, ...dislikes])
    const longer = await reopened(on, 20 * DAY)
    await later(longer, 15)
    expect(await look(longer)).toBe(ASIDE)
    const none = await reopened(longer, 0)
    expect([await look(none), await problemsOf(none)]).toEqual([GONE, []])
  })

  test('whatever was written last before a kill, the mark is there just if the post is hidden', async () => {
    const writes: (() => Promise<void>)[] = []
    const recorded = new MemoryStore()
    const on = await openForumReplica(forum, { store: recording(recorded, writes) })
    for (const made of [shout, ...dislikes, ...likes]) await takeIn(on, [made])
    await takeIn(on, votesOn(forum, shout, likes.at(-1) ?? shout, -1, 7))
    await later(on, 30)
    for (let kept = 1; kept <= writes.length; kept += 1) {
      const store = new MemoryStore()
      for (const write of writes.slice(0, kept)) await write.call(store)
      const again = await openForumReplica(forum, { store })
      const isHidden = again.replica.state.isHidden(indexOf(again, shout.block.id))
      const isOver = kept === writes.length
      expect(await look(again), `after write ${String(kept)}`).toBe(isHidden ? (isOver ? GONE : ASIDE) : 'shown, here')
      expect(await problemsOf(again)).toEqual([])
    }
  })
})

/** A store of which every commit is kept, to be done again on another. */
function recording(store: MemoryStore, writes: ((this: MemoryStore) => Promise<void>)[]): MemoryStore {
  const commit = store.commit.bind(store)
  store.commit = (changes) => {
    writes.push(function (this: MemoryStore) {
      return this.commit(changes)
    })
    return commit(changes)
  }
  return store
}

describe('§4 a post that its author takes back', () => {
  test('is kept aside as long, and likes do not show it', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [shout])
    must(await votes(on, ANN, -1, shout.block.id))
    for (const by of [2, 3, 4]) must(await votes(on, by, 1, shout.block.id))
    expect(await look(on)).toBe(ASIDE)
    const index = indexOf(on, shout.block.id)
    expect(blockView(on.replica, index, shout.block, on.clock).why).toBe('taken back by its author')
    await later(on, 30)
    expect(await look(on)).toBe(GONE)
  })

  test('shows again, from what was kept, when that is withdrawn', async () => {
    const poor = forumOf(15)
    const mine = post(poor, { author: ANN, time: THEN_MS, payload: 'mine' })
    const takes = like(poor, -1, mine.block, { author: ANN, backs: [mine.block], time: THEN_MS + 9 })
    const rival = post(poor, { author: ANN, backs: [mine.block], time: THEN_MS + 5, payload: 'elsewhere' })
    const on = await openForumReplica(poor)
    await takeIn(on, [mine, takes])
    expect(await look(on, mine)).toBe(ASIDE)
    await takeIn(on, [rival])
    expect([stands(on, takes), await look(on, mine)]).toEqual(['surplus', 'shown, here'])
    expect(await look(await reopened(on), mine)).toBe('shown, here')
  })

  test('in a group too, and in @ by the owner', async () => {
    for (const of of [
      chain('$group', 'AB'.repeat(32)),
      chain(`@${post(forum, { author: ANN }).block.header.author ?? ''}`),
    ]) {
      const said = post(of, { author: ANN, time: THEN_MS, payload: 'among us' })
      const on = await openForumReplica(of)
      await takeIn(on, [said])
      must(await votes(on, ANN, -1, said.block.id))
      expect(await look(on, said)).toBe(ASIDE)
      await later(on, 30)
      expect([await look(on, said), await problemsOf(on)]).toEqual([GONE, []])
    }
  })
})

/** `freechains check`: a store that says what its blocks say passes, and any column that was altered is found. */
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../../support/memory-store.ts'
import type { ChainRow, ChainStore } from '../../../../src/reputation/block-state.ts'
import { verifyStore } from '../../../../src/node/chain/verify-store.ts'
import { chain, like, post } from '../../../support/blocks.ts'
import { openReplica, takeIn } from '../../../support/replicas.ts'

const forum = chain('#forum')
const first = post(forum, { author: 1 })
const second = post(forum, { author: 1, backs: [first.block] })
const guest = post(forum, { author: 2, backs: [second.block] })
const welcome = like(forum, 1, guest.block, { author: 1, backs: [second.block, guest.block] })
const rival = post(forum, { author: 1, backs: [first.block], payload: 'rival' })

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await takeIn(await openReplica(forum, store), [first, second, guest, welcome, rival])
  return store
}

async function problemsOf(store: ChainStore): Promise<readonly string[]> {
  return (await verifyStore(forum, store, { seed: 1, onProgress: () => undefined })).problems
}

/** The store's own answers, to be altered one by one. */
function delegating(store: MemoryStore): ChainStore {
  return {
    load: (take) => store.load(take),
    commit: (commit) => store.commit(commit),
    block: (index) => store.block(index),
    blocks: (indexes) => store.blocks(indexes),
    frame: (id, n) => store.frame(id, n),
    firstFrames: (ids) => store.firstFrames(ids),
    putFrame: (id, n, frame) => store.putFrame(id, n, frame),
    frames: (id) => store.frames(id),
    payloadArrived: (index, size) => store.payloadArrived(index, size),
    dropFrames: (id) => store.dropFrames(id),
    destroy: () => store.destroy(),
  }
}

/** The store, with one row told otherwise. */
function altered(store: MemoryStore, index: number, alter: (row: ChainRow) => ChainRow): ChainStore {
  let at = 0
  return {
    ...delegating(store),
    load: (take: (row: ChainRow) => void) =>
      store.load((row) => {
        at += 1
        take(at === index ? alter(row) : row)
      }),
  }
}

describe('checking a store', () => {
  test('what a replica stored is right', async () => {
    const report = await verifyStore(forum, await filled(), { seed: 1, onProgress: () => undefined })
    expect(report).toEqual({ blocks: 5, problems: [] })
  })

  test.each<[string, number, (row: ChainRow) => ChainRow, RegExp]>([
    ['another k', 2, (row) => ({ ...row, k: row.k + 1 }), /k of block 2/],
    [
      'a welcomed post that is said to be paid',
      3,
      (row) => ({ ...row, state: 'paid' }),
      /block 3 is unpaid, stored as paid/,
    ],
    [
      'a paid block that is said not to be',
      2,
      (row) => ({ ...row, state: 'unpaid' }),
      /block 2 is paid, stored as unpaid/,
    ],
    [
      'an accepted block that is said to be surplus',
      5,
      (row) => ({ ...row, state: 'surplus' }),
      /block 5 is paid, stored as surplus/,
    ],
    [
      'a block under accepted ones that is said to be set aside',
      2,
      (row) => ({ ...row, state: 'ahead' }),
      /not gone by/,
    ],
    ['another id', 1, (row) => ({ ...row, id: second.block.id }), /block 1 is not what its row says/],
  ])('%s is found', async (_what, index, alter, problem) => {
    expect((await problemsOf(altered(await filled(), index, alter))).join('\n')).toMatch(problem)
  })

  test('a payload that was altered is found, and heads that are others', async () => {
    const store = await filled()
    const frame = (id: Parameters<ChainStore['frame']>[0], n: number) =>
      id === second.block.id ? Promise.resolve(new Uint8Array(second.payload.byteLength)) : store.frame(id, n)
    const damaged = Object.assign(
      altered(store, 0, (row) => row),
      { frame },
    )
    expect(await problemsOf(damaged)).toEqual(['the payload of block 2 is damaged'])
    await store.commit({ first: 6, blocks: [], headsAdded: [1], headsRemoved: [] })
    expect(await problemsOf(store)).toEqual(['the heads are 4 5, stored as 1 4 5'])
  })

  test('payloads are kept aside just for hidden posts', async () => {
    const store = await filled()
    const taking = like(forum, -1, first.block, { author: 1, backs: [rival.block] })
    await takeIn(await openReplica(forum, store), [taking])
    expect(await problemsOf(store)).toEqual([])
    const withAside = (aside: ReadonlyMap<number, number>, missing: readonly number[] = []): ChainStore => ({
      ...delegating(store),
      load: async (take) => {
        const loaded = await store.load(take)
        const bytes = loaded.bytes - missing.length * first.payload.byteLength
        return { ...loaded, aside, missing, bytes }
      },
    })
    expect(await problemsOf(withAside(new Map()))).toEqual([
      'the payload of block 1, which is hidden, is not kept aside',
    ])
    expect(await problemsOf(withAside(new Map(), [1]))).toEqual([])
    expect(await problemsOf(withAside(new Map([[1, 5]]), [1]))).toEqual([
      'the payload of block 1 is kept aside, and not here',
    ])
    const both = new Map([1, 2].map((index) => [index, 5]))
    expect(await problemsOf(withAside(both))).toEqual([
      'the payload of block 2 is kept aside, and its post is not hidden',
    ])
  })
})

/** The exam of the `BlockStore` port: every implementation runs it. That of payloads is in `store-payloads.ts`. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bug } from '../../src/dag/result.ts'
import { authorKey } from '../../src/dag/ids.ts'
import type { NewBlock } from '../../src/dag/store.ts'
import type { BlockState, ChainRow, ChainStore } from '../../src/reputation/block-state.ts'
import { drawnId } from '../support/draw.ts'
import { line, loadAll, payloadOf, rowOf, stored } from '../support/stored.ts'
import { NOTHING, ONE, TWO, UNSYNCED, type StorePlace } from './place.ts'
import { payloadContract } from './store-payloads.ts'

const BIG = 2 ** 31 - 1

/** Signed and unsigned, likes and dislikes, of this node and of others, out of step with each other. */
function various(index: number): NewBlock<ChainRow> {
  const author = authorKey(new Uint8Array(32).fill(index % 5))
  const like = { n: index % 3 === 0 ? 1 : -1, target: index % 9 === 0 ? BIG : index - 1 } as const
  const row = { ...rowOf(index), k: (index % 4) * 1_000_000 - 2_000_000, isOurs: index % 6 === 0 }
  return {
    ...stored(index),
    row: { ...row, ...(index % 5 === 0 ? {} : { author }), ...(index % 7 < 2 && index > 1 ? { like } : {}) },
  }
}

export function storeContract(name: string, make: () => Promise<StorePlace>): void {
  payloadContract(name, make)

  describe(`${name}: a chain's store`, () => {
    let place: StorePlace
    let store: ChainStore
    beforeEach(async () => {
      place = await make()
      store = place.chain(ONE)
    })
    afterEach(() => place.close())
    const reopen = async (): Promise<void> => {
      await place.reopen()
      store = place.chain(ONE)
    }

    test('is empty at first', async () => {
      expect(await loadAll(store)).toEqual({ rows: [], heads: [], missing: [], aside: new Map(), bytes: 0 })
      expect(await store.block(1)).toBeUndefined()
      expect(await store.frame(drawnId('nobody'), 0)).toBeUndefined()
      expect(await store.frames(drawnId('nobody'))).toBe(0)
    })

    test('loads what was committed, after a restart too', async () => {
      const fork = stored(4, { backs: [1, 2], state: 'ahead', payload: 'missing', paySize: 77 })
      await store.commit(line(1, 3), UNSYNCED)
      await store.commit({ first: 4, blocks: [fork], headsAdded: [], headsRemoved: [] }, { sync: true })
      for (const step of ['live', 'reopened']) {
        const loaded = await loadAll(store)
        expect(loaded.rows, step).toEqual([
          ...[1, 2, 3].map((index) => rowOf(index)),
          { ...rowOf(4, [1, 2]), state: 'ahead' },
        ])
        expect(loaded.heads).toEqual([3])
        expect(loaded.missing).toEqual([4])
        expect(loaded.bytes).toBe(3 * 'header 1'.length + 3 * 'payload 1'.length + 'header 4'.length + 2 * 64)
        expect(await store.block(3)).toEqual({ headerBytes: stored(3).headerBytes })
        expect(await store.block(4)).toEqual({ headerBytes: fork.headerBytes, signature: fork.signature })
        expect(await store.block(5)).toBeUndefined()
        await reopen()
      }
    })

    test('gives many blocks at once, in the order asked, those that it lacks too', async () => {
      await store.commit(line(1, 300), UNSYNCED)
      const asked = [300, 7, 8, 301, 1, 7]
      const blocks = await store.blocks(asked)
      expect(blocks).toEqual(await Promise.all(asked.map((index) => store.block(index))))
      expect(blocks[3]).toBeUndefined()
      expect(await store.blocks([])).toEqual([])
    })

    test.each([1, 23, 24, 255, 256, 4096])('gives back a header of %i bytes', async (size) => {
      const headerBytes = payloadOf(size)
      await store.commit(
        {
          ...NOTHING,
          blocks: [
            { ...stored(1), headerBytes },
            { ...stored(2), headerBytes },
          ],
        },
        UNSYNCED,
      )
      await reopen()
      expect(await store.blocks([1, 2])).toEqual([{ headerBytes }, { headerBytes, signature: stored(2).signature }])
    })

    test('keeps heads, states and rows together as commits change them', async () => {
      await store.commit({ ...line(1, 3), headsAdded: [2, 3] }, UNSYNCED)
      const changed = { ...NOTHING, first: 4, headsAdded: [1], headsRemoved: [2, 3] }
      await store.commit({ ...changed, states: new Map([[3, 'set-back']]) }, UNSYNCED)
      await reopen()
      const setBack = { ...rowOf(3), state: 'set-back' }
      expect(await loadAll(store)).toMatchObject({ heads: [1], rows: [rowOf(1), rowOf(2), setBack] })
      const back = { ...NOTHING, first: 4, headsAdded: [3], headsRemoved: [1] }
      await store.commit({ ...back, states: new Map([[3, 'paid']]) }, UNSYNCED)
      await reopen()
      expect(await loadAll(store)).toMatchObject({ heads: [3], rows: [1, 2, 3].map((index) => rowOf(index)) })
    })

    test.each([8, 1024, 1030])('gives back every state, and the one given last, of %i blocks', async (count) => {
      const states: BlockState[] = ['paid', 'unpaid', 'held', 'guest', 'surplus', 'ahead', 'set-back', 'dropped']
      const stateAt = (n: number): BlockState => states[n % states.length]!
      const blocks = line(1, count).blocks.map((block, n) => ({ ...block, row: { ...block.row, state: stateAt(n) } }))
      await store.commit({ ...NOTHING, blocks }, UNSYNCED)
      for (const later of [0, 3, 5]) {
        const changed = new Map(states.map((_, n) => [count - n, stateAt(count - n - 1 + later)]))
        if (later > 0) await store.commit({ ...NOTHING, first: count + 1, states: changed }, UNSYNCED)
        const expected = blocks.map(({ row: { state } }, n) => changed.get(n + 1) ?? state)
        for (const step of ['live', 'reopened']) {
          expect(
            (await loadAll(store)).rows.map(({ state }) => state),
            step,
          ).toEqual(expected)
          await reopen()
        }
      }
    })

    test('refuses a commit that does not follow on the last one, whole', async () => {
      await store.commit(line(1, 2), UNSYNCED)
      await expect(store.commit(line(4, 4), UNSYNCED)).rejects.toThrow(Bug)
      await reopen()
      expect(await loadAll(store)).toMatchObject({ rows: [rowOf(1), rowOf(2)], heads: [2] })
    })

    test('applies calls in order and shows their effect to later ones, awaited or not', async () => {
      const commits = [line(1, 5), line(6, 6), line(7, 20)].map((commit, n) => store.commit(commit, { sync: n === 1 }))
      const put = store.putFrame(drawnId('coming'), 0, payloadOf(3))
      expect((await store.block(20))?.headerBytes).toEqual(stored(20).headerBytes)
      expect(await store.frames(drawnId('coming'))).toBe(1)
      expect((await loadAll(store)).heads).toEqual([20])
      await Promise.all([...commits, put])
    })

    test.each([1023, 1024, 1025, 2048, 2500])('loads %i blocks, committed in uneven parts', async (count) => {
      for (let first = 1; first <= count; first += 600)
        await store.commit(line(first, Math.min(count, first + 599)), UNSYNCED)
      await reopen()
      await store.commit(line(count + 1, count + 1), UNSYNCED)
      await reopen()
      const loaded = await loadAll(store)
      expect(loaded.rows).toEqual(Array.from({ length: count + 1 }, (_, n) => rowOf(n + 1)))
      expect(loaded.heads).toEqual([count + 1])
      expect((await store.block(count))?.headerBytes).toEqual(stored(count).headerBytes)
    })

    test('loads several backs and late times out of full pages', async () => {
      const blocks = line(1, 1100).blocks.map(({ row, ...rest }, n) => {
        const backs = [n, n - 1, n - 2].filter((back) => back > 0 || back === n)
        return { ...rest, row: { ...row, time: Number.MAX_SAFE_INTEGER - 1100 + n, backs } }
      })
      await store.commit({ first: 1, blocks, headsAdded: [1100], headsRemoved: [] }, UNSYNCED)
      await reopen()
      expect((await loadAll(store)).rows).toEqual(blocks.map(({ row }) => row))
    })

    test.each([1, 20, 1024, 2060])('gives back authors, likes, k and whose they are, of %i blocks', async (count) => {
      const blocks = Array.from({ length: count }, (_, n) => various(n + 1))
      await store.commit({ ...NOTHING, blocks }, UNSYNCED)
      await reopen()
      expect((await loadAll(store)).rows).toStrictEqual(blocks.map(({ row }) => row))
    })

    test('gives back a full page of which each block has an author of its own, and the largest k', async () => {
      const blocks = Array.from({ length: 1024 }, (_, n) => {
        const author = authorKey(Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? n >> (8 * at) : 7)))
        return { ...stored(n + 1), row: { ...rowOf(n + 1), author, k: n % 2 === 0 ? BIG : -BIG - 1 } }
      })
      await store.commit({ ...NOTHING, blocks }, UNSYNCED)
      await reopen()
      expect((await loadAll(store)).rows).toStrictEqual(blocks.map(({ row }) => row))
    })

    test('rows that commits bring while it loads do not disturb it', async () => {
      await store.commit(line(1, 1020), UNSYNCED)
      await reopen()
      const loading = loadAll(store)
      const commits = [line(1021, 1030), line(1031, 2060)].map((commit) => store.commit(commit, UNSYNCED))
      const { rows, heads } = await loading
      await Promise.all(commits)
      expect([1020, 1030, 2060]).toContain(rows.length)
      expect(heads).toEqual([rows.length])
      expect(rows).toEqual(rows.map((_, n) => rowOf(n + 1)))
    })

    test('is empty again once destroyed; other chains stay', async () => {
      const other = place.chain(TWO)
      for (const chain of [store, other]) {
        await chain.commit(line(1, 1030), UNSYNCED)
        await chain.putFrame(drawnId('coming'), 0, payloadOf(3))
      }
      await store.destroy()
      await expect(store.commit(line(1031, 1031), UNSYNCED)).rejects.toThrow(Bug)
      expect((await loadAll(place.chain(ONE))).rows).toEqual([])
      await reopen()
      expect(await loadAll(store)).toMatchObject({ rows: [], heads: [], bytes: 0 })
      expect(await store.block(1)).toBeUndefined()
      expect(await store.frames(drawnId('coming'))).toBe(0)
      await store.commit(line(1, 2), UNSYNCED)
      expect((await loadAll(store)).rows).toHaveLength(2)
      expect((await loadAll(place.chain(TWO))).rows).toHaveLength(1030)
      expect(await place.chain(TWO).frames(drawnId('coming'))).toBe(1)
    })
  })
}

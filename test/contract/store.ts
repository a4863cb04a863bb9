/** The exam of the `BlockStore` port: every implementation runs it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bug } from '../../src/dag/faults.ts'
import { chainId, type ChainId } from '../../src/dag/ids.ts'
import { ARRIVALS_KEPT, FRAME_BYTES, type ChainStore } from '../../src/dag/store.ts'
import { drawnId } from '../support/draw.ts'
import { line, payloadOf, readAll, rowOf, stored } from '../support/stored.ts'

/** A place that keeps chains. */
export interface StorePlace {
  chain(id: ChainId): ChainStore
  /** As after a stop and a start; stores handed out before are used no more. */
  reopen(): Promise<void>
  close(): Promise<void>
}

const ONE = chainId(new Uint8Array(32).fill(1))
const TWO = chainId(new Uint8Array(32).fill(2))
const UNSYNCED = { sync: false }

export function storeContract(name: string, make: () => Promise<StorePlace>): void {
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
      expect(await store.load()).toEqual({ rows: [], heads: [], parked: new Map(), missing: [], bytes: 0 })
      expect(await store.block(1)).toBeUndefined()
      expect(await store.frame(drawnId('nobody'), 0)).toBeUndefined()
      expect(await store.frames(drawnId('nobody'))).toBe(0)
    })

    test('loads what was committed, after a restart too', async () => {
      const fork = stored(4, { backs: [1, 2], parked: 'ahead', payload: 'missing', paySize: 77 })
      await store.commit(line(1, 3), UNSYNCED)
      await store.commit({ first: 4, blocks: [fork], headsAdded: [], headsRemoved: [] }, { sync: true })
      for (const step of ['live', 'reopened']) {
        const loaded = await store.load()
        expect(loaded.rows, step).toEqual([rowOf(1), rowOf(2), rowOf(3), rowOf(4, [1, 2])])
        expect(loaded.heads).toEqual([3])
        expect([...loaded.parked]).toEqual([[4, 'ahead']])
        expect(loaded.missing).toEqual([4])
        expect(loaded.bytes).toBe(3 * 'header 1'.length + 3 * 'payload 1'.length + 'header 4'.length + 2 * 64)
        expect(await store.block(3)).toEqual({ headerBytes: stored(3).headerBytes })
        expect(await store.block(4)).toEqual({ headerBytes: fork.headerBytes, signature: fork.signature })
        expect(await store.block(5)).toBeUndefined()
        await reopen()
      }
    })

    test('keeps heads, parked blocks and rows together as commits change them', async () => {
      await store.commit({ ...line(1, 3), headsAdded: [2, 3] }, UNSYNCED)
      await store.commit(
        { first: 4, blocks: [], headsAdded: [1], headsRemoved: [2, 3], parked: new Map([[3, 'ahead']]) },
        UNSYNCED,
      )
      await reopen()
      expect(await store.load()).toMatchObject({ heads: [1], parked: new Map([[3, 'ahead']]) })
      await store.commit(
        { first: 4, blocks: [], headsAdded: [3], headsRemoved: [1], parked: new Map([[3, null]]) },
        UNSYNCED,
      )
      await reopen()
      expect(await store.load()).toMatchObject({ heads: [3], parked: new Map() })
    })

    test('refuses a commit that does not follow on the last one, whole', async () => {
      await store.commit(line(1, 2), UNSYNCED)
      await expect(store.commit(line(4, 4), UNSYNCED)).rejects.toThrow(Bug)
      await reopen()
      expect(await store.load()).toMatchObject({ rows: [rowOf(1), rowOf(2)], heads: [2] })
    })

    test('applies calls in order and shows their effect to later ones, awaited or not', async () => {
      const commits = [line(1, 5), line(6, 6), line(7, 20)].map((commit, n) => store.commit(commit, { sync: n === 1 }))
      const put = store.putFrame(drawnId('coming'), 0, payloadOf(3))
      expect((await store.block(20))?.headerBytes).toEqual(stored(20).headerBytes)
      expect(await store.frames(drawnId('coming'))).toBe(1)
      expect((await store.load()).heads).toEqual([20])
      await Promise.all([...commits, put])
    })

    test.each([1023, 1024, 1025, 2048, 2500])('loads %i blocks, committed in uneven parts', async (count) => {
      for (let first = 1; first <= count; first += 600)
        await store.commit(line(first, Math.min(count, first + 599)), UNSYNCED)
      await reopen()
      await store.commit(line(count + 1, count + 1), UNSYNCED)
      await reopen()
      const loaded = await store.load()
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
      expect((await store.load()).rows).toEqual(blocks.map((block) => block.row))
    })

    test.each([0, 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])(
      'gives back a payload of %i bytes',
      async (size) => {
        const payload = payloadOf(size)
        await store.commit({ first: 1, blocks: [stored(1, { payload })], headsAdded: [1], headsRemoved: [] }, UNSYNCED)
        await reopen()
        expect(await store.frames(rowOf(1).id)).toBe(Math.ceil(size / FRAME_BYTES))
        expect(Buffer.compare(await readAll(store, rowOf(1).id), payload)).toBe(0)
        expect((await store.load()).bytes).toBe('header 1'.length + size)
      },
    )

    test('keeps the frames of an arrival that was cut, and knows how many', async () => {
      const payload = payloadOf(FRAME_BYTES + 9)
      const { id } = rowOf(1)
      await store.putFrame(id, 0, payload.subarray(0, FRAME_BYTES))
      await reopen()
      expect(await store.frames(id)).toBe(1)
      expect((await store.load()).bytes).toBe(0)
      await store.putFrame(id, 1, payload.subarray(FRAME_BYTES))
      const block = stored(1, { payload: 'stored', paySize: payload.byteLength })
      await store.commit({ first: 1, blocks: [block], headsAdded: [1], headsRemoved: [] }, UNSYNCED)
      await reopen()
      expect(Buffer.compare(await readAll(store, id), payload)).toBe(0)
      expect((await store.load()).bytes).toBe('header 1'.length + payload.byteLength)
    })

    test('refuses a block whose payload is said to be stored and is not', async () => {
      const block = stored(1, { payload: 'stored', paySize: FRAME_BYTES + 1 })
      await store.putFrame(block.row.id, 0, payloadOf(FRAME_BYTES))
      await expect(
        store.commit({ first: 1, blocks: [block], headsAdded: [1], headsRemoved: [] }, UNSYNCED),
      ).rejects.toThrow(Bug)
    })

    test('a whole payload replaces a longer arrival', async () => {
      const { id } = rowOf(1)
      await store.putFrame(id, 0, payloadOf(FRAME_BYTES))
      await store.putFrame(id, 1, payloadOf(5))
      await store.commit(line(1, 1), UNSYNCED)
      await reopen()
      expect(await readAll(store, id)).toEqual(stored(1).payload)
    })

    test('fills in a payload that was missing, once', async () => {
      const block = stored(1, { payload: 'missing', paySize: 5 })
      await store.commit({ first: 1, blocks: [block], headsAdded: [1], headsRemoved: [] }, UNSYNCED)
      await store.putFrame(block.row.id, 0, payloadOf(5))
      await store.payloadArrived(1, 5)
      await expect(store.payloadArrived(1, 5)).rejects.toThrow(Bug)
      await reopen()
      expect(await store.load()).toMatchObject({ missing: [], bytes: 'header 1'.length + 5 })
      expect(await readAll(store, block.row.id)).toEqual(payloadOf(5))
    })

    test('drops frames, of one payload only', async () => {
      for (const name of ['bad', 'good']) {
        await store.putFrame(drawnId(name), 0, payloadOf(FRAME_BYTES))
        await store.putFrame(drawnId(name), 1, payloadOf(2))
      }
      await store.dropFrames(drawnId('bad'))
      await reopen()
      expect(await store.frames(drawnId('bad'))).toBe(0)
      expect(await store.frame(drawnId('bad'), 0)).toBeUndefined()
      expect(await store.frames(drawnId('good'))).toBe(2)
    })

    test('keeps a bounded number of arrivals, and drops the one longest untouched', async () => {
      const arrival = (n: number) => drawnId(`arrival ${String(n)}`)
      for (let n = 0; n < ARRIVALS_KEPT; n += 1) await store.putFrame(arrival(n), 0, payloadOf(1))
      await reopen()
      await store.putFrame(arrival(0), 1, payloadOf(1))
      await store.putFrame(drawnId('one too many'), 0, payloadOf(1))
      expect(await store.frames(arrival(0))).toBe(2)
      expect(await store.frames(arrival(1))).toBe(0)
      expect(await store.frames(arrival(2))).toBe(1)
      await store.putFrame(arrival(1), 1, payloadOf(1))
      expect(await store.frames(arrival(1))).toBe(0)
    })

    test('is empty again once destroyed; other chains stay', async () => {
      const other = place.chain(TWO)
      for (const chain of [store, other]) {
        await chain.commit(line(1, 1030), UNSYNCED)
        await chain.putFrame(drawnId('coming'), 0, payloadOf(3))
      }
      await store.destroy()
      await expect(store.commit(line(1031, 1031), UNSYNCED)).rejects.toThrow(Bug)
      expect((await place.chain(ONE).load()).rows).toEqual([])
      await reopen()
      expect(await store.load()).toMatchObject({ rows: [], heads: [], bytes: 0 })
      expect(await store.block(1)).toBeUndefined()
      expect(await store.frames(drawnId('coming'))).toBe(0)
      await store.commit(line(1, 2), UNSYNCED)
      expect((await store.load()).rows).toHaveLength(2)
      expect((await place.chain(TWO).load()).rows).toHaveLength(1030)
      expect(await place.chain(TWO).frames(drawnId('coming'))).toBe(1)
    })
  })
}

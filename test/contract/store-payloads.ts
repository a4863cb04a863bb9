/** The part of the `BlockStore` port's exam that is about payloads: whole, in frames, arriving, missing and deleted. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bug } from '../../src/dag/result.ts'
import { ARRIVALS_KEPT, FRAME_BYTES, framesOfPayload } from '../../src/dag/store.ts'
import type { ChainStore } from '../../src/reputation/block-state.ts'
import { drawnId } from '../support/draw.ts'
import { dropOf, line, loadAll, payloadOf, readAll, rowOf, stored } from '../support/stored.ts'
import { NOTHING, ONE, UNSYNCED, type StorePlace } from './place.ts'

export function payloadContract(name: string, make: () => Promise<StorePlace>): void {
  describe(`${name}: the payloads in a chain's store`, () => {
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

    test.each([0, 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])(
      'gives back a payload of %i bytes',
      async (size) => {
        const payload = payloadOf(size)
        await store.commit({ first: 1, blocks: [stored(1, { payload })], headsAdded: [1], headsRemoved: [] }, UNSYNCED)
        await reopen()
        expect(await store.frames(rowOf(1).id)).toBe(Math.ceil(size / FRAME_BYTES))
        expect(Buffer.compare(await readAll(store, rowOf(1).id), payload)).toBe(0)
        expect((await loadAll(store)).bytes).toBe('header 1'.length + size)
      },
    )

    test('gives the first frames of many payloads at once, those that it lacks too', async () => {
      const long = stored(2, { payload: payloadOf(FRAME_BYTES + 1) })
      const lacking = stored(3, { payload: 'missing', paySize: 5 })
      await store.commit({ ...NOTHING, blocks: [stored(1), long, lacking] }, UNSYNCED)
      const frames = await store.firstFrames([3, 2, 1].map((index) => rowOf(index).id))
      expect(frames).toEqual([undefined, payloadOf(FRAME_BYTES + 1).subarray(0, FRAME_BYTES), stored(1).payload])
    })

    test('keeps the frames of an arrival that was cut, and knows how many', async () => {
      const payload = payloadOf(FRAME_BYTES + 9)
      const { id } = rowOf(1)
      await store.putFrame(id, 0, payload.subarray(0, FRAME_BYTES))
      await reopen()
      expect(await store.frames(id)).toBe(1)
      expect((await loadAll(store)).bytes).toBe(0)
      await store.putFrame(id, 1, payload.subarray(FRAME_BYTES))
      const block = stored(1, { payload: 'stored', paySize: payload.byteLength })
      await store.commit({ first: 1, blocks: [block], headsAdded: [1], headsRemoved: [] }, UNSYNCED)
      await reopen()
      expect(Buffer.compare(await readAll(store, id), payload)).toBe(0)
      expect((await loadAll(store)).bytes).toBe('header 1'.length + payload.byteLength)
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
      expect(await loadAll(store)).toMatchObject({ missing: [], bytes: 'header 1'.length + 5 })
      expect(await readAll(store, block.row.id)).toEqual(payloadOf(5))
    })

    test.each([1, FRAME_BYTES, 2 * FRAME_BYTES + 1])(
      'deletes a payload of %i bytes of a known block, which can be put again',
      async (size) => {
        const payload = payloadOf(size)
        const { id } = rowOf(1)
        await store.commit({ ...NOTHING, blocks: [stored(1, { payload }), stored(2)] }, UNSYNCED)
        await store.commit({ ...NOTHING, first: 3, payloadsDropped: [dropOf(1, size)] }, UNSYNCED)
        const headers = 2 * 'header 1'.length + 64 + 'payload 2'.length
        for (const step of ['live', 'reopened']) {
          expect(await loadAll(store), step).toMatchObject({ missing: [1], bytes: headers })
          expect(await store.frames(id)).toBe(0)
          expect(await store.frame(id, 0)).toBeUndefined()
          expect(await readAll(store, rowOf(2).id)).toEqual(stored(2).payload)
          expect((await store.block(1))?.headerBytes).toEqual(stored(1).headerBytes)
          await reopen()
        }
        for (const [n, frame] of framesOfPayload(payload).entries()) await store.putFrame(id, n, frame)
        await store.payloadArrived(1, size)
        await reopen()
        expect(await loadAll(store)).toMatchObject({ missing: [], bytes: headers + size })
        expect(Buffer.compare(await readAll(store, id), payload)).toBe(0)
      },
    )

    test('remembers which payloads are kept aside since when, until they are not, or are deleted', async () => {
      const lacking = stored(3, { payload: 'missing', paySize: 5 })
      const sinceMs = 1_800_000_000_000
      const all = new Map([1, 2, 3, 4].map((index) => [index, sinceMs + index]))
      await store.commit(
        { ...line(1, 4), blocks: [stored(1), stored(2), lacking, stored(4)], payloadsAside: all },
        UNSYNCED,
      )
      for (const step of ['live', 'reopened']) {
        const aside = new Map([1, 2, 4].map((index) => [index, sinceMs + index]))
        expect(await loadAll(store), step).toMatchObject({ missing: [3], aside })
        expect(await readAll(store, rowOf(1).id)).toEqual(stored(1).payload)
        await reopen()
      }
      const changes = { payloadsAside: new Map([[2, 7]]), payloadsBack: [1, 3], payloadsDropped: [dropOf(4)] }
      await store.commit({ ...NOTHING, first: 5, ...changes }, UNSYNCED)
      for (const step of ['live', 'reopened']) {
        expect(await loadAll(store), step).toMatchObject({ missing: [3, 4], aside: new Map([[2, 7]]) })
        await reopen()
      }
      await store.commit(
        { ...NOTHING, first: 5, payloadsAside: new Map([[1, 8]]), payloadsDropped: [dropOf(1)] },
        UNSYNCED,
      )
      expect(await loadAll(store)).toMatchObject({ missing: [1, 3, 4], aside: new Map([[2, 7]]) })
    })

    test('deletes payloads of blocks of the same commit, whole ones and those stored before', async () => {
      await store.putFrame(rowOf(2).id, 0, payloadOf(FRAME_BYTES))
      await store.putFrame(rowOf(2).id, 1, payloadOf(4))
      const before = stored(2, { payload: 'stored', paySize: FRAME_BYTES + 4 })
      const payloadsDropped = [dropOf(1), dropOf(2, FRAME_BYTES + 4)]
      await store.commit({ ...line(1, 3), blocks: [stored(1), before, stored(3)], payloadsDropped }, UNSYNCED)
      for (const step of ['live', 'reopened']) {
        const bytes = 3 * 'header 1'.length + 64 + 'payload 3'.length
        expect(await loadAll(store), step).toMatchObject({ missing: [1, 2], bytes })
        expect(await store.frames(rowOf(1).id)).toBe(0)
        expect(await store.frames(rowOf(2).id)).toBe(0)
        expect(await store.frame(rowOf(2).id, 1)).toBeUndefined()
        expect(await readAll(store, rowOf(3).id)).toEqual(stored(3).payload)
        await reopen()
      }
    })

    test('deletes a payload that is missing already, or named twice, no second time', async () => {
      const lacking = stored(1, { payload: 'missing', paySize: 5 })
      await store.commit({ ...NOTHING, blocks: [lacking, stored(2)] }, UNSYNCED)
      await store.putFrame(rowOf(1).id, 0, payloadOf(5))
      await store.commit({ ...NOTHING, first: 3, payloadsDropped: [dropOf(1, 5), dropOf(2), dropOf(2)] }, UNSYNCED)
      const late = stored(3, { payload: 'missing', paySize: 5 })
      const again = [dropOf(3, 5), dropOf(2)]
      await store.commit({ ...NOTHING, first: 3, blocks: [late], payloadsDropped: again }, UNSYNCED)
      for (const step of ['live', 'reopened']) {
        expect(await loadAll(store), step).toMatchObject({ missing: [1, 2, 3], bytes: 3 * 'header 1'.length + 64 })
        expect(await store.frames(rowOf(1).id)).toBe(1)
        await reopen()
      }
      await store.payloadArrived(1, 5)
      expect(await loadAll(store)).toMatchObject({ missing: [2, 3], bytes: 3 * 'header 1'.length + 64 + 5 })
    })

    test('deletes a payload together with frames of it that came once more', async () => {
      const { id } = rowOf(1)
      await store.commit(line(1, 1), UNSYNCED)
      await store.putFrame(id, 0, payloadOf(FRAME_BYTES))
      await store.putFrame(id, 1, payloadOf(5))
      await store.commit({ ...NOTHING, first: 2, payloadsDropped: [dropOf(1)] }, UNSYNCED)
      expect(await store.frames(id)).toBe(0)
      await reopen()
      await store.putFrame(id, 1, payloadOf(5))
      expect(await store.frames(id)).toBe(0)
      expect(await loadAll(store)).toMatchObject({ missing: [1], bytes: 'header 1'.length })
    })

    test('deletes and takes in payloads in the order of the calls, awaited or not', async () => {
      await store.commit(line(1, 2), UNSYNCED)
      const { id } = rowOf(1)
      const drop = { ...NOTHING, first: 3, payloadsDropped: [dropOf(1)] }
      await Promise.all([
        store.commit(drop, UNSYNCED),
        store.putFrame(id, 0, payloadOf(9)),
        store.dropFrames(id),
        store.putFrame(id, 0, payloadOf(9)),
        store.payloadArrived(1, 9),
        store.commit({ ...drop, payloadsDropped: [dropOf(1), dropOf(2)] }, UNSYNCED),
        store.putFrame(rowOf(2).id, 0, payloadOf(9)),
        store.payloadArrived(2, 9),
      ])
      await reopen()
      expect(await loadAll(store)).toMatchObject({ missing: [1], bytes: 2 * 'header 1'.length + 64 + 9 })
      expect(await store.frames(id)).toBe(0)
      expect(await readAll(store, rowOf(2).id)).toEqual(payloadOf(9))
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
  })
}

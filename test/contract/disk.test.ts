import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { graphViolationsOf } from '../../src/dag/graph-invariants.ts'
import { Bug } from '../../src/dag/result.ts'
import { Graph } from '../../src/dag/graph.ts'
import { chainId } from '../../src/dag/ids.ts'
import type { ChainRow } from '../../src/reputation/block-state.ts'
import { openDatabase, type Database } from '../../src/node/storage/database.ts'
import { StorageFailed } from '../../src/node/storage/faults.ts'
import { ChainKeys, indexKey, rangeOf } from '../../src/node/storage/row-keys.ts'
import { must } from '../support/blocks.ts'
import { DRAWN_CHAIN } from '../support/draw.ts'
import { line, loadAll, rowOf, stored } from '../support/stored.ts'
import { storeContract } from './store.ts'

storeContract('disk', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'freechains-'))
  let disk = must(await openDatabase(dir))
  return {
    chain: (id) => disk.chain(id),
    reopen: async () => {
      await disk.close()
      disk = must(await openDatabase(dir))
    },
    close: async () => {
      await disk.close()
      await rm(dir, { recursive: true })
    },
  }
})

describe('disk: a data directory', () => {
  let dir: string
  const open: Database[] = []
  const opened = async (): Promise<Database> => {
    const disk = must(await openDatabase(dir))
    open.push(disk)
    return disk
  }
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'freechains-'))
  })
  afterEach(async () => {
    for (const disk of open.splice(0)) await disk.close()
    await rm(dir, { recursive: true })
  })

  test('that another node uses is refused, saying so, and works on for the other', async () => {
    const disk = await opened()
    expect(await openDatabase(dir)).toEqual({ ok: false, fault: { code: 'DISK_LOCKED', dir } })
    await disk.chain(DRAWN_CHAIN).commit(line(1, 1), { sync: true })
  })

  test('that is a file is refused as unreadable', async () => {
    const file = join(dir, 'file')
    await writeFile(file, '')
    expect(await openDatabase(file)).toMatchObject({ ok: false, fault: { code: 'DISK_UNREADABLE', dir: file } })
  })

  test.each([
    ['a MANIFEST that is cut', (path: string) => truncate(path, 20)],
    ['a MANIFEST that is other bytes', (path: string) => writeFile(path, 'x'.repeat(500))],
    ['no MANIFEST', (path: string) => rm(path)],
    ['a CURRENT that is other bytes', (path: string) => writeFile(join(path, '..', 'CURRENT'), 'x')],
    ['no CURRENT, which LevelDB would take for a new database', (path: string) => rm(join(path, '..', 'CURRENT'))],
  ])('with %s is refused as damaged, and nothing in it changes', async (_what, damage) => {
    await (await opened()).close()
    const db = join(dir, 'db')
    const manifest = (await readdir(db)).find((name) => name.startsWith('MANIFEST-')) ?? ''
    await damage(join(db, manifest))
    for (let n = 0; n < 2; n++)
      expect(await openDatabase(dir)).toMatchObject({ ok: false, fault: { code: 'DISK_DAMAGED', dir } })
  })

  test('of another format is refused and left alone', async () => {
    const disk = await opened()
    await disk.datastore.db.put('/freechains/format', new TextEncoder().encode('1'))
    await disk.close()
    const refused = { ok: false, fault: { code: 'DISK_FORMAT', dir, found: 1, expected: 2 } }
    expect(await openDatabase(dir)).toEqual(refused)
    expect(await openDatabase(dir)).toEqual(refused)
  })

  test('keeps its database from other users', async () => {
    await opened()
    expect((await stat(join(dir, 'db'))).mode & 0o777).toBe(0o700)
  })

  test('remembers joined chains and small records, apart from the datastore of libp2p', async () => {
    const other = chainId(new Uint8Array(32).fill(9))
    let disk = await opened()
    await disk.datastore.db.put('/peers/x', Uint8Array.of(1))
    await disk.putJoined(DRAWN_CHAIN, Uint8Array.of(2))
    await disk.putJoined(other, Uint8Array.of(3))
    await disk.removeJoined(other)
    await disk.put('private-key', Uint8Array.of(4))
    await disk.close()
    disk = await opened()
    expect(await disk.joined()).toEqual([{ chain: DRAWN_CHAIN, record: Uint8Array.of(2) }])
    expect(await disk.get('private-key')).toEqual(Uint8Array.of(4))
    expect(await disk.get('nothing')).toBeUndefined()
    expect(await disk.datastore.db.get('/peers/x')).toEqual(Buffer.of(1))
  })

  test('removes the rest of a chain whose removal was cut, and its joined record', async () => {
    let disk = await opened()
    await disk.putJoined(DRAWN_CHAIN, Uint8Array.of(2))
    const store = disk.chain(DRAWN_CHAIN)
    await store.commit(line(1, 3), { sync: false })
    vi.spyOn(disk.datastore.db, 'clear').mockRejectedValueOnce(new StorageFailed('unplugged'))
    await expect(store.destroy()).rejects.toThrow(StorageFailed)
    await disk.close()
    disk = await opened()
    expect(await disk.joined()).toEqual([])
    expect((await loadAll(disk.chain(DRAWN_CHAIN))).rows).toEqual([])
    expect(await disk.datastore.db.keys({ gt: '/freechains/', lt: '/freechains0' }).all()).toEqual([
      '/freechains/format',
    ])
  })

  test('synced commits made together share a flush, across chains', async () => {
    const disk = await opened()
    const { db } = disk.datastore
    const begin = db.batch.bind(db) as () => ReturnType<typeof db.batch>
    const flushes: unknown[] = []
    vi.spyOn(db, 'batch').mockImplementation(() => {
      const batch = begin()
      vi.spyOn(batch, 'write').mockImplementationOnce((options) => {
        flushes.push(options)
        return batch.write(options)
      })
      return batch
    })
    const stores = Array.from({ length: 8 }, (_, n) => disk.chain(chainId(new Uint8Array(32).fill(n))))
    await Promise.all(stores.flatMap((store) => [1, 2, 3].map((n) => store.commit(line(n, n), { sync: true }))))
    expect(flushes.length).toBeLessThanOrEqual(3)
    for (const options of flushes) expect(options).toEqual({ sync: true })
    for (const store of stores) expect((await loadAll(store)).heads).toEqual([3])
  })

  test('after a write that failed, nothing later is written, so that no hole appears', async () => {
    const disk = await opened()
    const store = disk.chain(DRAWN_CHAIN)
    await store.commit(line(1, 1), { sync: false })
    vi.spyOn(disk.datastore.db, 'batch').mockRejectedValueOnce(new StorageFailed('full'))
    await expect(store.commit(line(2, 2), { sync: false })).rejects.toThrow(StorageFailed)
    await expect(store.commit(line(3, 3), { sync: true })).rejects.toThrow(StorageFailed)
    await disk.close()
    const again = await opened()
    expect(await loadAll(again.chain(DRAWN_CHAIN))).toMatchObject({ rows: [rowOf(1)], heads: [1] })
  })

  test('writes what was asked for before it is closed, and refuses what comes after', async () => {
    const disk = await opened()
    const store = disk.chain(DRAWN_CHAIN)
    const last = store.commit(line(1, 1), { sync: false })
    await Promise.all([last, disk.close()])
    await expect(store.commit(line(2, 2), { sync: false })).rejects.toThrow(StorageFailed)
    expect((await loadAll((await opened()).chain(DRAWN_CHAIN))).heads).toEqual([1])
  })

  test('keeps states as numbers that no change of the program may alter', async () => {
    const disk = await opened()
    const states = ['paid', 'unpaid', 'held', 'guest', 'surplus', 'ahead', 'set-back', 'dropped'] as const
    const changed = { first: 9, blocks: [], headsAdded: [], headsRemoved: [] }
    await disk.chain(DRAWN_CHAIN).commit(line(1, 8), { sync: false })
    await disk
      .chain(DRAWN_CHAIN)
      .commit({ ...changed, states: new Map(states.map((state, n) => [n + 1, state])) }, { sync: true })
    expect(await disk.datastore.db.values(rangeOf(new ChainKeys(DRAWN_CHAIN).states)).all()).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((number) => Buffer.of(number)),
    )
  })

  test.each<[string, Partial<ChainRow>]>([
    ['a k of more than 32 bits', { k: 2 ** 31 }],
    ['a k that is not whole', { k: 0.5 }],
    ['a like of the genesis', { like: { n: 1, target: 0 } }],
    ['a like of a target beyond 31 bits', { like: { n: -1, target: 2 ** 31 } }],
  ])('has no room for %s, and says so', async (_, more) => {
    const disk = await opened()
    const block = { ...stored(1), row: { ...rowOf(1), ...more } }
    const commit = { first: 1, blocks: [block], headsAdded: [1], headsRemoved: [] }
    await expect(disk.chain(DRAWN_CHAIN).commit(commit, { sync: false })).rejects.toThrow(Bug)
  })

  const keys = new ChainKeys(DRAWN_CHAIN)
  const page = indexKey(keys.pages, 1)
  test.each<[string, string, (bytes: Uint8Array) => Uint8Array]>([
    ['page is cut short', page, (bytes) => bytes.subarray(0, bytes.byteLength - 1)],
    ['page is cut to nothing', page, () => new Uint8Array()],
    ['page is too long', page, (bytes) => Uint8Array.of(...bytes, 0)],
    ['page is zeroed', page, (bytes) => new Uint8Array(bytes.byteLength)],
    ['page is of ones', page, (bytes) => new Uint8Array(bytes.byteLength).fill(255)],
    ['page names an author that it lacks', page, (bytes) => bytes.fill(1, 1024 * 52, 1024 * 52 + 2)],
    ['block outside of pages is cut short', indexKey(keys.blocks, 1025), (bytes) => bytes.subarray(0, 40)],
    ['block outside of pages is another thing', indexKey(keys.blocks, 1025), () => Uint8Array.of(1)],
    ['state has no meaning', indexKey(keys.states, 3), () => Uint8Array.of(9)],
    ['mark of a missing payload is no digest', indexKey(keys.missing, 4), () => new Uint8Array(31)],
    ['count of blocks is another thing', keys.meta, () => Uint8Array.of(0x80)],
  ])('whose %s stops the load, rather than giving wrong rows', async (_, key, damage) => {
    let disk = await opened()
    await disk.chain(DRAWN_CHAIN).commit(line(1, 1030), { sync: true })
    const before = ((await disk.datastore.db.get(key)) as Uint8Array | undefined) ?? new Uint8Array()
    await disk.datastore.db.put(key, damage(Uint8Array.from(before)))
    await disk.close()
    disk = await opened()
    await expect(loadAll(disk.chain(DRAWN_CHAIN))).rejects.toThrow(StorageFailed)
  })

  test('that lacks a page stops the load before the rows behind it', async () => {
    let disk = await opened()
    await disk.chain(DRAWN_CHAIN).commit(line(1, 2050), { sync: true })
    await disk.datastore.db.del(page)
    await disk.close()
    disk = await opened()
    const take = vi.fn()
    await expect(disk.chain(DRAWN_CHAIN).load(take)).rejects.toThrow(StorageFailed)
    expect(take).not.toHaveBeenCalled()
  })

  test('whose node was killed while it wrote holds all that was acknowledged, and a consistent chain', async () => {
    const root = resolve(import.meta.dirname, '../..')
    const child = spawn(
      process.execPath,
      [
        join(root, 'node_modules/vite-node/vite-node.mjs'),
        fileURLToPath(new URL('../support/committer.ts', import.meta.url)),
        dir,
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let acknowledged = 0
    for await (const text of createInterface({ input: child.stdout })) {
      acknowledged = Number(text)
      if (acknowledged > 3000 && child.exitCode === null) child.kill('SIGKILL')
    }
    if (child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')

    const store = (await opened()).chain(DRAWN_CHAIN)
    const loaded = await loadAll(store)
    const count = loaded.rows.length
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    expect(count % 37).toBe(0)
    expect(loaded.heads).toEqual([count])
    const graph = new Graph(DRAWN_CHAIN, 1)
    for (const row of loaded.rows) graph.add(row, true)
    expect(graphViolationsOf(graph)).toEqual([])
    for (const index of [1, 1024, 1025, count]) {
      expect((await store.block(index))?.headerBytes).toEqual(stored(index).headerBytes)
      expect(await store.frames(rowOf(index).id)).toBe(1)
    }
    await store.commit(line(count + 1, count + 1), { sync: true })
  })
})

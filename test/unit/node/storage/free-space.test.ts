/** The watch over the disk (spec §12): read-only below the floor and after a write that failed, and by itself no longer. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isDiskFull, messageOf, StorageFailed } from '../../../../src/node/storage/faults.ts'
import { FreeSpace } from '../../../../src/node/storage/free-space.ts'
import { BatchWriter, type Level } from '../../../../src/node/storage/writer.ts'
import { forwardingLogger } from '../../../../src/node/base/log.ts'

const MIB = 1024 * 1024
const FLOOR = 64 * MIB

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Watched {
  readonly space: FreeSpace
  readonly disk: { freeBytes: number; fails: boolean }
  readonly logged: string[]
}

function watched(freeBytes: number, floorBytes = FLOOR): Watched {
  const logged: string[] = []
  const disk = { freeBytes, fails: false }
  const note =
    (level: string) =>
    (event: string): void => {
      logged.push(`${level} ${event}`)
    }
  const space = new FreeSpace(
    { dir: '/data', floorBytes },
    {
      log: forwardingLogger('info', {
        error: note('error'),
        warn: note('warn'),
        info: note('info'),
        debug: note('debug'),
      }),
      probe: () => (disk.fails ? Promise.reject(new Error('gone')) : Promise.resolve(disk.freeBytes)),
      onRoomAfterFailure: () => logged.push('room'),
    },
  )
  return { space, disk, logged }
}

const enospc = (): Error =>
  new StorageFailed('a write failed', {
    cause: new Error('IO error: /data/db/000003.log: No space left on device'),
  })

test('below the floor the node is read-only, told once and loudly; it ends by itself, a little above the floor', async () => {
  const { space, disk, logged } = watched(FLOOR)
  expect(await space.look()).toBeUndefined()
  disk.freeBytes = FLOOR - 1
  await vi.advanceTimersByTimeAsync(5_000)
  expect(space.noRoom).toEqual({ code: 'DISK_LOW', dir: '/data', freeBytes: FLOOR - 1, floorBytes: FLOOR })
  disk.freeBytes = FLOOR
  await vi.advanceTimersByTimeAsync(5_000)
  expect([space.noRoom?.code, logged]).toEqual(['DISK_LOW', ['error disk.low']])
  disk.freeBytes = 2 * FLOOR
  await vi.advanceTimersByTimeAsync(5_000)
  expect([space.noRoom, logged]).toEqual([undefined, ['error disk.low', 'warn disk.room']])
  space.stop()
  disk.freeBytes = 0
  await vi.advanceTimersByTimeAsync(60_000)
  expect(space.noRoom).toBeUndefined()
})

test('it is looked at anew before a post, not only by the timer', async () => {
  const { space, disk } = watched(FLOOR)
  await space.look()
  disk.freeBytes = 0
  expect(space.noRoom).toBeUndefined()
  expect(await space.look()).toMatchObject({ code: 'DISK_LOW', freeBytes: 0 })
})

test('without a floor nothing is too little, and what the system does not say is not held against the disk', async () => {
  const { space, disk, logged } = watched(0, 0)
  expect(await space.look()).toBeUndefined()
  disk.fails = true
  expect([await space.look(), await space.look()]).toEqual([undefined, undefined])
  expect(logged).toEqual(['warn disk.unknown'])
})

test('after a failed write it stays read-only until there is room, and then the store has to be opened anew', async () => {
  const { space, disk, logged } = watched(2 * FLOOR)
  disk.freeBytes = 0
  space.noteFull(enospc())
  space.noteFull(enospc())
  const why = 'IO error: /data/db/000003.log: No space left on device'
  expect(await space.look()).toEqual({ code: 'DISK_FULL', dir: '/data', why })
  disk.freeBytes = 2 * FLOOR
  expect(await space.look()).toMatchObject({ code: 'DISK_FULL' })
  expect(logged).toEqual(['error disk.full', 'room'])
  const small = watched(MIB, 0)
  small.space.noteFull(enospc())
  await small.space.look()
  expect(small.logged).toEqual(['error disk.full'])
})

test('a full disk is known by what the system says, however deep; no other failure is one', () => {
  expect(
    [enospc(), new Error('outer', { cause: enospc() }), Object.assign(new Error(), { code: 'EDQUOT' })].map(isDiskFull),
  ).toEqual([true, true, true])
  expect([new StorageFailed('the disk is closed'), new Error('EIO'), undefined].map(isDiskFull)).toEqual([
    false,
    false,
    false,
  ])
  expect(messageOf(new Error('outer', { cause: enospc() }))).toContain('No space left on device')
})

test('the writer tells once that a write has failed, with the reason; every later write fails with it', async () => {
  const batch = {
    put: () => batch,
    del: () => batch,
    write: () => Promise.reject(new Error('No space left on device')),
  }
  const failures: Error[] = []
  const notLost = (): undefined => undefined
  const level = { batch: () => batch } as unknown as Level
  const writer = new BatchWriter(level, notLost, (failure) => failures.push(failure))
  const write = (): Promise<void> => writer.write([{ type: 'put', key: 'k', value: new Uint8Array(1) }], true)
  await expect(write()).rejects.toThrow('a write failed: No space left on device')
  await expect(write()).rejects.toThrow('a write failed: No space left on device')
  expect(failures.map(isDiskFull)).toEqual([true])
})

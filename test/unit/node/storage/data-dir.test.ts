/** The data directory under a running node, and its rights (spec §12). On a real disk. */
import { chmod, cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { expect, onTestFinished, test } from 'vitest'
import { closeToOthers } from '../../../../src/node/storage/data-dir.ts'
import { openDatabase, type Database } from '../../../../src/node/storage/database.ts'
import { must } from '../../../support/blocks.ts'

const VALUE = Uint8Array.of(1)

async function tempDir(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'freechains-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const dir = join(root, 'data')
  await mkdir(dir)
  return dir
}

async function opened(dir: string): Promise<Database> {
  const disk = must(await openDatabase(dir))
  onTestFinished(() => disk.close())
  return disk
}

test.each<[string, string, (dir: string) => Promise<unknown>]>([
  ['removed', 'removed', (dir) => rm(dir, { recursive: true })],
  ['moved away', 'removed', (dir) => rename(dir, `${dir}-moved`)],
  ['made read-only', 'made read-only', (dir) => chmod(dir, 0o500)],
  ['of a database made read-only', 'made read-only', (dir) => chmod(join(dir, 'db'), 0o500)],
  [
    'replaced by a copy',
    'replaced',
    async (dir) => {
      await rename(dir, `${dir}-moved`)
      await cp(`${dir}-moved`, dir, { recursive: true })
    },
  ],
  ['of a database removed', 'removed', (dir) => rm(join(dir, 'db'), { recursive: true })],
  [
    'overwritten by the files of another run',
    'replaced',
    (dir) => writeFile(join(dir, 'db', 'CURRENT'), 'MANIFEST-000000\n'),
  ],
])('a directory that was %s: no synced write is told, then nor later', async (_how, says, change) => {
  const dir = await tempDir()
  const disk = await opened(dir)
  await disk.put('a', VALUE)
  await change(dir)
  await expect(disk.put('b', VALUE)).rejects.toThrow(new RegExp(`${says}$`))
  await expect(disk.put('c', VALUE)).rejects.toThrow(new RegExp(`${says}$`))
})

test('compacting and growing changes nothing of what the directory is', async () => {
  const disk = await opened(await tempDir())
  for (let n = 0; n < 40; n++) await disk.put(`large-${String(n)}`, new Uint8Array(1_000_000).fill(n))
  await (disk.datastore.db as unknown as ClassicLevel).compactRange('', '~')
  await disk.put('a', VALUE)
})

test("a directory that others may enter is closed to them, if only the node's own is in it", async () => {
  for (const mode of [0o777, 0o755, 0o770]) {
    const dir = await tempDir()
    await writeFile(join(dir, 'control.cookie'), '')
    await chmod(dir, mode)
    await opened(dir)
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
  }
})

test('one that holds other things is left alone, and refused if others may write into it', async () => {
  const dir = await tempDir()
  await writeFile(join(dir, 'thesis.tex'), '')
  await chmod(dir, 0o755)
  expect(await closeToOthers(dir)).toBeUndefined()
  expect((await stat(dir)).mode & 0o777).toBe(0o755)
  for (const mode of [0o777, 0o1777, 0o775]) {
    await chmod(dir, mode)
    expect(await openDatabase(dir)).toEqual({
      ok: false,
      fault: { code: 'DISK_OPEN_TO_OTHERS', dir, why: `other users may write into it (mode ${mode.toString(8)})` },
    })
  }
})

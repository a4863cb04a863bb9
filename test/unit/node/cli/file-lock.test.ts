/** The lock on the address book (spec §11): commands at once change it one after another. */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { withFileLock } from '../../../../src/node/cli/file-lock.ts'

const signal = new AbortController().signal

async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test('who changes a file sees what others wrote, however many there are at once', async () => {
  const path = join(await tempDir(), 'count')
  await writeFile(path, '0')
  const add = async (): Promise<void> => {
    const before = Number(await readFile(path, 'utf8'))
    await new Promise((resolve) => setImmediate(resolve))
    await writeFile(path, String(before + 1))
  }
  await Promise.all(Array.from({ length: 30 }, () => withFileLock(path, { signal: new AbortController().signal }, add)))
  expect(await readFile(path, 'utf8')).toBe('30')
  expect(await readdir(join(path, '..'))).toEqual(['count'])
})

test('the lock goes when a change fails', async () => {
  const path = join(await tempDir(), 'names')
  const failing = withFileLock(path, { signal }, () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  expect(await withFileLock(path, { signal }, () => Promise.resolve(1))).toBe(1)
})

test('a lock that a killed command left is taken over by one of those who wait; a fresh one is waited for', async () => {
  const path = join(await tempDir(), 'names')
  await writeFile(`${path}.lock`, '')
  const fresh = withFileLock(path, { signal, patienceMs: 40 }, () => Promise.resolve('in'))
  await expect(fresh).rejects.toThrow(`another command holds ${path}.lock: try again; if none runs, remove that file`)
  await utimes(`${path}.lock`, 1, 1)
  await writeFile(`${path}.lock.stale`, '')
  await utimes(`${path}.lock.stale`, 1, 1)
  let inside = 0
  let most = 0
  const enter = async (): Promise<void> => {
    inside += 1
    most = Math.max(most, inside)
    await new Promise((resolve) => setImmediate(resolve))
    inside -= 1
  }
  await Promise.all(
    Array.from({ length: 10 }, () => withFileLock(path, { signal: new AbortController().signal }, enter)),
  )
  expect([inside, most]).toEqual([0, 1])
})

test('Ctrl-C ends the wait', async () => {
  const path = join(await tempDir(), 'names')
  await writeFile(`${path}.lock`, '')
  const interrupt = new AbortController()
  const waiting = withFileLock(path, { signal: interrupt.signal }, () => Promise.resolve())
  interrupt.abort()
  await expect(waiting).rejects.toThrow('Ctrl-C')
})

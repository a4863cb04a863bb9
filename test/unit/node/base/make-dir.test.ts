/** Directories are created with their parents. What cannot be created is refused after one attempt. */
import { chmod, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { makeDir } from '../../../../src/node/base/make-dir.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fc-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
})

test('those above it are made, too, all with the mode; what is there stays as it is', async () => {
  await chmod(root, 0o755)
  // Twice at once: neither fails because of the other.
  await Promise.all([makeDir(join(root, 'a', 'b', 'c'), 0o700), makeDir(join(root, 'a', 'b', 'c'), 0o700)])
  for (const path of ['a', 'a/b', 'a/b/c']) expect((await stat(join(root, path))).mode & 0o777).toBe(0o700)
  await makeDir(root, 0o700)
  expect((await stat(root)).mode & 0o777).toBe(0o755)
})

test('a file in the way, or a link to nothing, is refused', async () => {
  await writeFile(join(root, 'file'), '')
  await symlink('nowhere', join(root, 'link'))
  await expect(makeDir(join(root, 'file'), 0o700)).rejects.toThrow(/EEXIST/)
  await expect(makeDir(join(root, 'file', 'below'), 0o700)).rejects.toThrow(/ENOTDIR/)
  await expect(makeDir(join(root, 'link'), 0o700)).rejects.toThrow(/EEXIST/)
})

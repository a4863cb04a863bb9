/** How this user's own small files (spec §11) are changed: one command after another, written whole. */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDir } from '../base/make-dir.ts'
import { withFileLock } from './file-lock.ts'
import { CommandError, reasonOf, type Io } from './io.ts'
import { writeWhole } from './payload-files.ts'

/** `undefined` if there is no such file. @throws {CommandError} it cannot be read */
export async function readUserFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CommandError(`cannot read ${path}: ${reasonOf(error)}`)
  }
}

/** Of several commands at once each sees what the one before it wrote. @throws {CommandError} */
export async function changeUserFile(
  path: string,
  { signal }: Pick<Io, 'signal'>,
  change: (before: string | undefined) => string,
): Promise<void> {
  try {
    await makeDir(dirname(path), 0o700)
  } catch (error) {
    throw new CommandError(`cannot make the folder of ${path}: ${reasonOf(error)}`)
  }
  await withFileLock(path, { signal }, async () => {
    await writeWhole(path, Buffer.from(change(await readUserFile(path))), { signal, mode: 0o600 })
  })
}

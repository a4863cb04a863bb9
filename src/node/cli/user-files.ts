/** Where this user's own small files are (spec §11), and how they are changed: one command after another, written whole. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { makeDir } from '../base/make-dir.ts'
import { withFileLock } from './file-lock.ts'
import { CommandError, reasonOf, type Io } from './io.ts'
import { writeWhole } from './payload-files.ts'

/** `${XDG_CONFIG_HOME:-~/.config}/freechains/…`. Relative values are ignored, as XDG demands. */
export function userConfigPath(env: Io['env'], name: string): string {
  return userPath(env, 'XDG_CONFIG_HOME', '.config', name)
}

/** `${XDG_STATE_HOME:-~/.local/state}/freechains/…`. */
export function userStatePath(env: Io['env'], name: string): string {
  return userPath(env, 'XDG_STATE_HOME', join('.local', 'state'), name)
}

function userPath(env: Io['env'], variable: string, otherwise: string, name: string): string {
  const given = env[variable]
  const root = given !== undefined && isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), otherwise)
  return join(root, 'freechains', name)
}

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

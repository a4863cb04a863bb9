/** Cookie files (spec §10): written whole or not at all, readable by their owner alone, removed only if still ours. */
import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDir } from '../base/make-dir.ts'
import { parseToken } from './auth.ts'

/** Writes a cookie with mode 0600, in place of one that an unclean stop left behind. Rejects with the OS's error. */
export async function writeCookie(path: string, token: string): Promise<void> {
  await makeDir(dirname(path), 0o700)
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  try {
    // `wx` follows no link and reuses no file: nobody can have it open, and its mode is ours.
    await writeFile(temporary, `${token}\n`, { flag: 'wx', mode: 0o600 })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The token in a cookie file; `undefined` if there is none that can be read. */
export async function readCookie(path: string): Promise<string | undefined> {
  try {
    return parseToken(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Removes a cookie unless another daemon has written its own there since. */
export async function removeCookie(path: string, token: string): Promise<void> {
  if ((await readCookie(path)) === token) await rm(path, { force: true })
}

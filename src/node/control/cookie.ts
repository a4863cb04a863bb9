/**
 * Cookie files (spec §10): written atomically, readable by their owner alone, removed only while they hold our token.
 */
import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDir } from '../base/make-dir.ts'
import { parseToken } from './auth.ts'

/**
 * Writes a cookie with mode 0600; replaces one left by an unclean stop. Rejects with the error of the operating system.
 */
export async function writeCookie(path: string, token: string): Promise<void> {
  await makeDir(dirname(path), 0o700)
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  try {
    // `wx` follows no link and opens no existing file: no other process has it open, and its mode is 0600.
    await writeFile(temporary, `${token}\n`, { flag: 'wx', mode: 0o600 })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Reads the token of a cookie file; undefined if there is none, or it cannot be read. */
export async function readCookie(path: string): Promise<string | undefined> {
  try {
    return parseToken(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Removes a cookie, unless another daemon has replaced it. */
export async function removeCookie(path: string, token: string): Promise<void> {
  if ((await readCookie(path)) === token) await rm(path, { force: true })
}

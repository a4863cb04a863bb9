/** Reading the few small files that a configuration consists of, and the places it names (spec §11, §12). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fail, ok, type Result } from '../../dag/result.ts'

/** Environment variables: `HOME` and `XDG_DATA_HOME` are looked at. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface SmallFile {
  readonly text: string
  /** Every user of the machine may read it. Not known, and `false`, on Windows. */
  readonly worldReadable: boolean
}

const WORLD_READ = 0o004

/** The file as UTF-8 text, or in words why not. Never reads more than `maxBytes`, whatever the file turns out to be. */
export function readSmallFile(path: string, maxBytes: number): Result<SmallFile, string> {
  let handle: number | undefined
  try {
    handle = openSync(path, 'r')
    const bytes = readUpTo(handle, maxBytes + 1)
    if (bytes.byteLength > maxBytes) return fail(`is larger than ${String(maxBytes / 1024)} KiB`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return ok({ text, worldReadable: process.platform !== 'win32' && (fstatSync(handle).mode & WORLD_READ) !== 0 })
  } catch (error) {
    return fail(whyUnreadable(error))
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

function readUpTo(handle: number, maxBytes: number): Uint8Array {
  const bytes = new Uint8Array(maxBytes)
  let length = 0
  while (length < maxBytes) {
    const count = readSync(handle, bytes, length, maxBytes - length, null)
    if (count === 0) break
    length += count
  }
  return bytes.subarray(0, length)
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  switch (code) {
    case 'ENOENT':
      return 'cannot be read: no such file'
    case 'EACCES':
    case 'EPERM':
      return 'cannot be read: permission denied'
    case 'EISDIR':
      return 'cannot be read: it is a directory'
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'is not UTF-8 text'
    default:
      return `cannot be read: ${code}`
  }
}

/** `~` and `~/…` stand for the user's home; `~other` is left as it is. */
export function expandHome(path: string, env: Environment): string {
  return path === '~' || path.startsWith('~/') ? join(env['HOME'] ?? homedir(), path.slice(1)) : path
}

/** `${XDG_DATA_HOME:-~/.local/share}/freechains`. The XDG specification has relative values ignored. */
export function defaultDataDir(env: Environment): string {
  const given = env['XDG_DATA_HOME']
  const base = given !== undefined && isAbsolute(given) ? given : expandHome('~/.local/share', env)
  return join(base, 'freechains')
}

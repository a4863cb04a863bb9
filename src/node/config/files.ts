/** Reads the small files of a configuration, and resolves the paths in it (spec §11, §12). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fail, ok, type Result } from '../../dag/result.ts'

/** Environment variables; `HOME` and `XDG_DATA_HOME` are used. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface SmallFile {
  readonly text: string
  /** Whether all users of this machine may read the file. Always false on Windows, where it is not known. */
  readonly worldReadable: boolean
}

const WORLD_READ = 0o004

/**
 * Reads a file as UTF-8 text; a fault is the reason in words. Reads at most `maxBytes` + 1 bytes, even of a device or a
 * FIFO.
 */
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

/** Expands `~` and `~/…` to the user's home; leaves `~other` as it is. */
export function expandHome(path: string, env: Environment): string {
  return path === '~' || path.startsWith('~/') ? join(env['HOME'] ?? homedir(), path.slice(1)) : path
}

/** `${XDG_DATA_HOME:-~/.local/share}/freechains`. The XDG specification demands that relative values are ignored. */
export function defaultDataDir(env: Environment): string {
  const given = env['XDG_DATA_HOME']
  const base = given !== undefined && isAbsolute(given) ? given : expandHome('~/.local/share', env)
  return join(base, 'freechains')
}

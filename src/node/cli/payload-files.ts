/** Payloads from and to files and streams (spec §11). A file that is written is whole or not there. */
import { randomBytes } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { PAYLOAD_BYTES } from '../control/port-limits.ts'
import { chunksOf, CommandError, Interrupted, reasonOf, type Io } from './io.ts'

/** Base64 spells three bytes at a time. */
const BASE64_BYTES = 3

/** Of a file's mode: what may be done with it. The rest says what it is. */
const PERMISSIONS = 0o7777

/** While a file is written, nobody else sees what only its owner may see afterwards. */
const OWNER_ONLY = 0o700

/** What to post, in base64: a file's bytes, or those of stdin if there is no path. */
export async function readPayload(path: string | undefined, io: Io): Promise<string> {
  if (path === undefined) return await toBase64(io.stdin, 'stdin', io.signal)
  try {
    return await toBase64(createReadStream(path) as AsyncIterable<Uint8Array>, path, io.signal)
  } catch (error) {
    if (error instanceof CommandError || error instanceof Interrupted) throw error
    throw new CommandError(`cannot read ${path}: ${reasonOf(error)}`)
  }
}

/**
 * Spells bytes as they come, so that they are not held besides: how many there will be need not be known, and reading ends
 * where no chain would take them.
 */
async function toBase64(source: AsyncIterable<Uint8Array>, what: string, signal: AbortSignal): Promise<string> {
  let spelt = ''
  let rest = Buffer.alloc(0)
  let bytes = 0
  for await (const chunk of chunksOf(source, signal)) {
    bytes += chunk.byteLength
    if (bytes > PAYLOAD_BYTES) {
      throw new CommandError(`${what} is longer than ${String(PAYLOAD_BYTES)} bytes, the most that any chain allows`)
    }
    const joined = Buffer.concat([rest, chunk])
    const whole = joined.length - (joined.length % BASE64_BYTES)
    spelt += joined.toString('base64', 0, whole)
    rest = joined.subarray(whole)
  }
  return spelt + rest.toString('base64')
}

/**
 * Writes a file so that an interruption never leaves half of one: beside it, then moved into place. A symlink stays, and
 * what it leads to is written; what is there and is no regular file (a FIFO, a terminal) is written into, not replaced.
 * @param options - `mode`: of the file from now on; otherwise one that is there keeps its own
 * @throws {CommandError} @throws {Interrupted}
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  options: { readonly signal: AbortSignal; readonly mode?: number },
): Promise<void> {
  try {
    const present = await statIfThere(path)
    if (present === undefined || present.isFile()) {
      await replace(await behindLinks(path), bytes, { mode: present?.mode, ...options })
    } else await writeFile(path, bytes, { signal: options.signal })
  } catch (error) {
    if (options.signal.aborted) throw new Interrupted('Ctrl-C')
    throw new CommandError(`cannot write ${path}: ${reasonOf(error)}`)
  }
}

async function replace(
  path: string,
  bytes: Uint8Array,
  { signal, mode }: { readonly signal: AbortSignal; readonly mode?: number | undefined },
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    const file = await open(temporary, 'wx', mode === undefined ? undefined : mode & OWNER_ONLY)
    try {
      await file.writeFile(bytes, { signal })
      // The umask cut what `open` was told.
      if (mode !== undefined) await file.chmod(mode & PERMISSIONS)
      await file.sync()
    } finally {
      await file.close()
    }
    signal.throwIfAborted()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Follows symlinks, so that one in `/proc` that has no path to it (a pipe at `/dev/stdout`) is found, too. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Where a path leads, be there a file or not. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    // Links in a circle are an error of another code, so that this ends.
    if (!isMissing(error)) throw error
    const next = await readlink(path).catch(() => undefined)
    return next === undefined ? path : await behindLinks(resolve(await realpath(dirname(path)), next))
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

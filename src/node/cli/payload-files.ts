/** Reads and writes payloads as files and streams (spec §11). Files are written atomically. */
import { randomBytes } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { PAYLOAD_BYTES } from '../control/port-limits.ts'
import { chunksOf, CommandError, Interrupted, reasonOf, type Io } from './io.ts'

/** Base64 encodes groups of three bytes. */
const BASE64_BYTES = 3

/** The permission bits of a file's mode; the rest is its type. */
const PERMISSIONS = 0o7777

/** Mode bits allowed while a file is written: others must not see what only its owner may see afterwards. */
const OWNER_ONLY = 0o700

/** The payload to post, in base64: a file's bytes, or stdin without a path. */
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
 * Encodes chunk by chunk, so that the raw bytes are never in memory as a whole. The length need not be known; reading
 * stops beyond the largest payload of any chain.
 */
async function toBase64(source: AsyncIterable<Uint8Array>, what: string, signal: AbortSignal): Promise<string> {
  let encoded = ''
  let rest = Buffer.alloc(0)
  let bytes = 0
  for await (const chunk of chunksOf(source, signal)) {
    bytes += chunk.byteLength
    if (bytes > PAYLOAD_BYTES) {
      throw new CommandError(`${what} is longer than ${String(PAYLOAD_BYTES)} bytes, the most that any chain allows`)
    }
    const joined = Buffer.concat([rest, chunk])
    const whole = joined.length - (joined.length % BASE64_BYTES)
    encoded += joined.toString('base64', 0, whole)
    rest = joined.subarray(whole)
  }
  return encoded + rest.toString('base64')
}

/**
 * Writes a file atomically: a temporary file beside it is renamed into place. A symlink stays and its target is
 * written. An existing path that is no regular file (a FIFO, a terminal) is written into, not replaced.
 *
 * @param options - `mode`: mode of the written file; by default an existing file keeps its own
 * @throws {CommandError}
 * @throws {Interrupted}
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
      // The umask reduced the mode passed to `open`.
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

/** Stats through symlinks, so that links of `/proc` without a path (a pipe at `/dev/stdout`) are found too. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The target of a path through its symlinks, whether it exists or not. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    // A cycle of links gives another error code, so this terminates.
    if (!isMissing(error)) throw error
    const next = await readlink(path).catch(() => undefined)
    return next === undefined ? path : await behindLinks(resolve(await realpath(dirname(path)), next))
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

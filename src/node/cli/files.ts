/** Payloads from and to files and streams (spec §11). A file that is written is whole or not there. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { PAYLOAD_BYTES } from '../control/limits.ts'
import { chunksOf, CommandError, Interrupted, reasonOf, type Io } from './io.ts'

/** Base64 spells three bytes at a time. */
const BASE64_BYTES = 3

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
 * Writes beside the file and moves it into place, so that an interruption never leaves half a file.
 * @throws {CommandError} @throws {Interrupted}
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  options: { readonly signal: AbortSignal; readonly mode?: number },
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    const file = await open(temporary, 'wx', options.mode)
    try {
      await file.writeFile(bytes, { signal: options.signal })
      await file.sync()
    } finally {
      await file.close()
    }
    if (options.signal.aborted) throw new Interrupted('Ctrl-C')
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    if (options.signal.aborted) throw new Interrupted('Ctrl-C')
    throw new CommandError(`cannot write ${path}: ${reasonOf(error)}`)
  }
}

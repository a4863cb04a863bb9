/** Payloads from and to files (spec §11). A file that is written is whole or not there. */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { PAYLOAD_BYTES } from '../control/limits.ts'
import { CommandError, reasonOf, type Io } from './io.ts'

/** The bytes to post: of a file, or of stdin if there is no path. */
export async function readPayload(path: string | undefined, io: Io): Promise<Buffer> {
  return path === undefined ? await readStdin(io) : await readWhole(path)
}

/** Writes beside the file and moves it into place, so that an interruption never leaves half a file. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw new CommandError(`cannot write ${path}: ${reasonOf(error)}`)
  }
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).size > PAYLOAD_BYTES) throw tooLarge(path)
    return await readFile(path)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`cannot read ${path}: ${reasonOf(error)}`)
  }
}

async function readStdin(io: Io): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of io.stdin) {
    bytes += part.byteLength
    if (bytes > PAYLOAD_BYTES) throw tooLarge('stdin')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function tooLarge(what: string): CommandError {
  return new CommandError(`${what} is longer than ${String(PAYLOAD_BYTES)} bytes, the most that any chain allows`)
}

/** Secrets that need not stand on the command line, where other users could read them (spec §11). */
import { readFile } from 'node:fs/promises'
import { chunksOf, CommandError, reasonOf, write, type Io } from './io.ts'

/** What a key may be typed as, for `--help`. */
export const KEY_FORMS = '@FILE, env:NAME and - (stdin) work'

/** The longest secret on stdin: a passphrase is at most 64 KiB at the control port. */
const STDIN_BYTES = 64 * 1024

/** Seed and public key. */
const PRIVATE_KEY = /^[0-9A-Fa-f]{128}$/

const WARNING =
  'freechains: warning: a private key on the command line can be read by other users of this machine (ps), and stays in ' +
  "the shell's history; --sign=@FILE, env:NAME or - (stdin) keep it to yourself\n"

/** A key: itself, `@FILE` (its content), `env:NAME`, or `-` for stdin; each without white space around it. */
export async function readKey(text: string, io: Io): Promise<string> {
  if (text.startsWith('env:')) {
    const name = text.slice(4)
    const value = io.env[name]?.trim()
    if (value === undefined || value === '') throw new CommandError(`the environment has no ${name}: export it first`)
    return value
  }
  if (text === '-') {
    const key = (await readSecret(io)).trim()
    if (key === '') throw new CommandError('there is no key on stdin: pipe it in, or name a file with @FILE')
    return key
  }
  if (!text.startsWith('@')) {
    if (PRIVATE_KEY.test(text)) await write(io.stderr, WARNING)
    return text
  }
  const path = text.slice(1)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new CommandError(`cannot read the key in ${path}: ${reasonOf(error)}`)
  }
}

/** A passphrase: itself, or `-` for stdin without its last newline. */
export async function readPassphrase(text: string, io: Io): Promise<string> {
  return text === '-' ? (await readSecret(io)).replace(/\r?\n$/, '') : text
}

async function readSecret(io: Io): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of chunksOf(io.stdin, io.signal)) {
    bytes += part.byteLength
    if (bytes > STDIN_BYTES)
      throw new CommandError(`stdin is longer than ${String(STDIN_BYTES)} bytes: no key or passphrase is`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Secrets that need not stand on the command line, where other users could read them (spec §11). */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { chunksOf, CommandError, reasonOf, UsageError, write, type Io } from './io.ts'
import { requireUtf8 } from './argument-values.ts'

/** What a key may be typed as, for `--help`. */
export const KEY_FORMS = '@FILE, env:NAME and - (stdin) work'

/** The longest secret on stdin: a passphrase is at most 64 KiB at the control port. */
const STDIN_BYTES = 64 * 1024

/** Seed and public key. */
const PRIVATE_KEY = /^[0-9A-Fa-f]{128}$/

/** Of a group; a public key looks the same. */
const SHARED_KEY = /^[0-9A-Fa-f]{64}$/

/** No chain's name begins like this. */
const INVITE = /^freechains:/i

/** What a key is given as: an option's value, or a word that is a group's shared key or somebody's public key. */
export type KeyUse = '--sign' | '--decrypt' | 'shared' | 'public'

/** A key: itself, `@FILE` (its content), `env:NAME`, or `-` for stdin; each without white space around it. */
export async function readKey(text: string, use: KeyUse, io: Io): Promise<string> {
  if (text === '') throw new UsageError('which key?')
  const key = await fromElsewhere(text, 'key', io)
  if (key === undefined) await warnOf(text, use, io)
  return key ?? text
}

/** Where `chains join` is told what to join: a chain's name, or an invite. */
export type Joining = { readonly name: string } | { readonly invite: string }

/**
 * A chain's name, or an invite: itself, or from where a key may come too. White space in an invite is what a mail or a
 * chat made of it. No error repeats it: a group's key may be in it.
 *
 * @throws {CommandError} @throws {UsageError}
 */
export async function readJoining(text: string, io: Io): Promise<Joining> {
  // What is all digits behind the sign was meant as a key, if a wrong one: the daemon says so.
  const isChain = /^[#$]/.test(text) || /^@!?[0-9A-Fa-f]+$/.test(text)
  if (isChain) return { name: text }
  if (/^@\s*freechains:/i.test(text)) throw new UsageError('an invite stands without the @, which goes before a file')
  const found = await fromElsewhere(text, 'invite', io)
  const invite = (found ?? text).replaceAll(/\s/g, '')
  if (INVITE.test(invite)) return { invite }
  if (found !== undefined) throw new CommandError('what is there is no invite: it begins with freechains:')
  throw new UsageError("neither a chain ('#forum', '$group', '@PUB') nor an invite (freechains:…)")
}

/** What `@FILE`, `env:NAME` or `-` stand for; `undefined` for what stands for itself. @throws {CommandError} */
async function fromElsewhere(text: string, what: 'key' | 'invite', io: Io): Promise<string | undefined> {
  if (text.startsWith('env:')) {
    const name = text.slice(4)
    const value = io.env[name]?.trim()
    if (value === undefined || value === '') throw new CommandError(`the environment has no ${name}: export it first`)
    return value
  }
  if (text === '-') {
    const read = (await readSecret(io)).toString('utf8').trim()
    if (read === '') throw new CommandError(`there is no ${what} on stdin: pipe it in, or name a file with @FILE`)
    return read
  }
  if (!text.startsWith('@')) return undefined
  const path = text.slice(1)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new CommandError(`cannot read the ${what} in ${path}: ${reasonOf(error)}`)
  }
}

async function warnOf(text: string, use: KeyUse, io: Io): Promise<void> {
  const isShared = use === 'shared' && SHARED_KEY.test(text)
  if (!isShared && !PRIVATE_KEY.test(text)) return
  const what = isShared ? "a group's shared key" : 'a private key'
  const instead = `${use.startsWith('--') ? `${use}=` : ''}@FILE`
  const why = "can be read by other users of this machine (ps), and stays in the shell's history"
  const message = `${what} on the command line ${why}; ${instead}, env:NAME or - (stdin) keep it to yourself`
  await write(io.stderr, `freechains: warning: ${message}\n`)
}

/** A passphrase: itself, or `-` for stdin without its last newline. @throws {CommandError} its bytes are no UTF-8 */
export async function readPassphrase(text: string, io: Io): Promise<string> {
  if (text !== '-')
    return requireUtf8(text, 'the passphrase', 'give it in UTF-8, on stdin (-) if it has that character')
  const bytes = await readSecret(io)
  // Read as text, every byte that is none would be the same one, and two passphrases would make the same keys.
  if (!isUtf8(bytes)) throw new CommandError('the passphrase on stdin is no UTF-8: convert it first (iconv -t UTF-8)')
  return bytes.toString('utf8').replace(/\r?\n$/, '')
}

async function readSecret(io: Io): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of chunksOf(io.stdin, io.signal)) {
    bytes += part.byteLength
    if (bytes > STDIN_BYTES)
      throw new CommandError(`stdin is longer than ${String(STDIN_BYTES)} bytes: no key or passphrase is`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

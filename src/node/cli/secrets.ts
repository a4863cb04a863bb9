/** Reads secrets from elsewhere than the command line, which other users of the machine can read (spec §11). */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { chunksOf, CommandError, reasonOf, UsageError, writeAside, type Io } from './io.ts'
import { requireUtf8 } from './argument-values.ts'
import { readKeyText } from './keys/key-text.ts'

/** The alternatives for a key, for `--help`. */
export const KEY_FORMS = '@FILE, env:NAME and - (stdin) work'

/** The longest secret on stdin: the control port takes passphrases up to 64 KiB. */
const STDIN_BYTES = 64 * 1024

/** A seed and a public key. */
const PRIVATE_KEY = /^[0-9A-Fa-f]{128}$/

/** A group's shared key; a public key has the same form. */
const SHARED_KEY = /^[0-9A-Fa-f]{64}$/

/** No chain name begins like this. */
const INVITE = /^freechains:/i

/** What becomes of words on the command line. */
const SEEN = "can be read by other users of this machine (ps), and stays in the shell's history"

/** Where a key is given: as an option's value, or as a word that is a group's shared key or a public key. */
export type KeyUse = '--sign' | '--decrypt' | 'shared' | 'public'

/**
 * A key: literal, `@FILE` (the content), `env:NAME`, or `-` for stdin. White space around the latter three is dropped.
 */
export async function readKey(text: string, use: KeyUse, io: Io): Promise<string> {
  if (text === '') throw new UsageError('which key?')
  const key = await fromElsewhere(text, 'key', io)
  if (key === undefined) await warnOf(text, use, io)
  if (key === undefined || !use.startsWith('--')) return key ?? text
  return privateKeyIn(key)
}

/** What `crypto pubpvt` printed has the public key before the private one; a file of `keys` has comments. @throws {CommandError} */
function privateKeyIn(text: string): string {
  const read = readKeyText(text)
  if (read === undefined) return text
  if ('pvt' in read.body) return read.body.pvt
  throw new CommandError('this key has a passphrase: bring it in with `freechains keys import`, then sign with --as')
}

/** The argument of `chains join`: a chain's name or an invite. */
export type Joining = { readonly name: string } | { readonly invite: string }

/**
 * A chain's name, or an invite, literal or from the same places as a key. White space within an invite comes from mail
 * or chat and is dropped. No error repeats the text: it may hold a group's key.
 *
 * @throws {CommandError}
 * @throws {UsageError}
 */
export async function readJoining(text: string, io: Io): Promise<Joining> {
  // Hex digits after the sign were meant as a key; if it is invalid, the daemon says so.
  const isChain = /^[#$]/.test(text) || /^@!?[0-9A-Fa-f]+$/.test(text)
  if (isChain) return { name: text }
  if (/^@\s*freechains:/i.test(text)) throw new UsageError('an invite stands without the @, which goes before a file')
  const found = await fromElsewhere(text, 'invite', io)
  const invite = (found ?? text).replaceAll(/\s/g, '')
  if (INVITE.test(invite)) return { invite }
  if (found !== undefined) throw new CommandError('what is there is no invite: it begins with freechains:')
  throw new UsageError("neither a chain ('#forum', '$group', '@PUB') nor an invite (freechains:…)")
}

/** The value behind `@FILE`, `env:NAME` or `-`; undefined for a literal. @throws {CommandError} */
async function fromElsewhere(
  text: string,
  what: 'key' | 'invite' | 'passphrase' | 'words',
  io: Io,
): Promise<string | undefined> {
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
  const message = `${what} on the command line ${SEEN}; ${instead}, env:NAME or - (stdin) keep it to yourself`
  await writeAside(io, `warning: ${message}`)
}

/**
 * A passphrase: literal, or `-` for stdin without its last newline. @throws {CommandError}
 * it is no UTF-8
 */
export async function readPassphrase(text: string, io: Io): Promise<string> {
  if (text === '-') return await passphraseOnStdin(io)
  const passphrase = requireUtf8(text, 'the passphrase', 'give it in UTF-8, on stdin (-) if it has that character')
  if (passphrase !== '') {
    await writeAside(io, `warning: a passphrase on the command line ${SEEN}; - reads it from stdin`)
  }
  return passphrase
}

/** A passphrase from stdin (`-`), a file or the environment; undefined for a literal. @throws {CommandError} */
export async function readPassphraseFrom(text: string, io: Io): Promise<string | undefined> {
  if (text === '-') return await passphraseOnStdin(io)
  return await fromElsewhere(text, 'passphrase', io)
}

/** A secret in a file, or on stdin (`-`). @throws {CommandError} */
export async function readSecretText(path: string, what: 'key' | 'words', io: Io): Promise<string> {
  return (await fromElsewhere(path === '-' ? '-' : `@${path}`, what, io)) ?? ''
}

async function passphraseOnStdin(io: Io): Promise<string> {
  const bytes = await readSecret(io)
  // Decoding would replace all invalid bytes by the same character, and two passphrases would give the same keys.
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

/** Secrets that need not stand on the command line, where other users could read them (spec §11). */
import { readFile } from 'node:fs/promises'
import { CommandError, reasonOf, type Io } from './io.ts'

/** A key: itself, `@FILE` (its content, without white space around it) or `env:NAME`. */
export async function readKey(text: string, io: Io): Promise<string> {
  if (text.startsWith('env:')) {
    const name = text.slice(4)
    const value = io.env[name]?.trim()
    if (value === undefined || value === '') throw new CommandError(`the environment has no ${name}: export it first`)
    return value
  }
  if (!text.startsWith('@')) return text
  const path = text.slice(1)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new CommandError(`cannot read the key in ${path}: ${reasonOf(error)}`)
  }
}

/** A passphrase: itself, or `-` for stdin without its last newline. */
export async function readPassphrase(text: string, io: Io): Promise<string> {
  if (text !== '-') return text
  const parts: Uint8Array[] = []
  for await (const part of io.stdin) parts.push(part)
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/**
 * Whom the user does not want to read (spec §11): public keys, one a line, in a file beside the address book. Local: it changes
 * what is shown here and nothing else.
 */
import { join } from 'node:path'
import { parseAuthorKey, type AuthorKey } from '../../dag/ids.ts'
import { configDir } from './config-dir.ts'
import { CommandError, type Io } from './io.ts'
import { changeUserFile, readUserFile } from './user-files.ts'

const HEAD = '# Authors whose posts are not shown to you, as `freechains mute` keeps them: a public key a line\n'

export class Mutes {
  readonly #keys: ReadonlySet<string>

  private constructor(keys: Iterable<string>) {
    this.#keys = new Set(keys)
  }

  /** @throws {CommandError} the file cannot be read, or is damaged */
  static async open(io: Pick<Io, 'env'>): Promise<Mutes> {
    const path = mutesPath(io.env)
    return new Mutes(keysIn(await readUserFile(path), path))
  }

  static async change(io: Pick<Io, 'env' | 'signal'>, pub: AuthorKey, isMuted: boolean): Promise<void> {
    const path = mutesPath(io.env)
    await changeUserFile(path, io, (before) => {
      const others = keysIn(before, path).filter((key) => key !== pub)
      return HEAD + [...others, ...(isMuted ? [pub] : [])].map((key) => `${key}\n`).join('')
    })
  }

  has(pub: string | undefined): boolean {
    return pub !== undefined && this.#keys.has(pub)
  }

  list(): string[] {
    return [...this.#keys]
  }
}

function mutesPath(env: Io['env']): string {
  return join(configDir(env), 'mutes.txt')
}

function keysIn(text: string | undefined, path: string): AuthorKey[] {
  const lines = (text ?? '').split(/\r?\n/).map((line) => line.trim())
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const key = parseAuthorKey(line)
      if (key.ok) return key.value
      throw new CommandError(
        `${path} is damaged: a line is no public key of 64 hex digits; correct it, or move it away`,
      )
    })
}

/**
 * The user's names for public keys (spec §11): one local file, written atomically. It needs no daemon and is never
 * sent.
 */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { withoutKeys } from '../base/without-keys.ts'
import { parseAuthorKey, type AuthorKey } from '../../dag/ids.ts'
import { makeDir } from '../base/make-dir.ts'
import { withFileLock } from './file-lock.ts'
import { userConfigPath } from './user-files.ts'
import { writeWhole } from './payload-files.ts'
import { CommandError, reasonOf, type Io } from './io.ts'

/** Width of a table column. */
const NAME_CHARS = 32

/** Letters and digits of any script, with `. _ -` inside. No control characters, blanks, chain signs or options. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u

/** Text that could be a key or an id: six hex digits, with or without a height before them. */
const ID_LIKE = /^(?:\d+_)?[0-9A-Fa-f]{6,}$/

export function looksLikeId(text: string): boolean {
  return ID_LIKE.test(text)
}

const HEAD = '# Your names for public keys, as `freechains names` keeps them: NAME: KEY\n'

export class AddressBook {
  readonly path: string
  readonly #keys: ReadonlyMap<string, AuthorKey>
  readonly #names: ReadonlyMap<string, string>

  private constructor(path: string, keys: ReadonlyMap<string, AuthorKey>) {
    this.path = path
    this.#keys = keys
    this.#names = new Map([...keys].map(([name, pub]) => [pub, name]))
  }

  /** Opens this user's book; empty if there is no file. @throws {CommandError} it cannot be read */
  static async open(io: Pick<Io, 'env'>): Promise<AddressBook> {
    const path = userConfigPath(io.env, 'names.yaml')
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new AddressBook(path, new Map())
      throw new CommandError(`cannot read your names in ${path}: ${reasonOf(error)}`)
    }
    return new AddressBook(path, await readNames(text, path))
  }

  /**
   * Changes this user's book. Of several commands at once each sees what the one before it wrote.
   *
   * @returns the book before and after @throws {CommandError}
   */
  static async change(
    io: Pick<Io, 'env' | 'signal'>,
    change: (book: AddressBook) => AddressBook,
  ): Promise<{ readonly before: AddressBook; readonly after: AddressBook }> {
    const path = userConfigPath(io.env, 'names.yaml')
    try {
      await makeDir(dirname(path), 0o700)
    } catch (error) {
      throw new CommandError(`cannot make the folder of ${path}: ${reasonOf(error)}`)
    }
    return await withFileLock(path, io, async () => {
      const before = await AddressBook.open(io)
      const after = change(before)
      await after.#save(io.signal)
      return { before, after }
    })
  }

  /** All names, sorted, with their keys. */
  list(): { readonly name: string; readonly pub: AuthorKey }[] {
    return [...this.#keys].map(([name, pub]) => ({ name, pub })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  nameOf(pub: string | undefined): string | undefined {
    return pub === undefined ? undefined : this.#names.get(pub)
  }

  keyOf(name: string): AuthorKey | undefined {
    return this.#keys.get(name.normalize('NFC'))
  }

  /**
   * Gives a key a name, in place of its old one. @throws {CommandError} the name or the key is invalid, or the name is
   * taken
   */
  add(pub: string, name: string): AddressBook {
    const key = parseAuthorKey(pub)
    if (!key.ok) throw new CommandError(`“${withoutKeys(pub)}” is no public key: expected 64 hex digits`)
    const fitting = validName(name)
    const taken = this.#keys.get(fitting)
    if (taken !== undefined && taken !== key.value) {
      throw new CommandError(`${fitting} is the name of ${taken} already: remove it first, or choose another name`)
    }
    const like = [...this.#keys].find(([other, its]) => its !== key.value && folded(other) === folded(fitting))
    if (like !== undefined) {
      throw new CommandError(`${fitting} reads like ${like[0]}, the name of ${like[1]}: choose another name`)
    }
    const others = [...this.#keys].filter(([, other]) => other !== key.value)
    return new AddressBook(this.path, new Map([...others, [fitting, key.value]]))
  }

  /** @param which - a name or a public key @throws {CommandError} it is not in the book */
  remove(which: string): AddressBook {
    const key = this.keyOf(which) ?? which.toUpperCase()
    if (this.nameOf(key) === undefined)
      throw new CommandError(`no name or key “${withoutKeys(which)}” is in ${this.path}`)
    return new AddressBook(this.path, new Map([...this.#keys].filter(([, pub]) => pub !== key)))
  }

  async #save(signal: AbortSignal): Promise<void> {
    const names = Object.fromEntries(this.list().map(({ name, pub }) => [name, pub]))
    const { stringify } = await import('./yaml-text.ts')
    await writeWhole(this.path, Buffer.from(HEAD + stringify(names)), { signal, mode: 0o600 })
  }
}

/** Folds names that people would confuse to the same text. */
function folded(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC')
}

/** Validates a name and normalizes it to NFC. @throws {CommandError} */
function validName(text: string): string {
  const name = text.normalize('NFC')
  if (looksLikeId(name))
    throw new CommandError(`“${withoutKeys(name)}” could be meant as a key or an id: choose another name`)
  if (!NAME.test(name) || Array.from(name).length > NAME_CHARS) {
    const expected = `a letter or a digit, then letters, digits, “.”, “_”, “-”; at most ${String(NAME_CHARS)}`
    throw new CommandError(`“${withoutKeys(name)}” will not do as a name: expected ${expected}`)
  }
  return name
}

async function readNames(text: string, path: string): Promise<ReadonlyMap<string, AuthorKey>> {
  const wrong = (why: string): CommandError =>
    new CommandError(`${path} is damaged: ${why}; correct it, or move it away`)
  // Most commands find no file, and the library is slow to load.
  const { parse } = await import('./yaml-text.ts')
  let parsed: unknown
  try {
    // All scalars are strings: a name may be `1984` or `null`.
    parsed = parse(text, { schema: 'failsafe' })
  } catch {
    throw wrong('it is no YAML')
  }
  if (parsed === null || parsed === '') return new Map()
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw wrong('expected lines of NAME: KEY')
  const keys = new Map<string, AuthorKey>()
  for (const [name, value] of Object.entries(parsed)) {
    const pub = typeof value === 'string' ? parseAuthorKey(value) : undefined
    if (pub?.ok !== true) throw wrong(`“${name}” stands for no public key of 64 hex digits`)
    try {
      keys.set(validName(name), pub.value)
    } catch (error) {
      throw wrong(error instanceof CommandError ? error.message : String(error))
    }
  }
  if (new Set(keys.values()).size !== keys.size) throw wrong('one key has two names')
  return keys
}

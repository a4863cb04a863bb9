/**
 * The user's names for public keys and peer ids (spec §11): one local file, written atomically, and the names of his own keys. It
 * needs no daemon and is never sent.
 */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withoutKeys } from '../base/without-keys.ts'
import { parseAuthorKey, type AuthorKey } from '../../dag/ids.ts'
import { makeDir } from '../base/make-dir.ts'
import { configDir } from './config-dir.ts'
import { withFileLock } from './file-lock.ts'
import { readRing, type OwnKey } from './keys/key-ring.ts'
import { folded, validName } from './name-rules.ts'
import { writeWhole } from './payload-files.ts'
import { CommandError, reasonOf, type Io } from './io.ts'

/** A peer id: base58 of the multihash of its key. */
const PEER_ID = /^(?:12D3Koo|16Uiu2H|Qm)[1-9A-HJ-NP-Za-km-z]{39,48}$/

/** A public key, or a peer id. */
type Named = AuthorKey | (string & {})

function parseNamed(text: string): Named | undefined {
  const key = parseAuthorKey(text)
  return key.ok ? key.value : PEER_ID.test(text) ? text : undefined
}

const HEAD = '# Your names for public keys, as `freechains names` keeps them: NAME: KEY\n'

export class AddressBook {
  readonly path: string
  readonly #keys: ReadonlyMap<string, Named>
  readonly #own: readonly OwnKey[]
  readonly #names: ReadonlyMap<string, string>

  private constructor(path: string, keys: ReadonlyMap<string, Named>, own: readonly OwnKey[]) {
    this.path = path
    this.#keys = keys
    this.#own = own
    this.#names = new Map([...keys].map(([name, pub]) => [pub, name]))
  }

  /** Opens this user's book; empty if there is no file. @throws {CommandError} it cannot be read */
  static async open(io: Pick<Io, 'env'>): Promise<AddressBook> {
    const path = bookPath(io.env)
    const { keys: own } = await readRing(io)
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new AddressBook(path, new Map(), own)
      throw new CommandError(`cannot read your names in ${path}: ${reasonOf(error)}`)
    }
    return new AddressBook(path, await readNames(text, path), own)
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
    const path = bookPath(io.env)
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

  /** All names, sorted, with their keys; not those of the user's own. */
  list(): { readonly name: string; readonly pub: Named }[] {
    return [...this.#keys].map(([name, pub]) => ({ name, pub })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  nameOf(pub: string | undefined): string | undefined {
    if (pub === undefined) return undefined
    return this.#own.find((key) => key.pub === pub)?.name ?? this.#names.get(pub)
  }

  keyOf(name: string): AuthorKey | undefined {
    const normal = name.normalize('NFC')
    const own = this.#own.find((key) => key.name === normal)
    if (own !== undefined) return own.pub
    const key = parseAuthorKey(this.#keys.get(normal) ?? '')
    return key.ok ? key.value : undefined
  }

  /** The peer id of this name. */
  peerOf(name: string): string | undefined {
    const named = this.#keys.get(name.normalize('NFC'))
    return named !== undefined && PEER_ID.test(named) ? named : undefined
  }

  /**
   * Gives a key or a peer id a name, in place of its old one. @throws {CommandError} the name or the key is invalid, or the name is
   * taken
   */
  add(pub: string, name: string): AddressBook {
    const key = parseNamed(pub)
    if (key === undefined)
      throw new CommandError(`“${withoutKeys(pub)}” is no public key: expected 64 hex digits, or a peer id`)
    const fitting = validName(name)
    const own = this.#own.find((one) => one.pub === key || folded(one.name) === folded(fitting))
    if (own !== undefined) {
      const what =
        own.pub === key ? `this is your own key ${own.name}` : `${fitting} reads like your own key ${own.name}`
      throw new CommandError(
        `${what}: ${own.pub === key ? '`freechains keys rename` renames it' : 'choose another name'}`,
      )
    }
    const taken = this.#keys.get(fitting)
    if (taken !== undefined && taken !== key) {
      throw new CommandError(`${fitting} is the name of ${taken} already: remove it first, or choose another name`)
    }
    const like = [...this.#keys].find(([other, its]) => its !== key && folded(other) === folded(fitting))
    if (like !== undefined) {
      throw new CommandError(`${fitting} reads like ${like[0]}, the name of ${like[1]}: choose another name`)
    }
    const others = [...this.#keys].filter(([, other]) => other !== key)
    return new AddressBook(this.path, new Map([...others, [fitting, key]]), this.#own)
  }

  /** @param which - a name or a public key @throws {CommandError} it is not in the book */
  remove(which: string): AddressBook {
    const key = this.#keys.get(which.normalize('NFC')) ?? (PEER_ID.test(which) ? which : which.toUpperCase())
    if (!this.#names.has(key)) throw new CommandError(`no name or key “${withoutKeys(which)}” is in ${this.path}`)
    return new AddressBook(this.path, new Map([...this.#keys].filter(([, pub]) => pub !== key)), this.#own)
  }

  async #save(signal: AbortSignal): Promise<void> {
    const names = Object.fromEntries(this.list().map(({ name, pub }) => [name, pub]))
    const { stringify } = await import('./yaml-text.ts')
    await writeWhole(this.path, Buffer.from(HEAD + stringify(names)), { signal, mode: 0o600 })
  }
}

/** The public keys in a list with commas, each a key or a name. @throws {CommandError} on what is neither */
export function keysOfNames(list: string, names: AddressBook): AuthorKey[] {
  return list.split(',').map((text) => {
    const word = text.trim()
    const key = parseAuthorKey(names.keyOf(word) ?? word)
    if (key.ok) return key.value
    throw new CommandError(
      `“${withoutKeys(word)}” is none of your names, and no public key of 64 hex digits: see \`freechains names list\``,
    )
  })
}

function bookPath(env: Io['env']): string {
  return join(configDir(env), 'names.yaml')
}

async function readNames(text: string, path: string): Promise<ReadonlyMap<string, Named>> {
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
  const keys = new Map<string, Named>()
  for (const [name, value] of Object.entries(parsed)) {
    const pub = typeof value === 'string' ? parseNamed(value) : undefined
    if (pub === undefined) throw wrong(`“${name}” stands for no public key of 64 hex digits, and no peer id`)
    try {
      keys.set(validName(name), pub)
    } catch (error) {
      throw wrong(error instanceof CommandError ? error.message : String(error))
    }
  }
  if (new Set(keys.values()).size !== keys.size) throw wrong('one key has two names')
  return keys
}

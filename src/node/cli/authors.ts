/**
 * Authors as people type them (spec §11): the user's name for a key, the key, or a prefix of it of at least six digits that
 * only one author has, of those the user has named and those of the chain.
 */
import { withoutKeys } from '../base/without-keys.ts'
import type { ControlCaller } from '../control/client/rpc-client.ts'
import { parseAuthorKey, type AuthorKey } from '../../dag/ids.ts'
import type { AddressBook } from './address-book.ts'
import { CommandError } from './io.ts'

/** What can be said of an author before anybody is asked. */
const PREFIX = /^[0-9A-Fa-f]{6,63}$/

/** Matches that an error lists. */
const LISTED = 5

export interface AuthorsOf {
  readonly client: () => Promise<Pick<ControlCaller, 'call'>>
  readonly chain: string
}

/** @param of - the chain whose authors a prefix may mean too @throws {CommandError} it is nobody, or several */
export async function authorOf(text: string, names: AddressBook, of?: AuthorsOf): Promise<AuthorKey> {
  const key = parseAuthorKey(names.keyOf(text) ?? text)
  if (key.ok) return key.value
  if (!PREFIX.test(text)) throw unknown(text)
  const ofChain = of === undefined ? [] : await (await of.client()).call('chain.reps', { chain: of.chain })
  const known = [...names.list(), ...(Array.isArray(ofChain) ? ofChain : [])].map(({ pub }) => pub)
  const matches = [...new Set(known)].filter((pub) => pub.startsWith(text.toUpperCase())).sort()
  const [only] = matches
  if (only === undefined) throw unknown(text)
  if (matches.length > 1) {
    const some = matches.slice(0, LISTED).map((pub) => names.nameOf(pub) ?? pub.slice(0, text.length + 10))
    throw new CommandError(
      `“${text}” is ambiguous: ${some.join(', ')}${matches.length > LISTED ? ' …' : ''}; type more digits`,
    )
  }
  const found = parseAuthorKey(only)
  if (found.ok) return found.value
  throw unknown(text)
}

function unknown(text: string): CommandError {
  return new CommandError(
    `“${withoutKeys(text)}” is none of your names, and no public key, or six or more digits of one that is known here: see ` +
      '`freechains names list`',
  )
}

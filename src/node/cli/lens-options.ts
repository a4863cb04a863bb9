/** The options of commands that show the lens (spec §4, §11): `--lens`, and `--trust` for authors that the reader adds. */
import { withoutKeys } from '../base/without-keys.ts'
import { parseAuthorKey } from '../../dag/ids.ts'
import type { AddressBook } from './address-book.ts'
import { CommandError } from './io.ts'

export interface LensOptions {
  readonly lens?: true
  readonly trust: readonly string[]
}

export const LENS_OPTION = [
  '--lens',
  'go by trust that flows from the pioneers along likes; changes only what is shown',
] as const

export const TRUST_OPTION = [
  '--trust <pub|name>',
  'with --lens: trust flows from this author too; may be repeated',
  (value: string, before: readonly string[]): readonly string[] => [...before, value],
  [] as readonly string[],
] as const

/** The public keys that the reader adds, or `undefined` without the lens. @throws {CommandError} on what is no key or name */
export function lensOf({ lens, trust }: LensOptions, names: AddressBook): string[] | undefined {
  if (lens === undefined) {
    if (trust.length > 0) throw new CommandError('--trust adds to the lens: give --lens too')
    return undefined
  }
  return trust.map((text) => {
    const key = parseAuthorKey(names.keyOf(text) ?? text)
    if (key.ok) return key.value
    throw new CommandError(
      `“${withoutKeys(text)}” is none of your names, and no public key of 64 hex digits: see \`freechains names list\``,
    )
  })
}

/** What may be a name, of somebody else's key or of one's own (spec §11). Pure. */
import { withoutKeys } from '../base/without-keys.ts'
import { CommandError } from './io.ts'

/** Width of a table column. */
const NAME_CHARS = 32

/** Letters and digits of any script, with `. _ -` inside. No control characters, blanks, chain signs or options. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u

/** Text that could be a key or an id: six hex digits, with or without a height before them. */
const ID_LIKE = /^(?:\d+_)?[0-9A-Fa-f]{6,}$/

export function looksLikeId(text: string): boolean {
  return ID_LIKE.test(text)
}

/** Folds names that people would confuse to the same text. */
export function folded(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC')
}

/** Validates a name and normalizes it to NFC. @throws {CommandError} */
export function validName(text: string): string {
  const name = text.normalize('NFC')
  if (looksLikeId(name))
    throw new CommandError(`“${withoutKeys(name)}” could be meant as a key or an id: choose another name`)
  if (!NAME.test(name) || Array.from(name).length > NAME_CHARS) {
    const expected = `a letter or a digit, then letters, digits, “.”, “_”, “-”; at most ${String(NAME_CHARS)}`
    throw new CommandError(`“${withoutKeys(name)}” will not do as a name: expected ${expected}`)
  }
  return name
}

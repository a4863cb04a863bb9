/**
 * Text on the command line that becomes bytes of its own: a passphrase, a message (spec §11). Node reads what is no UTF-8
 * there as U+FFFD, and tells it from no other; so whoever typed in another encoding would sign, or make keys of, what he
 * never wrote. Pure.
 */
import { CommandError } from './io.ts'

/** What Node, and many a program before it, puts in place of bytes that are no text. */
const REPLACEMENT = '\uFFFD'

/** @param instead - how else to give it, so that its bytes are seen @throws {CommandError} */
export function asTyped(text: string, what: string, instead: string): string {
  if (text.isWellFormed() && !text.includes(REPLACEMENT)) return text
  const why = 'has U+FFFD in it, which stands for bytes that are no UTF-8'
  throw new CommandError(`${what} ${why}: nobody can tell what was meant; ${instead}`)
}

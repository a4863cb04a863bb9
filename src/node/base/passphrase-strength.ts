/**
 * How hard a passphrase is to guess, by a rule that can be said in a sentence (spec §3). Keys from passphrases are the same
 * for everybody, for the salt is zero: one table of guesses serves against all groups and authors at once. Pure.
 */

/** A list of 2,048 words, as for passphrases that are drawn. Who chooses words himself takes likelier ones. */
const BITS_PER_WORD = 11

/** Chosen characters of one kind, of two, and of three or more. */
const BITS_PER_CHARACTER = [2, 3, 5] as const

/** Five drawn words. At a second of memory-hard work a guess, half of it is 500 million years of one processor. */
const ENOUGH_BITS = 55

const SEPARATORS = /[\s\-_.,;:!?]+/
const KINDS = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u]

/** Whether it is too easy to guess. */
export function isWeak(passphrase: string): boolean {
  return bitsOf(passphrase) < ENOUGH_BITS
}

/** What to tell who makes keys of this passphrase; undefined if it is long enough. */
export function weaknessOf(passphrase: string): string | undefined {
  if (!isWeak(passphrase)) return undefined
  return 'the passphrase is weak: keys from passphrases have no salt, so guesses are made once for everybody; take five random words or more, or --new for a random key'
}

/** By its words or by its characters, whichever gives more; what repeats counts once. */
function bitsOf(passphrase: string): number {
  const words = new Set(
    passphrase
      .toLowerCase()
      .split(SEPARATORS)
      .filter((word) => Array.from(word).length >= 3),
  )
  const chars = Array.from(passphrase)
  const fresh = chars.filter((char, at) => !follows(chars[at - 1], char) && chars.indexOf(char) === at)
  const kinds = KINDS.filter((kind) => kind.test(passphrase)).length
  const perCharacter = BITS_PER_CHARACTER[Math.min(kinds, BITS_PER_CHARACTER.length) - 1] ?? 0
  return Math.max(words.size > 1 ? words.size * BITS_PER_WORD : 0, fresh.length * perCharacter)
}

/** `ab`, `21`, `77`. */
function follows(before: string | undefined, char: string): boolean {
  return before !== undefined && Math.abs((before.codePointAt(0) ?? 0) - (char.codePointAt(0) ?? 0)) <= 1
}

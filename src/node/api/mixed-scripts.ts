/**
 * Names of chains that mix scripts (spec §11): `#сhat` with a Cyrillic letter looks like `#chat` and is another chain. It is a
 * warning alone: many such names are meant so. What may be mixed follows UTS #39, *highly restrictive*. Pure.
 */

/** The scripts recommended for names (UAX #31, table 5). Letters of any other are of one more, whatever they are. */
const SCRIPTS = [
  ...[
    'Arabic',
    'Armenian',
    'Bengali',
    'Bopomofo',
    'Cyrillic',
    'Devanagari',
    'Ethiopic',
    'Georgian',
    'Greek',
    'Gujarati',
  ],
  ...['Gurmukhi', 'Han', 'Hangul', 'Hebrew', 'Hiragana', 'Kannada', 'Katakana', 'Khmer', 'Lao', 'Latin', 'Malayalam'],
  ...['Myanmar', 'Oriya', 'Sinhala', 'Tamil', 'Telugu', 'Thaana', 'Thai', 'Tibetan'],
].map((name) => ({ name, letters: new RegExp(`\\p{scx=${name}}`, 'u') }))

/** Digits, punctuation and marks that go with letters of any script. */
const OF_ALL = /[\p{sc=Common}\p{sc=Inherited}]/u

/** Scripts that are written together, and with Latin. */
const TOGETHER = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]

/** A warning for people; `undefined` if the name is of one script, or of some that are written together. */
export function mixedScriptsWarning(name: string): string | undefined {
  const letters = Array.from(name).filter((char) => !OF_ALL.test(char))
  const each = letters.map(scriptsOf)
  const fits = (allowed: readonly string[]): boolean =>
    each.every((scripts) => scripts.some((one) => allowed.includes(one)))
  const all = [...new Set(each.flat())]
  if (all.some((script) => fits([script])) || TOGETHER.some(fits) || letters.length === 0) return undefined
  const of = [...new Set(each.map(([first = OTHER]) => first))].sort()
  return `the name mixes letters of several scripts (${of.join(', ')}): it may look like the name of another chain and is not that`
}

const OTHER = 'another script'

/** A letter may be of several: the Japanese length mark is Hiragana and Katakana. */
function scriptsOf(letter: string): string[] {
  const found = SCRIPTS.filter(({ letters }) => letters.test(letter)).map(({ name }) => name)
  return found.length === 0 ? [OTHER] : found
}

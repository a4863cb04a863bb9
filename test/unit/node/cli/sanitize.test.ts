import { describe, expect, test } from 'vitest'
import { MAX_MARKS } from '../../../../src/node/cli/plain.ts'
import { sanitize, sanitizeJson, sanitizeLine } from '../../../../src/node/cli/sanitize.ts'

/** Every character that a terminal interprets, or that reverses the text around it. */
const OBEYED = [
  ...Array.from({ length: 0x20 }, (_, code) => code).filter((code) => code !== 0x0a && code !== 0x09),
  ...Array.from({ length: 0x21 }, (_, n) => 0x7f + n),
  // Direction marks and overrides, line separators.
  ...[0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069],
  // Drawn as nothing though Unicode does not call them ignorable: blank Braille, null notehead, fillers, number joiner.
  ...[0x2800, 0x1d159, 0x16fe4, 0x13441, 0x13442, 0x1107f, 0xfffc, 0xfffe, 0x1ffff],
  ...ignorable(),
].map((code) => String.fromCodePoint(code))

/** All of Default_Ignorable_Code_Point, and all format characters. */
function ignorable(): number[] {
  const codes = Array.from({ length: 0x110000 }, (_, code) => code)
  return codes.filter((code) => /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u.test(String.fromCodePoint(code)))
}

const SET: ReadonlySet<string> = new Set(OBEYED)
const isObeyed = (text: string): boolean => Array.from(text).some((char) => SET.has(char))

describe('text of others for a terminal (spec §11)', () => {
  test('nothing that is obeyed gets through, and what stood there can be seen', () => {
    for (const char of OBEYED) {
      for (const shown of [sanitize(`a${char}b`), sanitizeLine(`a${char}b`)]) {
        expect(isObeyed(shown)).toBe(false)
        expect(shown).toMatch(/^a.+b$/)
      }
    }
    expect(sanitizeLine('\u001b]0;title\u0007\u009b2J\u202e!')).toBe('␛]0;title␇<U+009B>2J<U+202E>!')
  })

  test('all other text stays as it is, in any script; a line stays one line', () => {
    const text = 'Jantar às oito\n\t日本語 العربية 👩‍👩‍👧 e\u0301'
    expect(sanitize(text)).toBe(text)
    expect(sanitize('a\r\nb')).toBe('a\nb')
    expect(sanitizeLine('a\r\nb\tc')).toBe('a␤b c')
  })

  test('joiners stay where they join, and are shown where they only hide', () => {
    for (const text of ['👩🏽\u200d🚀', '❤\ufe0f\u200d🔥', 'می\u200cخواهم', 'क्\u200dष'])
      expect(sanitizeLine(text)).toBe(text)
    expect(sanitizeLine('bo\u200db')).toBe('bo<U+200D>b')
    expect(sanitizeLine('\u200d👧')).toBe('<U+200D>👧')
    expect(sanitizeLine('👩\u200d\u200d👧')).toBe('👩<U+200D><U+200D>👧')
  })

  test('a variation selector stays where it makes an emoji, and is shown where it hides bytes', () => {
    for (const text of ['❤\ufe0f', '1\ufe0f\u20e3', '☺\ufe0f\u200d🔥']) expect(sanitizeLine(text)).toBe(text)
    expect(sanitizeLine('1\ufe0f')).toBe('1<U+FE0F>')
    expect(sanitizeLine('👍\ufe0f')).toBe('👍<U+FE0F>')
    expect(sanitizeLine('❤\ufe0f\ufe0f')).toBe('❤\ufe0f<U+FE0F>')
    expect(sanitizeLine('葛\u{e0100}')).toBe('葛<U+E0100>')
  })

  test('signs that are drawn over digits stay before digits, and are shown elsewhere', () => {
    expect(sanitizeLine('\u06dd\u0661')).toBe('\u06dd\u0661')
    expect(sanitizeLine('a\u06ddb')).toBe('a<U+06DD>b')
  })

  test('blanks of other widths become spaces', () => {
    expect(sanitizeLine('a\u00a0b\u200ac\u3000d')).toBe('a b c  d')
  })

  test('a character has as many marks as scripts use; how many more there were is said', () => {
    const most = `a${'\u0301'.repeat(MAX_MARKS)}`
    expect(sanitize(most)).toBe(most)
    expect(sanitize(`${most}\u0301`)).toBe(`${most}<+1 marks>`)
    expect(sanitize(`a${'\u0301\u20dd'.repeat(5_000)}b`)).toBe(`a${'\u0301\u20dd'.repeat(MAX_MARKS / 2)}<+9992 marks>b`)
    const vowels = 'בְּרֵאשִׁ֖ית བརྒྱུད ยิ้ม'
    expect(sanitize(vowels)).toBe(vowels)
  })

  test('a mark at the start of a line is not drawn over what stands before it', () => {
    expect(sanitize('\u0336x\n\u0336y')).toBe('◌\u0336x\n◌\u0336y')
  })

  test('JSON for a terminal means the same', () => {
    const value = { text: OBEYED.join('x'), 'k\u009b': 1, pile: `a${'\u0301'.repeat(99)}`, blank: '\u3000' }
    const json = sanitizeJson(JSON.stringify(value))
    expect(isObeyed(json)).toBe(false)
    expect(JSON.parse(json)).toEqual(value)
  })
})

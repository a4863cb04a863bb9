import { describe, expect, test } from 'vitest'
import { sanitize, sanitizeJson, sanitizeLine } from '../../../../src/node/cli/sanitize.ts'

/** Every character that a terminal interprets, or that reverses the text around it. */
const OBEYED = [
  ...Array.from({ length: 0x20 }, (_, code) => code).filter((code) => code !== 0x0a && code !== 0x09),
  ...Array.from({ length: 0x21 }, (_, n) => 0x7f + n),
  // Invisible characters: direction marks, zero-width spaces, invisible operators, the byte order mark, joiners, tags.
  ...[0x061c, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xfeff],
  ...Array.from({ length: 0x80 }, (_, n) => 0xe0000 + n),
  ...[0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069],
].map((code) => String.fromCodePoint(code))

const isObeyed = (text: string): boolean => OBEYED.some((char) => text.includes(char))

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

  test('JSON for a terminal means the same', () => {
    const value = { text: OBEYED.join('x'), 'k\u009b': 1 }
    const json = sanitizeJson(JSON.stringify(value))
    expect(isObeyed(json)).toBe(false)
    expect(JSON.parse(json)).toEqual(value)
  })
})

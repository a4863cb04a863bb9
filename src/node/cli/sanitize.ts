/** Makes text from others safe for a terminal (spec §11), in the three forms in which it is printed. Pure. */
import { plain, replaceSpecial } from './plain.ts'

/** Text of several lines: line feeds and tabs stay. */
export function sanitize(text: string): string {
  return plain(text.replaceAll('\r\n', '\n'))
}

/** A single line: line feeds are shown, tabs become spaces. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll('\n', '␤').replaceAll('\t', ' ')
}

/** Equivalent JSON, with the characters escaped that `JSON.stringify` leaves as they are. */
export function sanitizeJson(json: string): string {
  return replaceSpecial(json, { shown: escaped, blank: escaped, pile: escaped, loose: escaped })
}

function escaped(chars: string): string {
  return chars
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/**
 * Makes text from others safe for a terminal (spec §11). Control characters move the cursor, rewrite earlier lines, set
 * the title or even type input. Direction marks make a line read as another one, and invisible characters make two
 * names look alike or hide words. All of these are shown, not sent, except the joiners of emoji and scripts where they
 * join. Pure.
 */

/**
 * Control characters other than line feed and tab, line separators that some terminals honour, direction marks and
 * overrides.
 */
const CONTROLS = String.raw`(?![\n\t])[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]`

/** Characters without width: spaces, operators, the byte order mark, tags. */
const UNSEEN = String.raw`[\u200B\u2060-\u2064\uFEFF\u{E0000}-\u{E007F}]`

/** Scripts that use joiners. */
const JOINED = 'Arab Syrc Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr'
  .split(' ')
  .map((script) => String.raw`\p{Script_Extensions=${script}}`)
  .join('')

/**
 * U+200C and U+200D where they join nothing. They join emoji (👩‍👧), whose first may be followed by a skin tone or a
 * variation selector, and letters of the scripts above. Elsewhere they are just invisible.
 */
const LOOSE_JOINERS = [
  String.raw`(?<![${JOINED}\p{Extended_Pictographic}\p{EMod}\uFE0F])[\u200C\u200D]`,
  String.raw`[\u200C\u200D](?![${JOINED}\p{Extended_Pictographic}])`,
].join('|')

const OBEYED = new RegExp(`${CONTROLS}|${UNSEEN}|${LOOSE_JOINERS}`, 'gu')

/** Text of several lines: line feeds and tabs stay. */
export function sanitize(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(OBEYED, picture)
}

/** A single line: line feeds are shown, tabs become spaces. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll('\n', '␤').replaceAll('\t', ' ')
}

/** Equivalent JSON, with the characters escaped that `JSON.stringify` leaves as they are. */
export function sanitizeJson(json: string): string {
  return json.replace(OBEYED, (char) =>
    char
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** `␛` for Escape; `<U+202E>` where Unicode has no control picture. */
function picture(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '␡' : `<U+${hexOf(char).toUpperCase()}>`
}

function hexOf(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')
}

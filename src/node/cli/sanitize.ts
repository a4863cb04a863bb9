/**
 * Text that others wrote, made harmless for a terminal (spec §11). A terminal obeys control characters: they move the
 * cursor, rewrite what stands above, set the title, and some make it type. Those that turn the direction of writing make a
 * line read as another one, and what has no looks at all lets two names read alike, or hides words in a text. All of them are
 * shown instead of sent; only the joiners of emoji and scripts stay where they join. Pure.
 */

/** Controls but line feed and tab; separators that some terminals break lines at; marks and overrides of direction. */
const CONTROLS = String.raw`(?![\n\t])[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]`

/** What has no width: blanks, operators, the byte order mark, tags. */
const UNSEEN = String.raw`[\u200B\u2060-\u2064\uFEFF\u{E0000}-\u{E007F}]`

/** Scripts that are written with joiners. */
const JOINED = 'Arab Syrc Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr'
  .split(' ')
  .map((script) => String.raw`\p{Script_Extensions=${script}}`)
  .join('')

/**
 * U+200C and U+200D that join nothing. Emoji are joined (👩‍👧), the first of two perhaps with a tone or a selector behind it;
 * so are letters of the scripts whose shapes depend on it. Between others they are only unseen.
 */
const LOOSE_JOINERS = [
  String.raw`(?<![${JOINED}\p{Extended_Pictographic}\p{EMod}\uFE0F])[\u200C\u200D]`,
  String.raw`[\u200C\u200D](?![${JOINED}\p{Extended_Pictographic}])`,
].join('|')

const OBEYED = new RegExp(`${CONTROLS}|${UNSEEN}|${LOOSE_JOINERS}`, 'gu')

/** Several lines: line feeds and tabs stay. */
export function sanitize(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(OBEYED, picture)
}

/** One line, whatever the text is. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll('\n', '␤').replaceAll('\t', ' ')
}

/** JSON that means the same and in which nothing is obeyed: what `JSON.stringify` leaves as it is gets escaped too. */
export function sanitizeJson(json: string): string {
  return json.replace(OBEYED, (char) =>
    char
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** `␛` for Escape; `<U+202E>` where Unicode has no picture. */
function picture(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '␡' : `<U+${hexOf(char).toUpperCase()}>`
}

function hexOf(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')
}

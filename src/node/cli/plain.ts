/**
 * Text that others wrote, made harmless for a terminal (spec §11). A terminal obeys control characters: they move the
 * cursor, rewrite what stands above, set the title, and some make it type. Those that turn the direction of writing make a
 * line read as another one. All of them are shown instead of sent. Pure.
 */

/** Controls but line feed and tab; separators that some terminals break lines at; overrides of direction. */
const OBEYED = /(?![\n\t])[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu

/** Several lines: line feeds and tabs stay. */
export function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(OBEYED, picture)
}

/** One line, whatever the text is. */
export function plainLine(text: string): string {
  return plain(text).replaceAll('\n', '␤').replaceAll('\t', ' ')
}

/** JSON that means the same and in which nothing is obeyed: what `JSON.stringify` leaves as it is gets escaped too. */
export function plainJson(json: string): string {
  return json.replace(OBEYED, (char) => `\\u${hexOf(char)}`)
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

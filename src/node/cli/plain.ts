/**
 * Which characters of others' text a terminal may get (spec §11), and what is shown in place of the rest. Control
 * characters move the cursor, rewrite earlier lines, set the title or even type input. Direction marks make a line read
 * as another one. Characters that are drawn as nothing make two names look alike, or hide words and whole files. Piles of
 * combining marks cover the lines around them. Pure.
 */

/** Control characters other than line feed and tab. */
const CONTROLS = String.raw`(?![\n\t])\p{Cc}`

/**
 * All that Unicode calls ignorable, reserved ones included, and all other format characters and separators. Then what
 * fonts draw as nothing without being either: blank Braille, the null notehead, fillers and blanks of Khitan and
 * hieroglyphs, the joiner of Brahmi numbers, the object replacement; and what is no character.
 */
const UNSEEN = String.raw`\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u2800\uFFFC\u{1D159}\u{16FE4}\u{13440}-\u{13442}\u{1107F}`

/** Scripts that use joiners between letters. */
const JOINED = 'Arab Syrc Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr'
  .split(' ')
  .map((script) => String.raw`\p{Script_Extensions=${script}}`)
  .join('')

/**
 * Where U+200C and U+200D join nothing. They join emoji (👩‍👧), whose first may be followed by a skin tone or a variation
 * selector, and letters of the scripts above. Elsewhere they are just invisible.
 */
const JOINERS = [
  String.raw`(?<=[${JOINED}\p{Extended_Pictographic}\p{EMod}\uFE0F])[\u200C\u200D](?=[${JOINED}\p{Extended_Pictographic}])`,
  // U+FE0F makes an emoji of a character that is text by itself, or of a digit in a keycap. After others it is invisible.
  String.raw`(?<=(?!\p{Emoji_Presentation})\p{Extended_Pictographic})\uFE0F`,
  String.raw`(?<=[0-9#*])\uFE0F(?=\u20E3)`,
  // These are drawn, over the digits or letters that follow.
  String.raw`[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}](?=[\p{Nd}${JOINED}\p{Script=Kaithi}])`,
].join('|')

/**
 * The most marks on one character. Hebrew with vowels and accents has five, a Tibetan stack of Sanskrit eight, and what
 * is read as one character without them has a few.
 */
export const MAX_MARKS = 8

/** Blanks of other widths than the space, which hide what differs between two texts. */
const BLANKS = String.raw`(?! )\p{Zs}`

const SPECIAL = new RegExp(
  [
    `(?<kept>${JOINERS})`,
    `(?<shown>${CONTROLS}|[${UNSEEN}])`,
    `(?<blank>${BLANKS})`,
    // Behind as many marks as may be; or at the start of a line, where they would be drawn over what stands before it.
    String.raw`(?<=\p{M}{${String(MAX_MARKS)}})(?<pile>\p{M}+)`,
    String.raw`(?<=^|[\n\t])(?<loose>\p{M})`,
  ].join('|'),
  'gu',
)

/** What is done to the characters that no terminal may get as they are. */
export interface Replacements {
  /** A character that is obeyed, or drawn as nothing. */
  readonly shown: (char: string) => string
  readonly blank: (char: string) => string
  /** Marks beyond those that one character may have. */
  readonly pile: (marks: string) => string
  /** A mark with nothing to stand on. */
  readonly loose: (mark: string) => string
}

/** Replaces in `text` whatever is not plain. */
export function replaceSpecial(text: string, to: Replacements): string {
  return text.replace(SPECIAL, (found: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Readonly<Record<'kept' | keyof Replacements, string | undefined>>
    if (groups.kept !== undefined) return found
    if (groups.blank !== undefined) return to.blank(found)
    if (groups.pile !== undefined) return to.pile(found)
    return groups.loose === undefined ? to.shown(found) : to.loose(found)
  })
}

/** Text with nothing in it that is obeyed or unseen: each such character is spelt out. Line feeds and tabs stay. */
export function plain(text: string): string {
  return replaceSpecial(text, {
    shown: picture,
    // The one blank of two columns.
    blank: (char) => (char === '\u3000' ? '  ' : ' '),
    pile: (marks) => `<+${String(Array.from(marks).length)} marks>`,
    loose: (mark) => `◌${mark}`,
  })
}

/** `␛` for Escape; `<U+202E>` where Unicode has no control picture. */
function picture(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '␡' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}

/** Colors of terminal output (spec §11). */
import { styleText } from 'node:util'
import type { Io } from './io.ts'

export type Style = Extract<Parameters<typeof styleText>[0], string>

/** Applies a style to text, or returns it unchanged. */
export type Colors = (style: Style, text: string) => string

/** Distinguishable on dark and light backgrounds. Red and green are left for dislikes and likes. */
const AUTHOR_STYLES: readonly Style[] = [
  'cyan',
  'yellow',
  'blue',
  'magenta',
  'cyanBright',
  'yellowBright',
  'blueBright',
  'magentaBright',
]

/** `FORCE_COLOR` decides, then `NO_COLOR`, as in Node; else whether stdout is a terminal with colors. */
export function colorsOf({ stdout, env }: Pick<Io, 'stdout' | 'env'>): Colors {
  const forced = env['FORCE_COLOR']
  const isWanted =
    forced === undefined
      ? (env['NO_COLOR'] ?? '') === '' && stdout.isTTY === true && env['TERM'] !== 'dumb'
      : !['0', 'false'].includes(forced)
  if (!isWanted) return (_style, text) => text
  return (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }))
}

/**
 * Assigns marks to authors in order of appearance: `pick` gets 0 for the first author, 1 for the next, and so on; an
 * author keeps its mark. Neighbouring places are the easiest to tell apart.
 */
export function byAppearance<T>(pick: (place: number) => T): (author: string) => T {
  const places = new Map<string, number>()
  return (author) => {
    const place = places.get(author) ?? places.size
    places.set(author, place)
    return pick(place)
  }
}

/** One style per author within an answer; the first eight authors have different ones. */
export type StyleOfAuthor = (author: string | undefined) => Style

export function stylesOfAuthors(): StyleOfAuthor {
  const styleOf = byAppearance((place) => AUTHOR_STYLES[place % AUTHOR_STYLES.length] ?? 'gray')
  return (author) => (author === undefined ? 'gray' : styleOf(author))
}

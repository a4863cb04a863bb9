/** Colours, where there is somebody to see them (spec §11). */
import { styleText } from 'node:util'
import type { Io } from './io.ts'

export type Style = Extract<Parameters<typeof styleText>[0], string>

/** Gives text in a style, or as it is. */
export type Colors = (style: Style, text: string) => string

/** Told apart on dark and on light terminals; red and green stay for dislikes and likes. */
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

/** `FORCE_COLOR` decides, then `NO_COLOR`, as in Node; else whether stdout is a terminal that can. */
export function colorsOf({ stdout, env }: Pick<Io, 'stdout' | 'env'>): Colors {
  const forced = env['FORCE_COLOR']
  const isWanted =
    forced === undefined
      ? (env['NO_COLOR'] ?? '') === '' && stdout.isTTY === true && env['TERM'] !== 'dumb'
      : !['0', 'false'].includes(forced)
  if (!isWanted) return (_style, text) => text
  return (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }))
}

/** Gives what an author is marked with: `pick` of 0 for the first that is asked for, of 1 for the next, and the same always. */
export function byAppearance<T>(pick: (place: number) => T): (author: string) => T {
  const places = new Map<string, number>()
  return (author) => {
    const place = places.get(author) ?? places.size
    places.set(author, place)
    return pick(place)
  }
}

/** The same for one author within an answer, and another one for each of the first eight. */
export type StyleOfAuthor = (author: string | undefined) => Style

export function stylesOfAuthors(): StyleOfAuthor {
  const styleOf = byAppearance((place) => AUTHOR_STYLES[place % AUTHOR_STYLES.length] ?? 'gray')
  return (author) => (author === undefined ? 'gray' : styleOf(author))
}

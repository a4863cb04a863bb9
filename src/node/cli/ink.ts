/** Colours, where there is somebody to see them (spec §11). */
import { styleText } from 'node:util'
import type { Io } from './io.ts'

export type Style = Extract<Parameters<typeof styleText>[0], string>

/** Gives text in a style, or as it is. */
export type Ink = (style: Style, text: string) => string

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
export function inkOf({ stdout, env }: Pick<Io, 'stdout' | 'env'>): Ink {
  const forced = env['FORCE_COLOR']
  const isWanted =
    forced === undefined
      ? (env['NO_COLOR'] ?? '') === '' && stdout.isTTY === true && env['TERM'] !== 'dumb'
      : !['0', 'false'].includes(forced)
  if (!isWanted) return (_style, text) => text
  return (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }))
}

/** Always the same for one author; several authors share each. */
export function styleOfAuthor(author: string | undefined): Style {
  if (author === undefined) return 'gray'
  return AUTHOR_STYLES[Number.parseInt(author.slice(0, 8), 16) % AUTHOR_STYLES.length] ?? 'gray'
}

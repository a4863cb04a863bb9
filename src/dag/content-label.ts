/**
 * What a post says its payload is (spec §3): a media type and a file name, both optional. Authors write them, so they
 * are hints: a name is no path, and a type proves nothing about the bytes.
 */
import { MAX_FILE_NAME_BYTES, MAX_MEDIA_TYPE_CHARS } from './block-limits.ts'

export interface ContentLabel {
  /** A media type (RFC 6838) in lower case, without parameters. */
  readonly type?: string
  /** A file name: 1 to 255 bytes of UTF-8, no slash, backslash or control character. */
  readonly name?: string
}

/** RFC 6838 §4.2, `restricted-name "/" restricted-name`, in lower case. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/
/** Control characters, and lone surrogates, which have no UTF-8 encoding. */
const NOT_IN_NAMES = /[/\\\p{Cc}\p{Cs}]/u
const utf8 = new TextEncoder()

/** Why these are no label, if they are none. */
export function wrongLabel({ type, name }: ContentLabel): string | undefined {
  if (type !== undefined && (type.length > MAX_MEDIA_TYPE_CHARS || !MEDIA_TYPE.test(type))) {
    return `a type is a media type such as text/markdown: lower case, no parameters, at most ${String(MAX_MEDIA_TYPE_CHARS)} characters`
  }
  if (
    name !== undefined &&
    (name === '' || utf8.encode(name).length > MAX_FILE_NAME_BYTES || NOT_IN_NAMES.test(name))
  ) {
    return `a name has 1 to ${String(MAX_FILE_NAME_BYTES)} bytes, and no slash, backslash or control character`
  }
  return undefined
}

/** @param wanted - a media type, or with a star behind the slash all of a kind. What has no type is of none. */
export function isOfType(type: string | undefined, wanted: string): boolean {
  return wanted.endsWith('/*') ? type?.startsWith(wanted.slice(0, -1)) === true : type === wanted
}

/** Only the label of what may have more fields; those that are absent stay absent. */
export function labelOf({ type, name }: ContentLabel): ContentLabel {
  return { ...(type === undefined ? {} : { type }), ...(name === undefined ? {} : { name }) }
}

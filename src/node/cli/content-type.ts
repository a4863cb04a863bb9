/**
 * What a post from a file says of itself (spec §11): the file's name, and a media type found from the bytes, or for text by
 * the extension, since text has no signature. What is found is a hint, as everything in a label is.
 */
import { basename, extname } from 'node:path'
import { textOf } from './block-text.ts'
import { labelOf, wrongLabel, type ContentLabel } from '../../dag/content-label.ts'

/** What the library looks at for nearly all formats; those that need the end of a file are not told apart. */
const LOOKED_AT_BYTES = 64 * 1024

const TEXT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.ics': 'text/calendar',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.markdown': 'text/markdown',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.toml': 'application/toml',
  '.tsv': 'text/tab-separated-values',
  '.vcf': 'text/vcard',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
}

/** @param bytes - the file's, or at least its beginning */
export async function labelOfFile(path: string, bytes: Uint8Array): Promise<ContentLabel> {
  const type = await typeOf(path, bytes.subarray(0, LOOKED_AT_BYTES), bytes.length > LOOKED_AT_BYTES)
  return { ...kept({ name: basename(path).normalize('NFC') }), ...(type === undefined ? {} : kept({ type })) }
}

async function typeOf(path: string, head: Uint8Array, isCut: boolean): Promise<string | undefined> {
  const text = textOf(isCut ? wholeCharacters(head) : head)
  if (text !== undefined) return TEXT_TYPES[extname(path).toLowerCase()] ?? 'text/plain'
  // Slow to load, and most posts are no files.
  const { fileTypeFromBuffer } = await import('file-type')
  const found = await fileTypeFromBuffer(head)
  // Parameters (`; codecs=opus`) have no place in a header.
  return found?.mime.split(';')[0]?.trim().toLowerCase()
}

/** Without the character that the cut went through: it has at most four bytes, and its first one begins with two ones. */
function wholeCharacters(head: Uint8Array): Uint8Array {
  for (let back = 1; back <= 4; back += 1) {
    if (((head.at(-back) ?? 0) & 0b1100_0000) === 0b1100_0000) return head.subarray(0, -back)
  }
  return head
}

/** A label that a header cannot have is none: a name on disk may hold anything. U+FFFD stands for what is no UTF-8. */
function kept(label: ContentLabel): ContentLabel {
  return wrongLabel(label) === undefined && label.name?.includes('\uFFFD') !== true ? labelOf(label) : {}
}

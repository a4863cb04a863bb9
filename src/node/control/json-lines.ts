/**
 * Lines of JSON on a socket (spec §10): splits a stream at newlines, under a length limit that may change between
 * lines, and checks the nesting depth of a line before it is parsed. It knows nothing of JSON-RPC.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'

const NEWLINE = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d

/** A line is longer than the limit. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
}

/** The first byte of the stream cannot begin a JSON-RPC request. */
export class NotJsonRpc extends Error {
  override readonly name = 'NotJsonRpc'
}

/**
 * Yields the lines of a stream, without their newlines. Does not destroy the stream when it ends.
 *
 * Throws {@link LineTooLong} as soon as more than `limit()` bytes came without a newline, and {@link NotJsonRpc} if the
 * first byte is neither `{` nor `[`, before it reads a line.
 *
 * @param rest - `line`: also yields what follows the last newline when the stream ends
 */
export async function* readLines(
  stream: Readable,
  limit: () => number,
  rest: 'line' | 'dropped' = 'dropped',
): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = []
  let length = 0
  let isFirst = true
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (isFirst && chunk[0] !== OPEN_BRACE && chunk[0] !== OPEN_BRACKET) throw new NotJsonRpc('this is no JSON-RPC')
    isFirst = false
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const last = chunk.subarray(start, end)
      if (length + last.byteLength > limit()) throw new LineTooLong('line too long')
      const line = parts.length === 0 ? last : Buffer.concat([...parts, last])
      parts = []
      length = 0
      start = end + 1
      yield line
    }
    if (start < chunk.byteLength) {
      parts.push(chunk.subarray(start))
      length += chunk.byteLength - start
      if (length > limit()) throw new LineTooLong('line too long')
    }
  }
  if (length > 0 && rest === 'line') yield Buffer.concat(parts)
}

/**
 * Whether arrays and objects of a JSON text nest at most `limit` deep. Skips strings with `indexOf`, so that 86 MiB of
 * base64 cost one search. Does not check that the text is JSON.
 */
export function isShallow(line: Buffer, limit: number): boolean {
  let depth = 0
  for (let at = 0; at < line.byteLength; at++) {
    const byte = line[at]
    if (byte === QUOTE) {
      at = endOfString(line, at + 1)
      if (at === -1) return true
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++
      if (depth > limit) return false
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
  }
  return true
}

/** The index of a string's closing quote, or -1. */
function endOfString(line: Buffer, from: number): number {
  for (let end = line.indexOf(QUOTE, from); end !== -1; end = line.indexOf(QUOTE, end + 1)) {
    let backslashes = 0
    while (line[end - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return -1
}

/** The text of a line; `undefined` if it is no UTF-8. ASCII, as base64 is, is copied and not decoded. */
export function textOfLine(line: Buffer): string | undefined {
  if (isAscii(line)) return line.toString('latin1')
  return isUtf8(line) ? line.toString('utf8') : undefined
}

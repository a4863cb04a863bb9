/**
 * Lines of JSON on a socket (spec §10): splits bytes at newlines under a cap that may change between lines, and checks
 * the depth of a line before it is parsed. It knows nothing of JSON-RPC.
 */
import type { Readable } from 'node:stream'

const NEWLINE = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d

/** A line was longer than the cap. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
}

/** The very first byte of the stream is not one that a JSON-RPC request begins with. */
export class NotJsonRpc extends Error {
  override readonly name = 'NotJsonRpc'
}

/**
 * The lines of a stream, without their newlines; with `rest` a `line`, so is what follows the last newline when the
 * stream ends by itself. Does not destroy the stream when it ends. Throws {@link LineTooLong} as soon as more than `limit()` bytes came without a newline, and
 * {@link NotJsonRpc} at a first byte other than `{` or `[`, before anything is read as a line.
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
 * Whether arrays and objects in a JSON text lie at most `limit` deep. Strings are jumped over with `indexOf`, so that
 * 86 MiB of base64 cost as much as one search. Says nothing about whether the text is JSON.
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

/** Index of the quote that closes a string, or -1. */
function endOfString(line: Buffer, from: number): number {
  for (let end = line.indexOf(QUOTE, from); end !== -1; end = line.indexOf(QUOTE, end + 1)) {
    let backslashes = 0
    while (line[end - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return -1
}

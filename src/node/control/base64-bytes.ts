/**
 * Base64 in params and answers (spec §10), up to the 86 MiB of the longest payload: without an encoding more than there must be, and
 * without a long turn.
 */

/** Bytes that an answer has in base64: `answer-text.ts` encodes them piece by piece. Anywhere else they are that text. */
export class Base64Bytes {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  toJSON(): string {
    return this.bytes.toString('base64')
  }
}

/** As the result of a handler, which is a text in the schema: what is sent is that text. */
export function base64Answer(bytes: Buffer): string {
  return new Base64Bytes(bytes) as unknown as string
}

/**
 * Whether a text is standard base64 with padding, and nothing else. Node decodes also what is not, and skips what it does not know:
 * then bytes are missing. It takes `-` and `_`, and does not look at the last bits. (Encoding again to compare takes twice as long,
 * and a regular expression overflows its engine's stack at 64 MiB.)
 */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0 || Buffer.byteLength(text) !== text.length) return false
  if (text.includes('-') || text.includes('_')) return false
  const end = text.slice(-4)
  if (Buffer.from(end, 'base64').toString('base64') !== end) return false
  const padding = end.endsWith('==') ? 2 : end.endsWith('=') ? 1 : 0
  return Buffer.from(text, 'base64').byteLength === (text.length / 4) * 3 - padding
}

/**
 * An answer as the bytes of its line (spec §10). Long lists and payloads are written in slices, so that nobody waits for them; the text
 * is that of `JSON.stringify`.
 */
import { Slices } from '../../base/slices.ts'
import { Base64Bytes } from '../base64-bytes.ts'

/** Bytes encoded at once: 256 KiB of base64, what the socket gets at once. */
const BYTES = 192 * 1024

/** Elements written at once: the largest, blocks with payloads, are some 100 KiB. */
const ELEMENTS = 64

/** @param message - a response, or a batch of them */
export async function answerText(message: object): Promise<Buffer[]> {
  const slices = new Slices()
  const pieces: Buffer[] = []
  const add = (text: string): number => pieces.push(Buffer.from(text))
  const isBatch = Array.isArray(message)
  const responses = (isBatch ? message : [message]) as readonly object[]
  if (isBatch) add('[')
  for (const [n, response] of responses.entries()) {
    if (n > 0) add(',')
    if (slices.isOver) await slices.next()
    if (hasBytes(response)) {
      const { result, ...head } = response
      add(`${JSON.stringify(head).slice(0, -1)},"result":"`)
      for (let from = 0; from < result.bytes.byteLength; from += BYTES) {
        if (slices.isOver) await slices.next()
        pieces.push(Buffer.from(result.bytes.toString('base64', from, from + BYTES), 'latin1'))
      }
      add('"}')
      continue
    }
    if (!hasLongList(response)) {
      add(JSON.stringify(response))
      continue
    }
    const { result, ...head } = response
    add(`${JSON.stringify(head).slice(0, -1)},"result":[`)
    for (let from = 0; from < result.length; from += ELEMENTS) {
      if (slices.isOver) await slices.next()
      add((from === 0 ? '' : ',') + JSON.stringify(result.slice(from, from + ELEMENTS)).slice(1, -1))
    }
    add(']}')
  }
  add(isBatch ? ']\n' : '\n')
  return pieces
}

function hasBytes(response: object): response is { readonly result: Base64Bytes } {
  return 'result' in response && response.result instanceof Base64Bytes
}

/** The head of a response is never empty: it has `jsonrpc` and `id`. */
function hasLongList(response: object): response is { readonly result: readonly unknown[] } {
  return 'result' in response && Array.isArray(response.result) && response.result.length > ELEMENTS
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base64Answer, isBase64 } from '../../../../src/node/control/base64-bytes.ts'
import { answerText } from '../../../../src/node/control/server/answer-text.ts'
import { turnsDuring } from '../../../support/bystander.ts'
import { checkProperty } from '../../../support/property.ts'

/** The slow twin: decodes and encodes again. */
const isSame = (text: string): boolean => Buffer.from(text, 'base64').toString('base64') === text

describe('§10 base64', () => {
  test('is taken where encoding again gives the same text, and nowhere else', () => {
    const char = fc.constantFrom(...Array.from('AQgwz019+/==-_ \n\t!é\u0141\uFF21😀\ud800'))
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.array(char, { maxLength: 12 }).map((chars) => chars.join('')),
      fc.tuple(fc.uint8Array({ maxLength: 30 }), char, fc.nat(40)).map(([bytes, other, at]) => {
        const encoded = Buffer.from(bytes).toString('base64')
        return encoded.slice(0, at) + other + encoded.slice(at + other.length)
      }),
    )
    checkProperty(
      'base64-as-encoded-again',
      fc.property(text, (one) => {
        expect(isBase64(one)).toBe(isSame(one))
      }),
      { numRuns: 3000 },
    )
  })

  test('an answer of bytes is the line that it is as a text, with a turn for others between its pieces', async () => {
    for (const bytes of [0, 1, 2, 192 * 1024 - 1, 192 * 1024, 400_001]) {
      const payload = Buffer.alloc(bytes, 'some bytes')
      const message = { jsonrpc: '2.0', id: 'é', result: base64Answer(payload) }
      const line = Buffer.concat(await answerText([message, { ...message, id: 2 }])).toString()
      const text = { jsonrpc: '2.0', id: 'é', result: payload.toString('base64') }
      expect(line === `${JSON.stringify([text, { ...text, id: 2 }])}\n`).toBe(true)
      expect(JSON.stringify(message)).toBe(JSON.stringify(text))
    }
    const long = { jsonrpc: '2.0', id: 1, result: base64Answer(Buffer.alloc(64 * 1024 * 1024)) }
    expect(await turnsDuring(() => answerText(long))).toBeGreaterThan(2)
  })
})

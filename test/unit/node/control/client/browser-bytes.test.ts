/** Bytes as texts where there is no `Buffer`. */
import { expect, test } from 'vitest'
import { fromBase64, fromHex, toBase64, toHex } from '../../../../../src/node/control/client/browser-bytes.ts'

test('bytes go to hex and base64 and back, long ones too', () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => (at * 31) % 256)
  expect(fromHex(toHex(bytes))).toEqual(bytes)
  expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  expect(fromBase64(toBase64(bytes))).toEqual(bytes)
})

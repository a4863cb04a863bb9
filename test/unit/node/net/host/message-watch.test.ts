import { encode } from 'it-length-prefixed'
import { expect, test } from 'vitest'
import { MessageLengths } from '../../../../../src/node/net/host/message-watch.ts'

test('lengths are followed however the bytes are cut', () => {
  const sizes = [0, 1, 127, 128, 5000, 3]
  const bytes = Buffer.concat(sizes.map((size) => encode.single(new Uint8Array(size)).subarray()))
  for (const step of [1, 2, 7, 1000, bytes.byteLength]) {
    const lengths = new MessageLengths()
    const begun: number[] = []
    for (let at = 0; at < bytes.byteLength; at += step) begun.push(...lengths.follow(bytes.subarray(at, at + step)))
    expect(begun).toEqual(sizes)
  }
})

test('a length that is itself too long has no end', () => {
  expect(new MessageLengths().follow(Buffer.of(0x80, 0x80, 0x80, 0x80, 1))).toEqual([Infinity])
})

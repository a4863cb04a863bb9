/** Parts of the page that need no browser: addresses, what a picture is, bytes as text. */
import { expect, test } from 'vitest'
import { hashOf, routeOf } from '../../../../apps/web/src/state/route.ts'
import { textOf } from '../../../../apps/web/src/text/bytes.ts'
import { pictureType } from '../../../../apps/web/src/text/picture.ts'
import { safeLine } from '../../../../apps/web/src/text/plain.ts'
import { fromHex } from '../../../../src/node/control/client/browser-bytes.ts'

test('an address leads to the chain and thread that it was made of', () => {
  for (const chain of ['#a/b c', '$ç%', '@!00FF']) {
    expect(routeOf(hashOf(chain))).toEqual({ at: 'chain', chain })
    expect(routeOf(hashOf(chain, '7_0C'))).toEqual({ at: 'chain', chain, thread: '7_0C' })
  }
  expect(routeOf('#/c/%E0%A4%A')).toEqual({ at: 'home' })
  expect(routeOf('#/node')).toEqual({ at: 'node' })
  expect(routeOf('')).toEqual({ at: 'home' })
})

test('a picture is what begins as one, whatever it says of itself', () => {
  expect(pictureType(fromHex('FFD8FFE000'))).toBe('image/jpeg')
  expect(pictureType(fromHex('89504E470D0A1A0A00'))).toBe('image/png')
  expect(pictureType(new TextEncoder().encode('RIFF1234WEBPVP8 '))).toBe('image/webp')
  expect(pictureType(new TextEncoder().encode('<svg onload=x>'))).toBeUndefined()
  expect(pictureType(fromHex('FFD8'))).toBeUndefined()
})

test('text is UTF-8 without a NUL', () => {
  expect(textOf(new TextEncoder().encode('pão'))).toBe('pão')
  expect(textOf(Uint8Array.of(0x61, 0))).toBeUndefined()
  expect(textOf(Uint8Array.of(0xc3))).toBeUndefined()
})

test('what turns text around or is unseen is spelt out', () => {
  expect(safeLine('a\u202Eb\u200Bc\nd')).toBe('a<U+202E>b<U+200B>c␤d')
})

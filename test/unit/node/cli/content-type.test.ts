/** What a post from a file says of itself (spec §11). */
import { expect, test } from 'vitest'
import { labelOfFile } from '../../../../src/node/cli/content-type.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const of = (path: string, bytes: string | Uint8Array) => labelOfFile(path, Buffer.from(bytes as string))

test.each([
  ['a picture by its bytes, whatever its extension', 'a/cake.txt', PNG, { name: 'cake.txt', type: 'image/png' }],
  ['text by its extension, in any case', 'notes.MD', '# hi', { name: 'notes.MD', type: 'text/markdown' }],
  ['JSON is text', 'data.json', '{}', { name: 'data.json', type: 'application/json' }],
  ['text without a known extension', '/tmp/letter', 'hello', { name: 'letter', type: 'text/plain' }],
  ['an extension of text does not make text of bytes', 'x.md', Buffer.from([0, 255, 1]), { name: 'x.md' }],
  ['bytes that nobody knows have no type', 'x', Buffer.from([0, 255, 1]), { name: 'x' }],
  ['a name that a header cannot have is left out', 'a\u0007b', 'hello', { type: 'text/plain' }],
  ['a name that was no UTF-8 is left out', 'a\uFFFDb', 'hello', { type: 'text/plain' }],
  ['a name is composed as names of chains are', 'ola\u0301', 'hello', { name: 'ol\u00e1', type: 'text/plain' }],
])('%s', async (_what, path, bytes, label) => {
  expect(await of(path, bytes)).toEqual(label)
})

test('a long text is text wherever the look at it ends', async () => {
  for (const shift of [0, 1, 2, 3]) {
    const text = 'x'.repeat(shift) + '🎂'.repeat(30_000)
    expect(await of('cake', text)).toEqual({ name: 'cake', type: 'text/plain' })
  }
})

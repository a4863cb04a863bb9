import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isShallow, LineTooLong, NotJsonRpc, readLines } from '../../../../src/node/control/json-lines.ts'
import { checkProperty } from '../../../support/property.ts'

async function linesOf(chunks: readonly Uint8Array[], limit: number): Promise<string[]> {
  const lines: string[] = []
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  for await (const line of readLines(stream, () => limit)) lines.push(line.toString('utf8'))
  return lines
}

test('lines do not depend on how their bytes are cut', async () => {
  const line = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `{${text.replaceAll('\n', '')}`)
  await checkProperty(
    'json-lines-any-cut',
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.array(fc.nat(200), { maxLength: 10 }),
      async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
        const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b)
        const chunks = ends.map((end, n) => bytes.subarray(ends[n - 1] ?? 0, end)).filter((chunk) => chunk.length > 0)
        expect(await linesOf(chunks, 1000)).toEqual(lines.map((text) => Buffer.from(text).toString('utf8')))
      },
    ),
  )
})

test('a line of exactly the limit passes, one byte more does not, with or without its end', async () => {
  expect(await linesOf([Buffer.from('{234\n')], 4)).toEqual(['{234'])
  await expect(linesOf([Buffer.from('{2345\n')], 4)).rejects.toThrow(LineTooLong)
  await expect(linesOf([Buffer.from('{23'), Buffer.from('45')], 4)).rejects.toThrow(LineTooLong)
})

test('what follows the last newline is a line where it is to be one, under the same limit', async () => {
  const rest = async (text: string, limit = 100): Promise<string[]> => {
    const lines: string[] = []
    const stream = Readable.from([Buffer.from(text)])
    for await (const line of readLines(stream, () => limit, 'line')) lines.push(line.toString('utf8'))
    return lines
  }
  expect(await linesOf([Buffer.from('{1\n{2')], 100)).toEqual(['{1'])
  expect(await rest('{1\n{2')).toEqual(['{1', '{2'])
  expect(await rest('{1\n')).toEqual(['{1'])
  await expect(rest('{2345', 4)).rejects.toThrow(LineTooLong)
})

test('a first byte other than { or [ is refused before any line', async () => {
  await expect(linesOf([Buffer.from('GET / HTTP/1.1\r\n')], 100)).rejects.toThrow(NotJsonRpc)
  await expect(linesOf([Buffer.from(' {}\n')], 100)).rejects.toThrow(NotJsonRpc)
})

test('the depth of JSON is counted outside strings only', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
  checkProperty(
    'json-depth-outside-strings',
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(8), (value, limit) => {
      expect(isShallow(Buffer.from(JSON.stringify(value)), limit)).toBe(depthOf(value) <= limit)
    }),
  )
  expect(isShallow(Buffer.from('{"a":"\\\\\\"[[[[","b":[]}'), 2)).toBe(true)
})

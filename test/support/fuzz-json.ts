/** What can be bent in lines of JSON-RPC: tokens, values, how deep they lie, and how many calls a line has. */
import { concat, pick, replaced, type Dialect, type Edit, type Span } from './fuzz-mutate.ts'

const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const TOKEN = /"(?:[^"\\\n]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|[{}[\],:\n]/g
const VALUE = /(?<=[:[,])(?:"(?:[^"\\\n]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null)/g

/** Tokens, and bytes of a line, that are worth a look; more say nothing new. */
const MOST_TOKENS = 500
const LOOKED_AT_BYTES = 16_384

function found(bytes: Uint8Array, what: RegExp): Span[] {
  const matches = [...latin1(bytes.subarray(0, LOOKED_AT_BYTES)).matchAll(what)].slice(0, MOST_TOKENS)
  return matches.map(({ index, 0: token }) => [index, index + token.length])
}

/** What stands where a value does, so that a line stays JSON. */
const VALUES = [
  ...['null', 'true', '{}', '[]', '[{}]', '0', '-0', '1e999', '-1', '1.5', '9007199254740993', '9'.repeat(400)],
  ...['""', '"QQ=="', '"QR=="', '"====" ', '"\\ud800"', '"\\u0000"', '"2.0"', '"all"', '"#fuzz"'],
  ...['"__proto__"', '"constructor"', '{"__proto__":{"method":"host.stop"}}', `"${'A'.repeat(1_025)}"`],
  ...['"auth"', '"host.stop"', '"chain.listen"', '"rpc.discover"', `"${'a'.repeat(300)}"`],
].map(text)

const PUNCTUATION = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\0', ' ', '\t', '\n', '\r\n', '\n\n', '\u{feff}', '\u2028'],
  ...['"id":2,"id":3,', '"\\uZZZZ"', '0x1', 'NaN', '"id"', '"jsonrpc"', '"method"', '"params"'],
].map(text)

const NO_UTF8 = [Uint8Array.of(0xff), Uint8Array.of(0xc3, 0x28), Uint8Array.of(0xed, 0xa0, 0x80)]

const BRACKETS: readonly (readonly [open: string, close: string])[] = [
  ['[', ']'],
  ['{"a":', '}'],
  ['[', ''],
]

/** 16 levels are allowed. */
const LEVELS = [10, 16, 17, 100, 8_000]

const otherValue: Edit = (bytes, dice) => {
  const span = pick(found(bytes, VALUE), dice)
  return span === undefined ? bytes : replaced(bytes, span, pick(VALUES, dice) ?? text('0'))
}

const deep: Edit = (bytes, dice) => {
  const [open, close] = pick(BRACKETS, dice) ?? ['[', ']']
  const levels = pick(LEVELS, dice) ?? 17
  const span = pick(found(bytes, VALUE), dice) ?? ([0, bytes.length] as const)
  return replaced(bytes, span, text(`${open.repeat(levels)}1${close.repeat(levels)}`))
}

const manyLines: Edit = (bytes, dice) =>
  concat(...Array.from({ length: 2 + dice(40) }, () => bytes)).subarray(0, 32_768)

/** 32 calls are allowed. */
const batch: Edit = (bytes, dice) => {
  const line = bytes.subarray(0, Math.max(0, bytes.indexOf(0x0a)))
  const calls = Array.from({ length: 1 + dice(40) }, (_, n) => (n === 0 ? line : concat(text(','), line)))
  return concat(text('['), ...calls, text(']\n'))
}

/** Lines of JSON-RPC 2.0. */
export const JSON_LINES: Dialect = {
  spans: (bytes) => found(bytes, TOKEN),
  words: [...VALUES, ...PUNCTUATION, ...NO_UTF8],
  edits: [otherValue, otherValue, otherValue, deep, manyLines, batch, (bytes) => concat(bytes, text('\n'))],
}

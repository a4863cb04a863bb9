/**
 * Headers for tests.
 * - `headers`: fast-check, any header of the right shape.
 * - `isHeader(bytes)`: the slow twin of what reads headers.
 */
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import type { Header, Seal } from '../../src/dag/header.ts'
import { authorKey, blockId, payloadId } from '../../src/dag/ids.ts'

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 })
const integers = fc.oneof(fc.maxSafeNat(), fc.nat(70_000), fc.constantFrom(23, 24, 255, 256, 65535, 65536, 2 ** 32))
const ids = digests.map(blockId)
const word = fc.string({ unit: fc.constantFrom(...Array.from('az09!#$&^_.+-')), minLength: 0, maxLength: 62 })
const types = fc.tuple(word, word).map(([type, subtype]) => `a${type}/0${subtype}`)
/** Texts of one to 255 bytes, also of 23 and 24, where the length takes a byte more. */
const names = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
    fc.constantFrom('..', '\uFEFFname', 'olá.txt', 'n'.repeat(23), 'n'.repeat(24), 'n'.repeat(255), '😀'.repeat(63)),
  )
  .map((name) =>
    Array.from(name)
      .filter((char) => !/[/\\\p{Cc}\p{Cs}]/u.test(char))
      .join(''),
  )
  .map((name) => (name === '' ? 'name' : name))
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

export const headers: fc.Arbitrary<Header> = fc
  .record({
    height: integers.map((n) => Math.max(1, n)),
    time: integers,
    backs: fc.uniqueArray(ids, { minLength: 1, maxLength: 16 }).map((backs) => backs.sort()),
    author: fc.option(digests.map(authorKey), { nil: undefined }),
    pay: fc.record({
      id: digests.map(payloadId),
      size: integers,
      seal: fc.constantFrom<Seal>('none', 'group', 'owner'),
      type: optional(types),
      name: optional(names),
    }),
    re: optional(ids),
    like: fc.option(fc.record({ n: fc.constantFrom<1 | -1>(1, -1), target: ids }), { nil: undefined }),
  })
  .map(({ author, like, re, pay: { type, name, ...pay }, ...rest }) => ({
    v: 1,
    ...rest,
    pay: { ...pay, ...(type === undefined ? {} : { type }), ...(name === undefined ? {} : { name }) },
    ...(re === undefined ? {} : { re }),
    ...(author === undefined ? {} : { author }),
    ...(like === undefined ? {} : { like }),
  }))

/** Character by character: RFC 6838 §4.2, in lower case. */
function isType(type: unknown): boolean {
  if (typeof type !== 'string' || type.length > 127) return false
  const parts = type.split('/')
  const isIn = (set: string, text: string): boolean => Array.from(text).every((char) => set.includes(char))
  const alphanumeric = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const isWord = (part: string): boolean =>
    part !== '' && isIn(alphanumeric, part.slice(0, 1)) && isIn(`${alphanumeric}!#$&-^_.+`, part)
  return parts.length === 2 && parts.every(isWord)
}

/** Whether a name begins with a byte order mark. It belongs to the name, and the library leaves it out when it reads. */
function hasMark(bytes: Uint8Array): boolean {
  return /646e616d65(?:6.|7[0-7]|78..)efbbbf/.test(Buffer.from(bytes).toString('hex'))
}

/** What is no UTF-8 the library reads as U+FFFD: it does not encode to the same bytes. */
function isName(name: unknown): boolean {
  if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > 255) return false
  const codes = Array.from(name, (char) => char.codePointAt(0) ?? 0)
  return codes.every((code) => code > 0x1f && !(code >= 0x7f && code <= 0x9f) && code !== 0x2f && code !== 0x5c)
}

/** The slow twin: @ipld/dag-cbor reads, each rule of §3 is looked up by name, and the result must encode to the same bytes. */
export function isHeader(bytes: Uint8Array): boolean {
  try {
    const fields = dagCbor.decode<Record<string, unknown>>(bytes)
    const { v, height, time, backs, author, pay, re, like, ...unknown } = fields
    const { cid, size, seal, type, name, ...unknownPay } = pay as Record<string, unknown>
    const wholeName = hasMark(bytes) && typeof name === 'string' ? `\uFEFF${name}` : name
    const whole = name === undefined ? fields : { ...fields, pay: { ...(pay as object), name: wholeName } }
    const { n, target, ...unknownLike } = (like ?? {}) as Record<string, unknown>
    const isInteger = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
    const isLink = (value: unknown, codec: number): boolean => {
      const it = CID.asCID(value)
      return it?.version === 1 && it.code === codec && it.multihash.code === 0x12 && it.multihash.digest.length === 32
    }
    const hexes = (backs as CID[]).map((back) => (isLink(back, 0x71) ? blockId(back.multihash.digest) : ''))
    return [
      [unknown, unknownPay, unknownLike].every((rest) => Object.keys(rest).length === 0),
      v === 1 && isInteger(height) && height !== 0 && isInteger(time) && isInteger(size),
      hexes.length >= 1 && hexes.length <= 16 && hexes.every((hex, i) => hex !== '' && (hexes[i - 1] ?? '') < hex),
      !('author' in fields) || (author instanceof Uint8Array && author.length === 32),
      isLink(cid, 0x55) && ['none', 'group', 'owner'].includes(seal as string),
      !('re' in fields) || isLink(re, 0x71),
      !('type' in (pay as object)) || isType(type),
      !('name' in (pay as object)) || isName(wholeName),
      !('like' in fields) || ((n === 1 || n === -1) && isLink(target, 0x71)),
      Buffer.from(dagCbor.encode(whole)).equals(bytes),
    ].every((isRight) => isRight)
  } catch {
    return false
  }
}

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
    }),
    like: fc.option(fc.record({ n: fc.constantFrom<1 | -1>(1, -1), target: ids }), { nil: undefined }),
  })
  .map(({ author, like, ...rest }) => ({
    v: 1,
    ...rest,
    ...(author === undefined ? {} : { author }),
    ...(like === undefined ? {} : { like }),
  }))

/** The slow twin: @ipld/dag-cbor reads, each rule of §3 is looked up by name, and the result must encode to the same bytes. */
export function isHeader(bytes: Uint8Array): boolean {
  try {
    const fields = dagCbor.decode<Record<string, unknown>>(bytes)
    const { v, height, time, backs, author, pay, like, ...unknown } = fields
    const { cid, size, seal, ...unknownPay } = pay as Record<string, unknown>
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
      !('like' in fields) || ((n === 1 || n === -1) && isLink(target, 0x71)),
      Buffer.from(dagCbor.encode(fields)).equals(bytes),
    ].every((isRight) => isRight)
  } catch {
    return false
  }
}

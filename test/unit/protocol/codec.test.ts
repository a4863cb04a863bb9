import { encode } from '@ipld/dag-cbor'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KEY_DIGITS, LEAF_BLOCKS } from '../../../src/dag/fingerprint-tree.ts'
import { authorKey, blockId } from '../../../src/dag/ids.ts'
import { FRAME_BYTES } from '../../../src/dag/store.ts'
import {
  decodeHello,
  decodeReply,
  decodeRequest,
  encodeHello,
  encodeReply,
  encodeRequest,
} from '../../../src/protocol/codec.ts'
import {
  FOLD_PREFIXES,
  GET_IDS,
  HAVE_IDS,
  HEADS_PER_PAGE,
  IDS_PER_PAGE,
  MESSAGE_BYTES,
} from '../../../src/protocol/sync-limits.ts'
import type { Fold, Hello, Reply, Request } from '../../../src/protocol/messages.ts'
import { must } from '../../support/blocks.ts'
import { HEX_DIGITS } from '../../support/fold-twin.ts'
import { checkProperty } from '../../support/property.ts'

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })
const id = fc.nat({ max: 0xffff_ffff })
const block = digest.map(blockId)
const ids = (minLength: number): fc.Arbitrary<ReturnType<typeof blockId>[]> =>
  fc.uniqueArray(block, { minLength, maxLength: 20 })
const more = fc.boolean()
const count = fc.maxSafeNat()
const heads = ids(0).map((list) => list.sort())
const optional = { requiredKeys: ['t', 'id', 'chain'] as ['t', 'id', 'chain'] }
const about = { id, chain: digest }

const prefix = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...HEX_DIGITS), maxLength })
const fold: fc.Arbitrary<Fold> = fc.oneof(
  fc
    .tuple(fc.uniqueArray(block, { maxLength: LEAF_BLOCKS }), fc.maxSafeNat())
    .map(([list, rank]) => ({ ids: list, ranks: list.map((_, n) => (rank * n) % Number.MAX_SAFE_INTEGER) })),
  fc.record({
    at: prefix(KEY_DIGITS - 1),
    parts: fc.uniqueArray(fc.nat({ max: 15 }), { minLength: 2 }).chain((digits) =>
      fc.tuple(
        ...digits
          .sort((a, b) => a - b)
          .map((digit) =>
            fc.record({
              digit: fc.constant(digit),
              count: fc.integer({ min: LEAF_BLOCKS, max: Number.MAX_SAFE_INTEGER }),
              fingerprint: digest,
            }),
          ),
      ),
    ),
  }),
)

const requests: fc.Arbitrary<Request> = fc.oneof(
  fc.record({ t: fc.constant('open' as const), ...about, proof: digest }, optional),
  fc.record({ t: fc.constant('heads' as const), ...about, after: block }),
  fc.record(
    { t: fc.constant('diff' as const), ...about, have: ids(0), after: block },
    { requiredKeys: ['t', 'id', 'chain', 'have'] },
  ),
  fc.record({
    t: fc.constant('folds' as const),
    ...about,
    prefixes: fc.uniqueArray(prefix(KEY_DIGITS), { minLength: 1, maxLength: FOLD_PREFIXES }),
  }),
  fc.record({ t: fc.constant('get' as const), ...about, ids: ids(1) }),
  fc.record({
    t: fc.constant('frame' as const),
    ...about,
    block,
    offset: fc.nat({ max: 255 }).map((n) => n * FRAME_BYTES),
  }),
  fc.record({ t: fc.constant('offer' as const), ...about }),
  fc.record({ t: fc.constant('held' as const), ...about }),
)

const header = fc.uint8Array({ maxLength: 4096 })
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 })
const wireBlock = fc.oneof(
  fc.record(
    { headerBytes: header, signature, state: fc.constant('inline' as const), payload: fc.uint8Array() },
    { requiredKeys: ['headerBytes', 'state', 'payload'] },
  ),
  fc.record(
    { headerBytes: header, signature, state: fc.constantFrom('frames' as const, 'hidden' as const, 'absent' as const) },
    { requiredKeys: ['headerBytes', 'state'] },
  ),
)

const replies: fc.Arbitrary<Reply> = fc.oneof(
  fc.record(
    {
      t: fc.constant('opened' as const),
      id,
      proof: digest,
      pioneer: digest.map(authorKey),
      blocks: count,
      heads,
      more,
    },
    { requiredKeys: ['t', 'id', 'blocks', 'heads', 'more'] },
  ),
  fc.record({ t: fc.constant('heads' as const), id, heads, more }),
  fc.record({ t: fc.constant('ids' as const), id, ids: ids(0), more }),
  fc.record({ t: fc.constant('folds' as const), id, folds: fc.array(fold, { maxLength: 5 }) }),
  fc.array(wireBlock, { maxLength: 5 }).chain((blocks) =>
    fc.record({
      t: fc.constant('blocks' as const),
      id,
      asked: fc.integer({ min: blocks.length, max: GET_IDS }),
      blocks: fc.constant(blocks),
    }),
  ),
  fc.record({ t: fc.constant('frame' as const), id, offset: fc.nat({ max: 1 << 26 }), bytes: fc.uint8Array() }),
  fc.record({ t: fc.constant('no-payload' as const), id, why: fc.constantFrom('hidden' as const, 'absent' as const) }),
  fc.record(
    {
      t: fc.constant('offered' as const),
      id,
      fresh: fc.maxSafeNat(),
      missing: fc.maxSafeNat(),
      delayed: fc.maxSafeNat(),
    },
    { requiredKeys: ['t', 'id', 'fresh', 'missing'] },
  ),
  fc.record(
    {
      t: fc.constant('refuse' as const),
      id,
      code: fc.constantFrom('unknown-chain' as const, 'busy' as const, 'bad-request' as const),
    },
    { requiredKeys: ['t', 'id', 'code'] },
  ),
  fc.record({
    t: fc.constant('refuse' as const),
    id,
    code: fc.constant('incompatible' as const),
    pioneer: digest.map(authorKey),
    blocks: count,
  }),
)

describe('encode and decode', () => {
  test('are inverse', () => {
    checkProperty(
      'request-round-trip',
      fc.property(requests, (request) => {
        expect(must(decodeRequest(encodeRequest(request)))).toEqual(request)
      }),
    )
    checkProperty(
      'reply-round-trip',
      fc.property(replies, (reply) => {
        expect(must(decodeReply(encodeReply(reply)))).toEqual(reply)
      }),
    )
    const hello: Hello = { t: 'hello', v: 1, nonce: new Uint8Array(32).fill(3) }
    expect(must(decodeHello(encodeHello(hello)))).toEqual(hello)
  })

  test('decoding never throws, whatever the bytes', () => {
    const decoders = [decodeHello, decodeRequest, decodeReply]
    const torn = fc
      .tuple(fc.oneof(requests.map(encodeRequest), replies.map(encodeReply)), fc.array(fc.tuple(fc.nat(), fc.nat())))
      .map(([bytes, edits]) => {
        const copy = Uint8Array.from(bytes)
        for (const [at, value] of edits) copy[at % copy.byteLength] = value
        return copy
      })
    const values = fc.anything({ withTypedArray: false }).map((value) => {
      try {
        return encode(value)
      } catch {
        return new Uint8Array(0)
      }
    })
    checkProperty(
      'messages-never-throw',
      fc.property(fc.oneof(fc.uint8Array(), torn, values), (bytes) => {
        for (const decode of decoders) expect(typeof decode(bytes).ok).toBe('boolean')
      }),
      { numRuns: 2000 },
    )
  })

  test('deep nesting is refused, not followed', () => {
    expect(decodeReply(new Uint8Array(MESSAGE_BYTES).fill(0x81))).toMatchObject({ fault: { code: 'WIRE_MALFORMED' } })
  })
})

describe('what is refused', () => {
  const chain = new Uint8Array(32)
  const digests = (n: number): Uint8Array => {
    const all = new Uint8Array(32 * n)
    for (let i = 0; i < n; i++) new DataView(all.buffer).setUint32(32 * i, i)
    return all
  }

  const folds = (...prefixes: Uint8Array[]): unknown => ({ t: 'folds', id: 1, chain, prefixes })

  test('too many bytes, before any of them is read: WIRE_TOO_LARGE', () => {
    const bytes = new Uint8Array(MESSAGE_BYTES + 1)
    expect(decodeRequest(bytes)).toEqual({
      ok: false,
      fault: { code: 'WIRE_TOO_LARGE', bytes: MESSAGE_BYTES + 1, limit: MESSAGE_BYTES },
    })
  })

  test('another version: WIRE_OTHER_VERSION', () => {
    const later = encode({ t: 'hello', v: 2, nonce: chain, more: true })
    expect(decodeHello(later)).toEqual({ ok: false, fault: { code: 'WIRE_OTHER_VERSION', found: 2 } })
  })

  test.each<[string, unknown]>([
    ['no map', [1, 2]],
    ['an unknown kind', { t: 'take', id: 1, chain }],
    ['an unknown field', { t: 'offer', id: 1, chain, extra: 1 }],
    ['a missing field', { t: 'heads', id: 1, chain }],
    ['a field of another type', { t: 'offer', id: '1', chain }],
    ['a negative id', { t: 'offer', id: -1, chain }],
    ['an id beyond 32 bits', { t: 'offer', id: 2 ** 32, chain }],
    ['a short rendezvous', { t: 'offer', id: 1, chain: new Uint8Array(31) }],
    ['half a digest', { t: 'get', id: 1, chain, ids: new Uint8Array(33) }],
    ['an id twice', { t: 'get', id: 1, chain, ids: new Uint8Array(64) }],
    ['a get of nothing', { t: 'get', id: 1, chain, ids: new Uint8Array(0) }],
    ['too many ids', { t: 'get', id: 1, chain, ids: digests(GET_IDS + 1) }],
    ['too long a have list', { t: 'diff', id: 1, chain, have: digests(HAVE_IDS + 1) }],
    ['no prefix', folds()],
    ['too many prefixes', folds(...Array.from({ length: FOLD_PREFIXES + 1 }, (_, n) => Uint8Array.of(2, n)))],
    ['a prefix twice', folds(Uint8Array.of(1, 0x70), Uint8Array.of(1, 0x70))],
    ['a prefix without its length', folds(new Uint8Array(0))],
    ['a prefix shorter than it says', folds(Uint8Array.of(3, 0x12))],
    ['a prefix longer than it says', folds(Uint8Array.of(2, 0x12, 0))],
    ['a prefix longer than a key', folds(Uint8Array.of(KEY_DIGITS + 1, ...new Uint8Array(44)))],
    ['a prefix filled up with more than zero', folds(Uint8Array.of(1, 0x71))],
    ['an offset within a frame', { t: 'frame', id: 1, chain, block: chain, offset: 1 }],
  ])('a request with %s: WIRE_MALFORMED', (_, wire) => {
    expect(decodeRequest(encode(wire))).toMatchObject({ fault: { code: 'WIRE_MALFORMED', message: 'request' } })
  })

  const foldsOf = (...list: unknown[]): unknown => ({ t: 'folds', id: 1, folds: list })
  const parts = (...list: unknown[]): object => ({ at: Uint8Array.of(1, 0x10), parts: list })
  test('the folds beside which these are wrong are right', () => {
    const list = [{ ids: digests(LEAF_BLOCKS), ranks: new Array<number>(LEAF_BLOCKS).fill(1) }]
    const right = foldsOf(...list, parts([2, 16, chain], [3, 17, chain]))
    expect(decodeReply(encode(right))).toMatchObject({ ok: true })
  })

  const head = new Uint8Array(10)
  test.each<[string, unknown]>([
    ['too many heads', { t: 'heads', id: 1, heads: digests(HEADS_PER_PAGE + 1), more: false }],
    ['heads that do not ascend', { t: 'heads', id: 1, heads: digests(3).reverse(), more: false }],
    ['too many ids', { t: 'ids', id: 1, ids: digests(IDS_PER_PAGE + 1), more: false }],
    ['too many folds', foldsOf(...new Array<unknown>(FOLD_PREFIXES + 1).fill({ ids: new Uint8Array(0), ranks: [] }))],
    ['a list of too many ids', foldsOf({ ids: digests(LEAF_BLOCKS + 1), ranks: new Array(LEAF_BLOCKS + 1).fill(1) })],
    ['an id without its rank', foldsOf({ ids: digests(2), ranks: [1] })],
    ['an id twice in a list', foldsOf({ ids: new Uint8Array(64), ranks: [1, 2] })],
    ['a rank below zero', foldsOf({ ids: digests(1), ranks: [-1] })],
    ['a fold that is both', foldsOf({ ids: digests(1), ranks: [1], at: Uint8Array.of(0) })],
    ['one part', foldsOf(parts([0, 99, chain]))],
    ['17 parts', foldsOf(parts(...Array.from({ length: 17 }, (_, n) => [n, 9, chain])))],
    ['parts that do not ascend', foldsOf(parts([2, 99, chain], [1, 99, chain]))],
    ['a part twice', foldsOf(parts([2, 99, chain], [2, 99, chain]))],
    ['a digit beyond 15', foldsOf(parts([2, 99, chain], [16, 99, chain]))],
    ['a part of no blocks', foldsOf(parts([2, 99, chain], [3, 0, chain]))],
    ['parts of so few blocks that they are to be listed', foldsOf(parts([2, 16, chain], [3, 16, chain]))],
    ['a short fingerprint', foldsOf(parts([2, 99, chain], [3, 99, new Uint8Array(31)]))],
    ['a part of four places', foldsOf(parts([2, 99, chain], [3, 99, chain, 0]))],
    [
      'parts behind a whole key',
      foldsOf({ ...parts([1, 99, chain], [2, 99, chain]), at: Uint8Array.of(KEY_DIGITS, ...new Uint8Array(43)) }),
    ],
    ['more blocks than it settles', { t: 'blocks', id: 1, asked: 0, blocks: [[head, null, head]] }],
    ['a header beyond 4 KiB', { t: 'blocks', id: 1, asked: 1, blocks: [[new Uint8Array(4097), null, head]] }],
    ['a signature of 63 bytes', { t: 'blocks', id: 1, asked: 1, blocks: [[head, new Uint8Array(63), head]] }],
    [
      'an inline payload beyond 64 KiB',
      { t: 'blocks', id: 1, asked: 1, blocks: [[head, null, new Uint8Array(65537)]] },
    ],
    ['an unknown place of a payload', { t: 'blocks', id: 1, asked: 1, blocks: [[head, null, 'inline']] }],
    ['a block of four parts', { t: 'blocks', id: 1, asked: 1, blocks: [[head, null, head, head]] }],
    ['an unknown refusal', { t: 'refuse', id: 1, code: 'no' }],
  ])('a reply with %s: WIRE_MALFORMED', (_, wire) => {
    expect(decodeReply(encode(wire))).toMatchObject({ fault: { code: 'WIRE_MALFORMED', message: 'reply' } })
  })
})

/** Each bound on a message (spec §7, §8): what is exactly as large as it may be is taken, and one over is refused. */
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { describe, expect, test, vi } from 'vitest'
import type { MadeBlock } from '../../../src/dag/block.ts'
import { sha256 } from '../../../src/dag/crypto.ts'
import { blockId, type BlockId } from '../../../src/dag/ids.ts'
import { KEY_BYTES, MAX_HEADER_BYTES, MAX_PAYLOAD_OWNER_BYTES, SIGNATURE_BYTES } from '../../../src/dag/block-limits.ts'
import { FRAME_BYTES } from '../../../src/dag/store.ts'
import { decodeHello, decodeReply, decodeRequest, encodeReply } from '../../../src/protocol/codec.ts'
import { decodeAnnouncement } from '../../../src/protocol/gossip-codec.ts'
import { ANNOUNCE_HEADS, ANNOUNCE_NONCE_BYTES, RIDING_BLOCK_BYTES } from '../../../src/protocol/gossip-limits.ts'
import {
  BLOCKS_REPLY_BYTES,
  FOLD_PREFIXES,
  GET_IDS,
  GIVEN_UP_IDS,
  HAVE_IDS,
  HAVE_STEPS,
  HEADS_PER_PAGE,
  HELLO_NONCE_BYTES,
  IDS_PER_PAGE,
  INLINE_PAYLOAD_BYTES,
  MAX_REQUEST_ID,
  MESSAGE_BYTES,
  PROOF_BYTES,
} from '../../../src/protocol/sync-limits.ts'
import { haveList } from '../../../src/protocol/dag-diff.ts'
import { newPullState, step } from '../../../src/protocol/pull-machine.ts'
import { author, bytes, chain, post } from '../../support/blocks.ts'
import { Side } from '../../support/sync-sim.ts'

const about = { id: 1, chain: new Uint8Array(32) }
const FORUM = chain('#limits', author(0).author)

function digests(count: number): Uint8Array {
  const all = new Uint8Array(32 * count)
  for (let n = 0; n < count; n += 1) new DataView(all.buffer).setUint32(32 * n, n)
  return all
}

const cids = (count: number): CID[] =>
  Array.from({ length: count }, (_, n) => CID.createV1(0x71, Digest.create(0x12, sha256(bytes(String(n))))))
const prefixes = (count: number): Uint8Array[] => Array.from({ length: count }, (_, n) => Uint8Array.of(2, n))
const emptyFolds = (count: number): object[] =>
  Array.from({ length: count }, () => ({ ids: new Uint8Array(0), ranks: [] }))
const wireBlock = (header: number, signature: number, payload: number): unknown => ({
  t: 'blocks',
  id: 1,
  asked: 1,
  blocks: [[new Uint8Array(header), new Uint8Array(signature), new Uint8Array(payload)]],
})
const announcement = (nonce: number, heads: number, riding = 1): unknown => ({
  v: 1,
  nonce: new Uint8Array(nonce),
  heads: cids(heads),
  block: [new Uint8Array(1), null, new Uint8Array(riding - 1)],
})

type Decode = (wire: Uint8Array) => { readonly ok: boolean }

interface Bound {
  readonly what: string
  readonly decode: Decode
  readonly bound: number
  /** What is sent if there are so many, or so large a one. */
  readonly of: (size: number) => unknown
}

const BOUNDS: readonly Bound[] = [
  {
    what: 'the nonce of a hello',
    decode: decodeHello,
    bound: HELLO_NONCE_BYTES,
    of: (size) => ({ t: 'hello', v: 1, nonce: new Uint8Array(size) }),
  },
  {
    what: 'a proof',
    decode: decodeRequest,
    bound: PROOF_BYTES,
    of: (size) => ({ t: 'open', ...about, proof: new Uint8Array(size) }),
  },
  {
    what: 'the id of a request',
    decode: decodeRequest,
    bound: MAX_REQUEST_ID,
    of: (id) => ({ t: 'offer', ...about, id }),
  },
  {
    what: 'the id of a reply',
    decode: decodeReply,
    bound: MAX_REQUEST_ID,
    of: (id) => ({ t: 'offered', id, fresh: 0, missing: 0 }),
  },
  { what: 'a get', decode: decodeRequest, bound: GET_IDS, of: (size) => ({ t: 'get', ...about, ids: digests(size) }) },
  {
    what: 'have',
    decode: decodeRequest,
    bound: HAVE_IDS,
    of: (size) => ({ t: 'diff', ...about, have: digests(size) }),
  },
  {
    what: 'prefixes',
    decode: decodeRequest,
    bound: FOLD_PREFIXES,
    of: (size) => ({ t: 'folds', ...about, prefixes: prefixes(size) }),
  },
  {
    what: 'folds',
    decode: decodeReply,
    bound: FOLD_PREFIXES,
    of: (size) => ({ t: 'folds', id: 1, folds: emptyFolds(size) }),
  },
  {
    what: 'a page of heads',
    decode: decodeReply,
    bound: HEADS_PER_PAGE,
    of: (size) => ({ t: 'heads', id: 1, heads: digests(size), more: false }),
  },
  {
    what: 'a page of ids',
    decode: decodeReply,
    bound: IDS_PER_PAGE,
    of: (size) => ({ t: 'ids', id: 1, ids: digests(size), more: false }),
  },
  {
    what: 'a header',
    decode: decodeReply,
    bound: MAX_HEADER_BYTES,
    of: (size) => wireBlock(size, SIGNATURE_BYTES, 0),
  },
  { what: 'a signature', decode: decodeReply, bound: SIGNATURE_BYTES, of: (size) => wireBlock(1, size, 0) },
  {
    what: 'a payload in its block',
    decode: decodeReply,
    bound: INLINE_PAYLOAD_BYTES,
    of: (size) => wireBlock(1, SIGNATURE_BYTES, size),
  },
  {
    what: 'what a reply settles',
    decode: decodeReply,
    bound: GET_IDS,
    of: (asked) => ({ t: 'blocks', id: 1, asked, blocks: [] }),
  },
  {
    what: 'a frame',
    decode: decodeReply,
    bound: FRAME_BYTES,
    of: (size) => ({ t: 'frame', id: 1, offset: 0, bytes: new Uint8Array(size) }),
  },
  {
    what: 'a pioneer’s key',
    decode: decodeReply,
    bound: KEY_BYTES,
    of: (size) => ({ t: 'refuse', id: 1, code: 'incompatible', pioneer: new Uint8Array(size), blocks: 1 }),
  },
  {
    what: 'the nonce of an announcement',
    decode: decodeAnnouncement,
    bound: ANNOUNCE_NONCE_BYTES,
    of: (size) => announcement(size, 1),
  },
  {
    what: 'heads announced',
    decode: decodeAnnouncement,
    bound: ANNOUNCE_HEADS,
    of: (size) => announcement(ANNOUNCE_NONCE_BYTES, size),
  },
  {
    what: 'a riding block',
    decode: decodeAnnouncement,
    bound: RIDING_BLOCK_BYTES,
    of: (size) => announcement(ANNOUNCE_NONCE_BYTES, 1, size),
  },
]

test.each(BOUNDS)('$what: $bound is taken, one more is refused', ({ decode, bound, of }) => {
  expect(decode(encode(of(bound)))).toMatchObject({ ok: true })
  expect(decode(encode(of(bound + 1)))).toMatchObject({ ok: false, fault: { code: 'WIRE_MALFORMED' } })
})

test('a frame begins at the last whole one of the largest payload, and not behind it', () => {
  const at = (offset: number): unknown => decodeRequest(encode({ t: 'frame', ...about, block: digests(1), offset }))
  expect(at(MAX_PAYLOAD_OWNER_BYTES)).toMatchObject({ ok: true })
  expect(at(MAX_PAYLOAD_OWNER_BYTES + FRAME_BYTES)).toMatchObject({ ok: false })
})

test('a message of as many bytes as there may be is read; one more byte is not looked at', () => {
  const around = encodeReply({ t: 'frame', id: 1, offset: 0, bytes: new Uint8Array(FRAME_BYTES) }).byteLength
  expect(around).toBeLessThan(MESSAGE_BYTES)
  expect(decodeReply(new Uint8Array(MESSAGE_BYTES))).toMatchObject({ fault: { code: 'WIRE_MALFORMED' } })
  expect(decodeReply(new Uint8Array(MESSAGE_BYTES + 1))).toMatchObject({ fault: { code: 'WIRE_TOO_LARGE' } })
})

test('the largest reply with blocks fits a message: one block may be over the bound by what one block has', () => {
  expect(BLOCKS_REPLY_BYTES + 1024).toBeLessThan(MESSAGE_BYTES)
  expect(MAX_HEADER_BYTES + SIGNATURE_BYTES + INLINE_PAYLOAD_BYTES).toBeLessThan(BLOCKS_REPLY_BYTES)
})

function line(count: number): MadeBlock[] {
  const blocks: MadeBlock[] = []
  for (let n = 0; n < count; n += 1) {
    const back = blocks.at(-1)
    blocks.push(post(FORUM, back === undefined ? {} : { backs: [back.block] }))
  }
  return blocks
}

test('what is looked at to say what is here has a bound, however long the chain', () => {
  const steps = [HAVE_STEPS / 2, HAVE_STEPS + 1, 2 * HAVE_STEPS].map((length) => {
    const { graph } = new Side(FORUM, line(length))
    const looked = vi.spyOn(graph, 'forEachBack')
    expect(haveList(graph).length).toBeLessThanOrEqual(HAVE_IDS)
    return looked.mock.calls.length
  })
  expect(steps).toEqual([HAVE_STEPS / 2, HAVE_STEPS - 1, HAVE_STEPS - 1])
})

describe('ids that a peer lists and does not give', () => {
  const real = line(5)
  const invented = (page: number, count: number): BlockId[] =>
    Array.from({ length: count }, (_, n) => blockId(sha256(bytes(`${String(page)} ${String(n)}`))))

  /** Pages of one real block and so many invented ids each; the end of the pull after the last of them, if it ended. */
  function listed(...counts: readonly number[]): unknown {
    const side = new Side(FORUM)
    const state = newPullState(side.options())
    let tag = 0
    let end: unknown
    const feed = (input: Parameters<typeof step>[1]): void => {
      const [, effects] = step(state, input)
      for (const effect of effects) {
        if (effect.do === 'ask' && effect.request.t === 'get') gets.push([effect.tag, effect.request.ids])
        else if (effect.do === 'ask') tag = effect.tag
        else if (effect.do === 'store') {
          feed({ on: 'stored', outcomes: effect.blocks.map(({ block }) => side.add({ block, payload: bytes('') })) })
        } else end = effect.end
      }
    }
    const gets: [tag: number, ids: readonly BlockId[]][] = []
    feed({ on: 'start' })
    feed({ on: 'reply', tag, reply: { t: 'opened', id: 0, blocks: 0, heads: [real.at(-1)!.block.id], more: false } })
    for (const [page, count] of counts.entries()) {
      const { block } = real[page]!
      feed({ on: 'reply', tag, reply: { t: 'ids', id: 0, ids: [block.id, ...invented(page, count)], more: true } })
      for (let get = gets.shift(); get !== undefined; get = gets.shift()) {
        const given = get[1].includes(block.id) ? [{ headerBytes: block.headerBytes, state: 'absent' as const }] : []
        feed({ on: 'reply', tag: get[0], reply: { t: 'blocks', id: 0, asked: get[1].length, blocks: given } })
      }
    }
    return end
  }

  test('are remembered up to the bound; one more ends the pull, and nobody is blamed', () => {
    const full = IDS_PER_PAGE - 1
    const left = GIVEN_UP_IDS - 4 * full
    expect(listed(full, full, full, full, left)).toBeUndefined()
    expect(listed(full, full, full, full, left + 1)).toEqual({ why: 'stalled' })
  })
})

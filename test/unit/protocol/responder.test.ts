import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../src/dag/block.ts'
import { sha256 } from '../../../src/dag/crypto.ts'
import { blockId, genesisBlockId, type BlockId } from '../../../src/dag/ids.ts'
import { encodeReply } from '../../../src/protocol/codec.ts'
import { BLOCKS_REPLY_BYTES, HEADS_PER_PAGE, INLINE_PAYLOAD_BYTES } from '../../../src/protocol/sync-limits.ts'
import { proofFor } from '../../../src/protocol/membership-proof.ts'
import type { Reply, RequestBody } from '../../../src/protocol/messages.ts'
import {
  BlocksReply,
  fittingIn,
  newResponderStream,
  planReply,
  travelsInline,
  type LoadedBlock,
  type ReplyPlan,
  type ResponderStream,
} from '../../../src/protocol/responder.ts'
import { author, bytes, chain, post } from '../../support/blocks.ts'
import { HANDSHAKE, Side } from '../../support/sync-sim.ts'

const FORUM = chain('#serve', author(0).author)
const a = post(FORUM, { payload: 'a' })
const b = post(FORUM, { backs: [a.block], payload: 'b' })
const NOWHERE = blockId(sha256(bytes('nowhere')))

type Unnamed = RequestBody extends infer R ? (R extends unknown ? Omit<R, 'chain'> : never) : never

function ask(side: Side, stream: ResponderStream, request: Unnamed): ReplyPlan {
  return planReply({ ...request, id: 7, chain: side.chain.rendezvous }, side, stream)
}

function opened(side: Side): ResponderStream {
  const stream = newResponderStream(HANDSHAKE)
  ask(side, stream, { t: 'open' })
  return stream
}

function replyOf(plan: ReplyPlan): Reply | undefined {
  return plan.do === 'reply' ? plan.reply : undefined
}

/** `b` is set aside: known, and not accepted. */
function sideWithParked(): Side {
  const side = new Side(FORUM, [a, b])
  side.graph.withdraw(2)
  return side
}

describe('what is served', () => {
  test('only accepted blocks are named, listed or served', () => {
    const side = sideWithParked()
    const stream = opened(side)
    expect(replyOf(ask(side, newResponderStream(HANDSHAKE), { t: 'open' }))).toMatchObject({ heads: [a.block.id] })
    expect(replyOf(ask(side, stream, { t: 'diff', have: [] }))).toMatchObject({ ids: [a.block.id], more: false })
    const ids: BlockId[] = [b.block.id, a.block.id, genesisBlockId(FORUM.id), NOWHERE]
    expect(ask(side, stream, { t: 'get', ids })).toEqual({
      do: 'blocks',
      id: 7,
      ids,
      indexes: [undefined, 1, undefined, undefined],
    })
    expect(replyOf(ask(side, stream, { t: 'frame', block: b.block.id, offset: 0 }))).toEqual({
      t: 'no-payload',
      id: 7,
      why: 'absent',
    })
    expect(ask(side, stream, { t: 'frame', block: a.block.id, offset: 0 })).toMatchObject({ do: 'frame', index: 1 })
  })

  test('an empty chain has no heads: the genesis is never sent', () => {
    expect(replyOf(ask(new Side(FORUM), newResponderStream(HANDSHAKE), { t: 'open' }))).toEqual({
      t: 'opened',
      id: 7,
      blocks: 0,
      heads: [],
      more: false,
    })
  })

  test('a pioneer is named to who opens', () => {
    const served = new Side(FORUM)
    const named = {
      chain: FORUM,
      graph: served.graph,
      fingerprints: served.fingerprints,
      held: served.held,
      founder: author(3).author,
    }
    const plan = planReply({ t: 'open', id: 1, chain: FORUM.rendezvous }, named, newResponderStream(HANDSHAKE))
    expect(replyOf(plan)).toMatchObject({ pioneer: author(3).author })
  })

  test('heads come in pages, ascending, each once', () => {
    const wide = Array.from({ length: 2 * HEADS_PER_PAGE + 10 }, (_, n) => post(FORUM, { time: n + 1 }))
    const side = new Side(FORUM, wide)
    const stream = newResponderStream(HANDSHAKE)
    const all: BlockId[] = []
    let page = replyOf(ask(side, stream, { t: 'open' }))
    while (page?.t === 'opened' || page?.t === 'heads') {
      all.push(...page.heads)
      const after = all.at(-1)
      page = page.more && after !== undefined ? replyOf(ask(side, stream, { t: 'heads', after })) : undefined
    }
    expect(all).toEqual(wide.map((made) => made.block.id).sort())
  })

  test('a list that goes on after a block which is not accepted here is refused', () => {
    const side = sideWithParked()
    const plan = ask(side, opened(side), { t: 'diff', have: [], after: b.block.id })
    expect(replyOf(plan)).toEqual({ t: 'refuse', id: 7, code: 'bad-request' })
  })

  test('folds are of accepted blocks alone, one for each prefix in the order asked', () => {
    const side = sideWithParked()
    const stream = opened(side)
    const plan = ask(side, stream, { t: 'folds', prefixes: ['F', ''] })
    const all = { ids: [a.block.id], ranks: [1] }
    expect(replyOf(plan)).toEqual({ t: 'folds', id: 7, folds: [{ ids: [], ranks: [] }, all] })
    side.graph.accept(2)
    expect(replyOf(ask(side, stream, { t: 'folds', prefixes: [''] }))).toMatchObject({
      folds: [{ ids: [a.block.id, b.block.id], ranks: [1, 3] }],
    })
  })

  test('the largest reply to folds fits into a message', () => {
    const times = Array.from({ length: 64 * 32 }, (_, n) => (n >> 5) * 2 ** 36 + (n % 32))
    const side = new Side(
      FORUM,
      times.map((time) => post(FORUM, { time })),
    )
    const prefixes = Array.from({ length: 64 }, (_, n) => n.toString(16).toUpperCase().padStart(5, '0'))
    const reply = replyOf(ask(side, opened(side), { t: 'folds', prefixes }))
    const lists = reply?.t === 'folds' ? reply.folds.map((fold) => ('ids' in fold ? fold.ids.length : 0)) : []
    expect(lists).toEqual(new Array(64).fill(32))
    expect(encodeReply(reply as Reply).byteLength).toBeLessThan(80 * 1024)
  })

  test('an offer is for the driver to carry out', () => {
    const side = new Side(FORUM)
    expect(ask(side, opened(side), { t: 'offer' })).toEqual({ do: 'offer', id: 7 })
  })
})

describe('who is served', () => {
  const GROUP = chain('$serve', '09'.repeat(32))
  const group = new Side(GROUP)
  const membership = { key: new Uint8Array(32).fill(9), handshake: HANDSHAKE }
  const right = proofFor(membership, 'requester')

  test('without the right proof a group looks like a chain that is not joined, byte for byte', () => {
    const request = { t: 'open', id: 7, chain: GROUP.rendezvous } as const
    const unknown = replyOf(planReply(request, undefined, newResponderStream(HANDSHAKE)))
    const wrong = [undefined, new Uint8Array(32), proofFor(membership, 'responder')]
    const otherStream = { ...membership, handshake: { ...HANDSHAKE, responderNonce: new Uint8Array(32) } }
    for (const proof of [...wrong, proofFor(otherStream, 'requester')]) {
      const stream = newResponderStream(HANDSHAKE)
      const refused = replyOf(ask(group, stream, { t: 'open', ...(proof === undefined ? {} : { proof }) }))
      expect(encodeReply(refused as Reply)).toEqual(encodeReply(unknown as Reply))
      for (const next of [
        { t: 'diff', have: [] },
        { t: 'folds', prefixes: [''] },
        { t: 'get', ids: [NOWHERE] },
        { t: 'heads', after: NOWHERE },
        { t: 'frame', block: NOWHERE, offset: 0 },
        { t: 'offer' },
      ] as const) {
        expect(replyOf(ask(group, stream, next))).toEqual(unknown)
      }
    }
  })

  test('a member is let in, and gets the proof of the other side', () => {
    const stream = newResponderStream(HANDSHAKE)
    expect(replyOf(ask(group, stream, { t: 'open', proof: right }))).toMatchObject({
      t: 'opened',
      proof: proofFor(membership, 'responder'),
    })
    expect(replyOf(ask(group, stream, { t: 'diff', have: [] }))).toMatchObject({ t: 'ids' })
  })
})

describe('blocks replies', () => {
  const loaded = (size: number): LoadedBlock => ({
    stored: { headerBytes: new Uint8Array(100) },
    payload: new Uint8Array(size),
  })

  test('as many are loaded as fit, and one in any case', () => {
    expect(fittingIn([])).toBe(0)
    expect(fittingIn([BLOCKS_REPLY_BYTES + 1, 1])).toBe(1)
    expect(fittingIn([BLOCKS_REPLY_BYTES - 1, 1, 0, 1])).toBe(3)
    expect(fittingIn([1, 2, 3])).toBe(3)
  })

  test('hold what fits, in the order asked, counting what is not had', () => {
    const reply = new BlocksReply(1)
    const taken = [loaded(INLINE_PAYLOAD_BYTES), undefined, ...Array.from({ length: 4 }, () => loaded(60_000))]
    const fits = taken.map((block) => reply.add(block))
    expect(fits).toEqual([true, true, true, true, true, false])
    const { asked, blocks } = reply.reply() as Reply & { t: 'blocks' }
    expect([asked, blocks.length]).toEqual([5, 4])
    expect(encodeReply(reply.reply()).byteLength).toBeLessThan(BLOCKS_REPLY_BYTES + 1024)
  })

  test('a payload beyond the inline bound is named and not sent', () => {
    expect([travelsInline(INLINE_PAYLOAD_BYTES), travelsInline(INLINE_PAYLOAD_BYTES + 1)]).toEqual([true, false])
    const reply = new BlocksReply(1)
    const { headerBytes, signature } = (post(FORUM, { author: 1 }) satisfies MadeBlock).block
    reply.add({ stored: { headerBytes, ...(signature === undefined ? {} : { signature }) }, payload: 'frames' })
    expect(reply.reply()).toMatchObject({ blocks: [{ headerBytes, signature, state: 'frames' }] })
  })
})

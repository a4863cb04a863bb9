import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../src/dag/block.ts'
import type { BlockId } from '../../../src/dag/ids.ts'
import {
  GET_IDS,
  GETS_IN_FLIGHT,
  MOSTLY_KNOWN_PAGES,
  STORES_IN_FLIGHT,
  UNPAID_IDS,
} from '../../../src/protocol/sync-limits.ts'
import { proofFor } from '../../../src/protocol/membership-proof.ts'
import type { Fold, Reply, WireBlock } from '../../../src/protocol/messages.ts'
import type { PullEffect, PullInput, PullOptions } from '../../../src/protocol/pull-types.ts'
import { answerFolds } from '../../../src/protocol/dag-diff.ts'
import { newPullState, step } from '../../../src/protocol/pull-machine.ts'
import { author, bytes, chain, post } from '../../support/blocks.ts'
import { HANDSHAKE, Side } from '../../support/sync-sim.ts'

const FORUM = chain('#session', author(0).author)

function line(length: number, on?: MadeBlock): MadeBlock[] {
  const blocks: MadeBlock[] = []
  for (let n = 0; n < length; n++) {
    const back = blocks.at(-1) ?? on
    blocks.push(post(FORUM, { backs: back === undefined ? [] : [back.block], payload: String(n) }))
  }
  return blocks
}

const inline = ({ block, payload }: MadeBlock): WireBlock => ({
  headerBytes: block.headerBytes,
  state: 'inline',
  payload,
})

const ANSWERED: Partial<Record<Reply['t'], string>> = { opened: 'open', ids: 'diff', blocks: 'get', folds: 'folds' }

/** A pull fed by hand: `reply` answers the newest request of that kind. */
class ByHand {
  readonly side: Side
  readonly #state: ReturnType<typeof newPullState>
  effects: readonly PullEffect[] = []

  constructor(side: Side, more: Partial<PullOptions> = {}) {
    this.side = side
    this.#state = newPullState(side.options(more))
    this.feed({ on: 'start' })
  }

  feed(input: PullInput): readonly PullEffect[] {
    const [, effects] = step(this.#state, input)
    this.effects = [...this.effects, ...effects]
    return effects
  }

  get asked(): (PullEffect & { do: 'ask' })[] {
    return this.effects.filter((effect) => effect.do === 'ask')
  }

  get end(): unknown {
    return this.effects.find((effect) => effect.do === 'finish')?.end
  }

  reply(reply: Reply, tag = this.#newest(ANSWERED[reply.t])): this {
    this.feed({ on: 'reply', tag, reply })
    return this
  }

  #newest(kind: string | undefined): number {
    const matching = this.asked.filter(({ request }) => request.t === kind)
    return (matching.at(-1) ?? this.asked.at(-1))?.tag ?? 0
  }

  opened(heads: readonly MadeBlock[]): this {
    return this.reply({ t: 'opened', id: 0, blocks: 0, heads: heads.map((made) => made.block.id).sort(), more: false })
  }

  listed(ids: readonly MadeBlock[], more = false): this {
    return this.reply({ t: 'ids', id: 0, ids: ids.map((made) => made.block.id), more })
  }
}

/** A pull that has just asked for these blocks. */
function asking(blocks: readonly MadeBlock[], side = new Side(FORUM)): ByHand {
  return new ByHand(side).opened(blocks.slice(-1)).listed(blocks)
}

function faultOf(session: ByHand): unknown {
  return (session.end as { fault?: { code: string } } | undefined)?.fault?.code
}

describe('order', () => {
  test('blocks are stored in the order listed, as many at a time as may be, whatever the order of replies', () => {
    const blocks = line(GETS_IN_FLIGHT * GET_IDS)
    const session = asking(blocks)
    const gets = session.asked.slice(2)
    expect(gets).toHaveLength(GETS_IN_FLIGHT)
    const part = (n: number): WireBlock[] => blocks.slice(n * GET_IDS, (n + 1) * GET_IDS).map(inline)
    for (let n = GETS_IN_FLIGHT - 1; n > 0; n--)
      session.reply({ t: 'blocks', id: 0, asked: GET_IDS, blocks: part(n) }, gets[n]?.tag)
    expect(session.effects.some((effect) => effect.do === 'store')).toBe(false)
    session.reply({ t: 'blocks', id: 0, asked: GET_IDS, blocks: part(0) }, gets[0]?.tag)
    const stored: BlockId[] = []
    for (let n = 0; n < GETS_IN_FLIGHT; n++) {
      const stores = session.effects.filter((effect) => effect.do === 'store')
      expect(stores).toHaveLength(Math.min(GETS_IN_FLIGHT, n + STORES_IN_FLIGHT))
      const ids = stores[n]?.blocks.map(({ block }) => block.id) ?? []
      stored.push(...ids)
      session.feed({ on: 'stored', outcomes: ids.map((id) => ({ id, state: 'accepted', others: 0 })) })
    }
    expect(stored).toEqual(blocks.map((made) => made.block.id))
    expect(session.end).toEqual({ why: 'done' })
  })

  test('no more is asked for than can be held while a store is slow', () => {
    const blocks = line(8 * GET_IDS)
    const session = asking(blocks)
    const most = GETS_IN_FLIGHT + STORES_IN_FLIGHT
    for (let n = 0; n < most; n++) {
      const part = blocks.slice(n * GET_IDS, (n + 1) * GET_IDS).map(inline)
      session.reply({ t: 'blocks', id: 0, asked: GET_IDS, blocks: part }, session.asked[2 + n]?.tag)
    }
    expect(session.asked).toHaveLength(2 + most)
    expect(session.effects.filter((effect) => effect.do === 'store')).toHaveLength(STORES_IN_FLIGHT)
  })
})

describe('ends', () => {
  const [a, b, c] = line(3) as [MadeBlock, MadeBlock, MadeBlock]

  test.each(['unknown-chain', 'busy'] as const)('a refusal says why: %s', (code) => {
    expect(new ByHand(new Side(FORUM)).reply({ t: 'refuse', id: 0, code }).end).toEqual({ why: code })
  })

  test('two different pioneers are incompatible, and both are named', () => {
    const side = new Side(FORUM)
    const world = { ...side.options().world, founder: () => author(1).author }
    const session = new ByHand(side, { world })
    session.reply({ t: 'opened', id: 0, blocks: 0, pioneer: author(2).author, heads: [a.block.id], more: false })
    expect(session.end).toEqual({ why: 'incompatible', ours: author(1).author, theirs: author(2).author })
    expect(session.asked).toHaveLength(1)
    expect(session.effects.at(-1)).toMatchObject({ seen: { founder: author(2).author, blocks: 0 } })
    const refused = new ByHand(side, { world })
    refused.reply({ t: 'refuse', id: 0, code: 'incompatible', pioneer: author(2).author, blocks: 7 })
    expect(refused.end).toEqual(session.end)
    expect(refused.effects.at(-1)).toMatchObject({ seen: { founder: author(2).author, blocks: 7 } })
  })

  test('who follows no founder takes nothing, and learns whom the peer follows, with how many blocks', () => {
    const side = new Side(FORUM)
    const world = { ...side.options().world, needsFounder: () => true }
    const opened = { t: 'opened', id: 0, blocks: 7, heads: [a.block.id], more: false } as const
    const seen = { founder: author(2).author, blocks: 7 }
    for (const reply of [
      { ...opened, pioneer: author(2).author },
      { t: 'refuse', id: 0, code: 'incompatible', pioneer: author(2).author, blocks: 7 } as const,
    ]) {
      const session = new ByHand(side, { world }).reply(reply)
      expect(session.effects.at(-1)).toMatchObject({ do: 'finish', fresh: 0, seen, end: { why: 'no-founder' } })
      expect(session.asked).toHaveLength(1)
    }
    const unnamed = new ByHand(side, { world }).reply(opened)
    expect([unnamed.end, unnamed.asked.length]).toEqual([{ why: 'stalled' }, 1])
    expect(new ByHand(side, { world }).reply({ ...opened, blocks: 0, heads: [] }).end).toEqual({ why: 'done' })
  })

  test('who follows a founder takes nothing of a peer that names none', () => {
    const side = new Side(FORUM)
    const world = { ...side.options().world, founder: () => author(1).author }
    const opened = { t: 'opened', id: 0, blocks: 7, heads: [a.block.id], more: false } as const
    expect(new ByHand(side, { world }).reply(opened).end).toEqual({ why: 'stalled' })
    const session = new ByHand(side, { world }).reply({ ...opened, pioneer: author(1).author })
    expect([session.end, session.asked.length]).toEqual([undefined, 2])
  })

  test('a peer that lists blocks and has none of them stalls the pull, and is not blamed', () => {
    const session = asking([a, b]).reply({ t: 'blocks', id: 0, asked: 2, blocks: [] })
    expect(session.effects.at(-1)).toMatchObject({ do: 'finish', fresh: 0, missing: 2, end: { why: 'stalled' } })
  })

  test('a page that names again what was given up ends the pull: it could go on for ever', () => {
    const session = new ByHand(new Side(FORUM)).opened([b]).listed([a, b], true)
    session.reply({ t: 'blocks', id: 0, asked: 2, blocks: [inline(a)] })
    session.feed({ on: 'stored', outcomes: [session.side.add(a)] })
    expect(session.end).toBeUndefined()
    session.listed([b], true)
    expect(session.end).toEqual({ why: 'stalled' })
  })

  test.each([
    { what: 'and none is paid: the pull ends', isPaid: false },
    { what: 'and the last of them pays for them: it goes on', isPaid: true },
  ])('more comes in a row than may stand under a payer, $what', ({ isPaid }) => {
    const { id } = a.block
    const session = new ByHand(new Side(FORUM)).opened([b]).listed([a], true)
    session.reply({ t: 'blocks', id: 0, asked: 1, blocks: [inline(a)] })
    const row = Array.from({ length: UNPAID_IDS + 1 }, () => ({ id, state: 'surplus' }) as const)
    session.feed({ on: 'stored', outcomes: isPaid ? [...row, { id, state: 'accepted', others: 0 }] : row })
    expect(session.end).toEqual(isPaid ? undefined : { why: 'stalled' })
  })

  test('a missing back is counted as missing, and the rest goes on', () => {
    const session = asking([a, c]).reply({ t: 'blocks', id: 0, asked: 2, blocks: [inline(a), inline(c)] })
    session.feed({ on: 'stored', outcomes: [session.side.add(a), session.side.add(c)] })
    expect(session.effects.at(-1)).toMatchObject({ do: 'finish', fresh: 1, missing: 1, end: { why: 'done' } })
  })

  test('a payload that the peer says it lacks cannot make its block a bad one', () => {
    const absent: WireBlock = { headerBytes: a.block.headerBytes, state: 'absent' }
    const session = asking([a]).reply({ t: 'blocks', id: 0, asked: 1, blocks: [absent] })
    const fault = { code: 'DAG_BAD_PAYLOAD', why: 'missing' } as const
    session.feed({ on: 'stored', outcomes: [{ id: a.block.id, state: 'refused', fault }] })
    expect(session.end).toEqual({ why: 'stalled' })
  })

  test('a block that was put off ends the pull: what came is kept, it is missing, and nobody is blamed', () => {
    const session = asking([a, b, c]).reply({ t: 'blocks', id: 0, asked: 3, blocks: [a, b, c].map(inline) })
    const [first, second, third] = [a, b, c].map((made) => made.block.id)
    session.feed({
      on: 'stored',
      outcomes: [
        session.side.add(a),
        { id: second!, state: 'postponed' },
        { id: third!, state: 'refused', fault: { code: 'DAG_MISSING_BACK', back: second! } },
      ],
    })
    expect(session.side.graph.has(first!)).toBe(true)
    expect(session.effects.at(-1)).toMatchObject({ do: 'finish', fresh: 1, missing: 2, end: { why: 'postponed' } })
  })

  test('after the end nothing has an effect', () => {
    const session = asking([a])
    session.feed({ on: 'failed', reason: 'cut' })
    expect(session.end).toEqual({ why: 'failed', reason: 'cut' })
    expect(session.feed({ on: 'reply', tag: 3, reply: { t: 'blocks', id: 0, asked: 1, blocks: [] } })).toEqual([])
  })
})

describe('hostile peers', () => {
  const [a, b, c] = line(3) as [MadeBlock, MadeBlock, MadeBlock]
  const blocks = (asked: number, ...made: MadeBlock[]): Reply => ({
    t: 'blocks',
    id: 0,
    asked,
    blocks: made.map(inline),
  })

  test('a block that was not asked for, in another order, or twice: SYNC_UNASKED_BLOCK', () => {
    expect(faultOf(asking([a, b]).reply(blocks(2, c)))).toBe('SYNC_UNASKED_BLOCK')
    expect(faultOf(asking([a, b]).reply(blocks(2, b, a)))).toBe('SYNC_UNASKED_BLOCK')
    expect(faultOf(asking([a, b]).reply(blocks(2, a, a)))).toBe('SYNC_UNASKED_BLOCK')
    expect(faultOf(asking([a, b]).reply(blocks(1, b)))).toBe('SYNC_UNASKED_BLOCK')
  })

  test('a reply that settles nothing: SYNC_NO_PROGRESS; more than was asked: SYNC_BAD_PAGE', () => {
    expect(faultOf(asking([a]).reply(blocks(0)))).toBe('SYNC_NO_PROGRESS')
    expect(faultOf(asking([a]).reply(blocks(2, a)))).toBe('SYNC_BAD_PAGE')
  })

  test('a reply of another kind: SYNC_WRONG_REPLY; to nothing that was asked: SYNC_UNKNOWN_REPLY', () => {
    expect(faultOf(asking([a]).reply({ t: 'ids', id: 0, ids: [], more: false }, 3))).toBe('SYNC_WRONG_REPLY')
    expect(faultOf(asking([a]).reply(blocks(1, a), 99))).toBe('SYNC_UNKNOWN_REPLY')
    const twice = asking([a, b]).reply(blocks(1, a), 3).reply(blocks(1, a), 3)
    expect(faultOf(twice)).toBe('SYNC_UNKNOWN_REPLY')
  })

  test('a header that does not decode, or a block that is refused: SYNC_BAD_BLOCK', () => {
    const broken: WireBlock = { headerBytes: bytes('no header'), state: 'absent' }
    expect(faultOf(asking([a]).reply({ t: 'blocks', id: 0, asked: 1, blocks: [broken] }))).toBe('SYNC_BAD_BLOCK')
    const session = asking([a]).reply(blocks(1, a))
    session.feed({
      on: 'stored',
      outcomes: [{ id: a.block.id, state: 'refused', fault: { code: 'DAG_BAD_SIGNATURE' } }],
    })
    expect(session.end).toEqual({
      why: 'faulty',
      fault: { code: 'SYNC_BAD_BLOCK', block: a.block.id, fault: { code: 'DAG_BAD_SIGNATURE' } },
    })
  })

  test('a payload of another length than the header says: SYNC_BAD_PAYLOAD', () => {
    const longer: WireBlock = { headerBytes: a.block.headerBytes, state: 'inline', payload: bytes('more than that') }
    expect(faultOf(asking([a]).reply({ t: 'blocks', id: 0, asked: 1, blocks: [longer] }))).toBe('SYNC_BAD_PAYLOAD')
  })

  test('pages that lead nowhere: SYNC_BAD_PAGE', () => {
    const known = new Side(FORUM, [a, b])
    expect(faultOf(new ByHand(new Side(FORUM)).opened([a]).listed([], true))).toBe('SYNC_BAD_PAGE')
    expect(faultOf(new ByHand(known).reply({ t: 'opened', id: 0, blocks: 0, heads: [], more: true }))).toBe(
      'SYNC_BAD_PAGE',
    )
  })

  test('a list that names again and again what is here, and one new block at a time: SYNC_BAD_PAGE', () => {
    const session = new ByHand(new Side(FORUM, [a, b])).opened([c])
    const blocks = line(20, b)
    for (let at = 0; at < 12; at += 3) {
      const [fresh, ...absent] = blocks.slice(at, at + 3) as [MadeBlock, MadeBlock, MadeBlock]
      session.listed([a, b, fresh, ...absent], true)
      if (session.end !== undefined) break
      session.reply({ t: 'blocks', id: 0, asked: 3, blocks: [inline(fresh)] })
      session.feed({ on: 'stored', outcomes: [session.side.add(post(FORUM, { payload: String(at) }))] })
    }
    expect(faultOf(session)).toBe('SYNC_BAD_PAGE')
  })
})

describe('from the list to folds', () => {
  const shared = line(12)
  const kinds = (session: ByHand): string[] => session.asked.map(({ request }) => request.t)

  /** Lists some blocks, more to come, and gives those that are lacked. */
  const page = (session: ByHand, listed: readonly MadeBlock[]): void => {
    const lacked = listed.filter(({ block }) => !session.side.graph.has(block.id))
    session.listed(listed, true)
    if (lacked.length === 0) return
    session.reply({ t: 'blocks', id: 0, asked: lacked.length, blocks: lacked.map(inline) })
    session.feed({ on: 'stored', outcomes: lacked.map((made) => session.side.add(made)) })
  }

  test('a page half of which was had, of more heads than fit in one, is fetched; then folds are asked for, and no list', () => {
    const session = new ByHand(new Side(FORUM, shared.slice(0, 2)))
    session.reply({ t: 'opened', id: 0, blocks: 12, heads: [shared[11]!.block.id], more: true })
    page(session, shared.slice(0, 4))
    expect(kinds(session)).toEqual(['open', 'diff', 'get', 'folds'])
    session.reply({ t: 'folds', id: 0, folds: [answerOf(shared)] })
    expect(session.asked.at(-1)?.request).toMatchObject({ t: 'get', ids: shared.slice(4).map(({ block }) => block.id) })
  })

  test('where their heads fit in a page, the list goes on through four such pages; others do not count', () => {
    const session = new ByHand(new Side(FORUM, shared.slice(0, 2 * MOSTLY_KNOWN_PAGES))).opened(shared.slice(-1))
    for (let n = 1; n < MOSTLY_KNOWN_PAGES; n++) page(session, shared.slice(2 * n, 2 * n + 2))
    page(session, shared.slice(8, 10))
    expect(kinds(session)).toEqual(['open', 'diff', 'diff', 'diff', 'diff', 'get', 'diff'])
    page(session, shared.slice(0, 2))
    expect(kinds(session).at(-1)).toBe('folds')
  })

  test.each([
    ['with more lacked than had', shared.slice(0, 5), true, 'diff'],
    ['that is the last', shared.slice(0, 4), false, 'finish'],
  ] as const)('a page %s goes on as before', (_, listed, more, then) => {
    const session = new ByHand(new Side(FORUM, shared.slice(0, 2)))
    session.reply({ t: 'opened', id: 0, blocks: 12, heads: [shared[11]!.block.id], more: true }).listed(listed, more)
    session.reply({ t: 'blocks', id: 0, asked: listed.length - 2, blocks: listed.slice(2).map(inline) })
    session.feed({ on: 'stored', outcomes: listed.slice(2).map((made) => session.side.add(made)) })
    expect(session.end === undefined ? kinds(session).at(-1) : 'finish').toBe(then)
  })

  test('more heads than fit into a page are not paged through: one fold says whether anything is missing', () => {
    const opened: Reply = { t: 'opened', id: 0, blocks: 0, heads: [shared[11]!.block.id], more: true }
    const equal = new ByHand(new Side(FORUM, shared)).reply(opened)
    expect(equal.asked.at(-1)?.request).toMatchObject({ t: 'folds', prefixes: [''] })
    expect(equal.reply({ t: 'folds', id: 0, folds: [answerOf(shared)] }).end).toEqual({ why: 'done' })
  })

  test('what folds have found when the pull is cut is missing', () => {
    const session = new ByHand(new Side(FORUM, shared.slice(0, 9)))
    session.reply({ t: 'opened', id: 0, blocks: 0, heads: [shared[0]!.block.id], more: true })
    const fingerprint = new Uint8Array(32).fill(1)
    const parts = [0, 1].map((digit) => ({ digit, count: 40, fingerprint }))
    session.reply({ t: 'folds', id: 0, folds: [{ at: '', parts }] })
    session.reply({ t: 'folds', id: 0, folds: [answerOf(shared), { at: '1', parts }] })
    session.feed({ on: 'failed', reason: 'cut' })
    expect(session.effects.at(-1)).toMatchObject({ fresh: 0, missing: 3 })
  })

  function answerOf(made: readonly MadeBlock[]): Fold {
    const { graph, fingerprints: folds } = new Side(FORUM, made)
    return answerFolds(graph, folds, [''])[0]!
  }
})

describe('groups', () => {
  const membership = { key: new Uint8Array(32).fill(9), handshake: HANDSHAKE }

  test('the requester proves the key in open, and takes nothing from who does not: SYNC_BAD_PROOF', () => {
    const session = new ByHand(new Side(FORUM), { membership })
    expect(session.asked[0]?.request).toMatchObject({ proof: proofFor(membership, 'requester') })
    session.reply({ t: 'opened', id: 0, blocks: 0, proof: proofFor(membership, 'requester'), heads: [], more: false })
    expect(faultOf(session)).toBe('SYNC_BAD_PROOF')
    const without = new ByHand(new Side(FORUM), { membership }).opened([])
    expect(faultOf(without)).toBe('SYNC_BAD_PROOF')
  })

  test('a right proof is taken', () => {
    const session = new ByHand(new Side(FORUM), { membership })
    session.reply({ t: 'opened', id: 0, blocks: 0, proof: proofFor(membership, 'responder'), heads: [], more: false })
    expect(session.end).toEqual({ why: 'done' })
  })
})

describe('what turned out to be unsound', () => {
  const [a, b, c] = line(3) as [MadeBlock, MadeBlock, MadeBlock]
  const fault = { code: 'DAG_BAD_HEIGHT', expected: 2, found: 3 } as const
  const wary = (side: Side): ByHand => {
    const unsound = (id: BlockId): typeof fault | undefined => (id === b.block.id ? fault : undefined)
    return new ByHand(side, { world: { ...side.options().world, unsound } })
  }

  test('is not asked for again, and to list it is the same breach', () => {
    const session = wary(new Side(FORUM)).opened([c]).listed([a, b, c])
    expect(session.end).toEqual({ why: 'faulty', fault: { code: 'SYNC_BAD_BLOCK', block: b.block.id, fault } })
    expect(session.asked.map(({ request }) => request.t)).toEqual(['open', 'diff'])
  })

  test('no more of a list is asked for before anything of it was worth something', () => {
    const session = new ByHand(new Side(FORUM)).opened([c]).listed([a], true)
    expect(session.asked.map(({ request }) => request.t)).toEqual(['open', 'diff', 'get'])
  })
})

describe('a pull of which nothing came', () => {
  const [a, b] = line(2) as [MadeBlock, MadeBlock]
  const tired = (side: Side): ByHand =>
    new ByHand(side, { world: { ...side.options().world, fruitless: () => 'done' as const } })

  test('ends as the last one did, while the peer shows the same', () => {
    expect(tired(new Side(FORUM)).opened([b]).end).toEqual({ why: 'done' })
  })

  test('is begun all the same where heads follow that are not shown', () => {
    const opened: Reply = { t: 'opened', id: 0, blocks: 9, heads: [a.block.id], more: true }
    const session = tired(new Side(FORUM)).reply(opened)
    expect([session.end, session.asked.at(-1)?.request.t]).toEqual([undefined, 'diff'])
  })
})

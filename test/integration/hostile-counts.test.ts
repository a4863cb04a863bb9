/**
 * Lying counts (spec §8): pages, folds and replies whose numbers do not add up. What no honest peer says closes the stream
 * and is blamed; what goes on for ever without being wrong comes to an end here, and is not.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FOLD_ASKED, FOLD_PREFIXES, GET_IDS, HEADS_PER_PAGE, IDS_PER_PAGE } from '../../src/protocol/sync-limits.ts'
import type { Fold, Reply, Request } from '../../src/protocol/messages.ts'
import { above, founderOf, inventedIds } from '../support/attack-blocks.ts'
import { type AttackedChain, AttackedNetwork, type Lie } from '../support/attacked-network.ts'
import { refuse, servingBlocks, type Answer } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

/** A key has 86 digits: what claims parts below that is malformed. */
const DEEP = 80

const MOST = Number.MAX_SAFE_INTEGER
const BAD_PAGE = { error: /SYNC_BAD_PAGE/, blame: { code: 'SYNC_BAD_PAGE' } }
const MALFORMED = { error: /RPC_MALFORMED/, blame: { code: 'WIRE_MALFORMED' } }

/** Has what everybody has, and claims more heads than fit in a page: so it is asked for folds. */
function folding(at: AttackedChain, fold: (prefix: string) => Fold, count = (asked: number) => asked): Answer {
  return servingBlocks(at.on, [at.base], {
    open: ({ id }) => ({ t: 'opened', id, ...founderOf(at.on), blocks: 1, heads: [at.base.block.id], more: true }),
    folds: ({ id }, { prefixes }) => ({
      t: 'folds',
      id,
      folds: Array.from({ length: count(prefixes.length) }, (_, n) => fold(prefixes[n] ?? '')),
    }),
  })
}

/** Sixteen parts of nothing, each of so many blocks. */
function parts(at: string, blocks: number): Fold {
  const part = (digit: number) => ({ digit, count: blocks, fingerprint: new Uint8Array(randomBytes(32)) })
  return { at, parts: Array.from({ length: 16 }, (_, digit) => part(digit)) }
}

const inReplies: readonly Lie[] = [
  {
    title: 'a reply that settles nothing',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at)], { get: ({ id }) => ({ t: 'blocks', id, asked: 0, blocks: [] }) }),
    error: /SYNC_NO_PROGRESS/,
    blame: { code: 'SYNC_NO_PROGRESS' },
  },
  {
    title: 'a reply that settles more than was asked',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at)], { get: (reply) => ({ ...reply, asked: GET_IDS }) as Reply }),
    ...BAD_PAGE,
  },
  {
    title: 'no heads, and more to come',
    tell: (at) =>
      servingBlocks(at.on, [at.base], { open: ({ id }) => ({ t: 'opened', id, blocks: 1, heads: [], more: true }) }),
    ...BAD_PAGE,
  },
  {
    title: 'more heads than a page has',
    tell: (at) =>
      servingBlocks(at.on, [at.base], {
        open: ({ id }) => ({ t: 'opened', id, blocks: 1, heads: inventedIds(HEADS_PER_PAGE + 1).sort(), more: false }),
      }),
    ...MALFORMED,
  },
  {
    title: 'pages without ids, and more to come',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at)], { diff: ({ id }) => ({ t: 'ids', id, ids: [], more: true }) }),
    ...BAD_PAGE,
  },
  {
    title: 'more ids than a page has',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at)], {
        diff: ({ id }) => ({ t: 'ids', id, ids: inventedIds(IDS_PER_PAGE + 1), more: false }),
      }),
    ...MALFORMED,
  },
  {
    title: 'the same page for ever, and the same block in each fold',
    tell: (at) => {
      const known: Fold = { ids: [at.base.block.id], ranks: [1] }
      return servingBlocks(at.on, [at.base, above(at)], {
        diff: ({ id }) => ({ t: 'ids', id, ids: [at.base.block.id], more: true }),
        folds: ({ id }, { prefixes }) => ({
          t: 'folds',
          id,
          folds: prefixes.map((prefix) => (prefix === '' ? parts('', 9) : known)),
        }),
      })
    },
    ...BAD_PAGE,
  },
  {
    title: 'pages of ids that are of nothing, without end: an honest peer may have lost them',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at)], {
        diff: ({ id }) => ({ t: 'ids', id, ids: inventedIds(300), more: true }),
      }),
  },
]

const inFolds: readonly Lie[] = [
  {
    title: 'fewer folds than prefixes',
    tell: (at) =>
      folding(
        at,
        (prefix) => parts(prefix, 9),
        (asked) => asked - 1,
      ),
    ...BAD_PAGE,
  },
  {
    title: 'more folds than prefixes',
    tell: (at) =>
      folding(
        at,
        (prefix) => parts(prefix, 9),
        (asked) => asked + 1,
      ),
    ...BAD_PAGE,
  },
  {
    title: 'parts of another prefix',
    tell: (at) => folding(at, (prefix) => parts(prefix === '' ? '' : 'FFFF', 99)),
    ...BAD_PAGE,
  },
  {
    title: 'the same ids under each prefix',
    tell: (at) => {
      const ids = inventedIds(2)
      return folding(at, (prefix) => (prefix === '' ? parts('', 9) : { ids, ranks: [1, 2] }))
    },
    ...BAD_PAGE,
  },
  {
    title: 'parts of more blocks than there can be',
    tell: (at) => folding(at, (prefix) => parts(prefix, MOST)),
    ...MALFORMED,
  },
  {
    title: 'parts of so few that they are a list',
    tell: (at) => folding(at, (prefix) => parts(prefix, 2)),
    ...MALFORMED,
  },
  { title: 'ids without ranks', tell: (at) => folding(at, () => ({ ids: inventedIds(2), ranks: [1] })), ...MALFORMED },
]

describe('in replies', () => {
  test.each(inReplies)('$title', (lie) => network.refuses(lie))
})

describe('in folds', () => {
  test.each(inFolds)('$title', (lie) => network.refuses(lie))

  test.each([
    { title: 'as many blocks as there can be', count: 2 ** 48 },
    { title: 'few enough for a list', count: 3 },
  ])(
    '$title, in parts of parts without end: it is asked no more than an honest peer, and not blamed',
    async ({ count }) => {
      const at = await network.newChain()
      const liar = await network.stranger()
      liar.answer = folding(at, (prefix) => (prefix.length < DEEP ? parts(prefix, count) : { ids: [], ranks: [] }))
      await network.withstands(at, async () => {
        const before = liar.asked.length
        expect(await network.recv(liar, at.name)).toMatchObject({ new: 0 })
        const folds = liar.asked.slice(before).filter(({ t }) => t === 'folds')
        const prefixes = folds.flatMap((asked: Request) => (asked.t === 'folds' ? asked.prefixes : []))
        expect(prefixes.length).toBeLessThanOrEqual(FOLD_ASKED + FOLD_PREFIXES)
      })
      await network.keepsNoMore(at)
      await network.isSpared(liar, at)
    },
  )
})

test('in the answer to an offer: it is told as it was said, and changes nothing', async () => {
  const at = await network.newChain()
  const liar = await network.stranger()
  await network.withstands(at, async () => {
    liar.answer = (request, wire) =>
      request.t === 'offer'
        ? { t: 'offered', id: request.id, fresh: MOST, missing: MOST }
        : servingBlocks(at.on, [at.base])(request, wire)
    const sent = await network.node.client.call('peer.send', { addr: liar.address, chain: at.name })
    expect(sent).toEqual({ new: MOST, missing: MOST })
  })
  liar.answer = refuse
  await network.keepsNoMore(at)
  await network.isSpared(liar, at)
})

/**
 * False blocks (spec §3, §5, §8): wrong heights, too many backs, bad signatures, other spellings, blocks and messages that
 * nobody asked for. Nothing of them stays, whoever gives them is blamed, and what honest peers have can be had.
 */
import { decode, encode } from '@ipld/dag-cbor'
import { hexToBytes } from '@noble/hashes/utils.js'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { headerDigest } from '../../src/dag/codec.ts'
import type { Reply, Request } from '../../src/protocol/messages.ts'
import { author, post } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { above, ALICE, atHeight, BOB, forgedSignature, inventedIds, riding } from '../support/attack-blocks.ts'
import { AttackedNetwork, type Lie } from '../support/attacked-network.ts'
import { servingBlocks, wireBlock } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

/** What a block is found out by when it is pulled. */
const bad = (cause: string) => ({ error: /SYNC_BAD_BLOCK/, blame: { code: 'SYNC_BAD_BLOCK', cause } })

/** A reply with these blocks to a `get`. */
function give(request: Request & { readonly t: 'get' }, blocks: readonly MadeBlock[]): Reply {
  return { t: 'blocks', id: request.id, asked: request.ids.length, blocks: blocks.map(wireBlock) }
}

/** The same block with another header, in bytes that this project would not write. */
function rewritten(made: MadeBlock, change: (fields: Record<string, unknown>) => object): MadeBlock {
  const headerBytes = encode({ ...change(decode(made.block.headerBytes)) })
  return { block: { ...made.block, id: headerDigest(headerBytes), headerBytes }, payload: made.payload }
}

/** Links to blocks that nobody has. */
function links(count: number): CID[] {
  const digests = inventedIds(count)
    .sort()
    .map((id) => create(0x12, hexToBytes(id.toLowerCase())))
  return digests.map((digest) => CID.createV1(0x71, digest))
}

const HEIGHTS = [3, 7, Number.MAX_SAFE_INTEGER]

describe('a wrong height', () => {
  const lies = HEIGHTS.map<Lie>((height) => ({
    title: `${String(height)} instead of 2`,
    tell: (at) => servingBlocks(at.on, [at.base, atHeight(at, height)]),
    ...bad('DAG_BAD_HEIGHT'),
  }))
  test.each(lies)('$title', (lie) => network.refuses(lie))

  test.each(HEIGHTS)('%i in an announcement', async (height) => {
    const at = await network.newChain()
    await network.withstands(at, async () => {
      const liar = await network.stranger()
      await liar.say(at.on, () => riding(atHeight(at, height)))
      await network.isBlamed(liar, [{ code: 'GOSSIP_BAD_BLOCK', cause: 'DAG_BAD_HEIGHT' }])
    })
    await network.keepsNoMore(at)
  })
})

const LIES: readonly Lie[] = [
  {
    title: 'seventeen backs',
    tell: (at) => servingBlocks(at.on, [at.base, rewritten(above(at), (fields) => ({ ...fields, backs: links(17) }))]),
    ...bad('DAG_BAD_HEADER'),
  },
  {
    title: 'the same back twice',
    tell: (at) =>
      servingBlocks(at.on, [
        at.base,
        rewritten(above(at), (fields) => ({ ...fields, backs: links(1).flatMap((link) => [link, link]) })),
      ]),
    ...bad('DAG_BAD_HEADER'),
  },
  {
    title: 'a time before that of its past',
    tell: (at) => servingBlocks(at.on, [at.base, rewritten(above(at), (fields) => ({ ...fields, time: 1 }))]),
    ...bad('DAG_BAD_TIME'),
  },
  {
    title: 'a bad signature: banned at once',
    tell: (at) => servingBlocks(at.on, [at.base, forgedSignature(above(at))]),
    ...bad('DAG_BAD_SIGNATURE'),
  },
  {
    title: 'a header in another spelling',
    tell: (at) => {
      const made = above(at)
      const headerBytes = new Uint8Array([...made.block.headerBytes, 0])
      return servingBlocks(at.on, [at.base, made], {
        get: (_reply, request) => give(request, [{ ...made, block: { ...made.block, headerBytes } }]),
      })
    },
    ...bad('DAG_BAD_HEADER'),
  },
  {
    title: 'blocks that were not asked for',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at)], {
        get: (_reply, request) => give(request, [above(at, { payload: 'other' })]),
      }),
    error: /SYNC_UNASKED_BLOCK/,
    blame: { code: 'SYNC_UNASKED_BLOCK' },
  },
  {
    title: 'another message than was asked for',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at)], { diff: ({ id }) => ({ t: 'offered', id, fresh: 1, missing: 0 }) }),
    error: /SYNC_WRONG_REPLY/,
    blame: { code: 'SYNC_WRONG_REPLY' },
  },
  {
    title: 'a reply to what nobody asked',
    tell: (at) => servingBlocks(at.on, [at.base, above(at)], { diff: (reply) => ({ ...reply, id: 4_000_000 }) }),
    error: /RPC_MALFORMED/,
    blame: { code: 'SYNC_UNKNOWN_REPLY' },
  },
  {
    title: 'what is no message',
    tell: (at) =>
      servingBlocks(at.on, [at.base], {
        open: (_reply, _request, wire) => {
          wire.write(new Uint8Array([0xff, 0x00]))
          return undefined
        },
      }),
    error: /RPC_MALFORMED/,
    blame: { code: 'WIRE_MALFORMED' },
  },
  {
    title: 'a refusal of everything, which is no lie: incompatible',
    tell:
      () =>
      ({ id }) => ({ t: 'refuse', id, code: 'incompatible', pioneer: author(9).author, blocks: 1 }),
    error: /not the same/,
  },
  ...(['unknown-chain', 'busy', 'bad-request'] as const).map<Lie>((code) => ({
    title: `a refusal of everything, which is no lie: ${code}`,
    tell:
      () =>
      ({ id }) => ({ t: 'refuse', id, code }),
    error: code === 'unknown-chain' ? /does not have this chain/ : /refuse|busy/,
  })),
]

describe('given in answer to a pull', () => {
  test.each(LIES)('$title', (lie) => network.refuses(lie))
})

describe('§2 a forum with another pioneer', () => {
  const bobs = (on: Chain): MadeBlock => post(on, { author: BOB, payload: 'no, mine', time: Date.now() - 60_000 })
  const both = new RegExp(`${author(ALICE).author}.*${author(BOB).author}`)
  const toldOf = { open: (reply: Reply) => ({ ...reply, pioneer: author(BOB).author }) as Reply }

  test.each<Lie>([
    { title: 'that is found out', tell: (at) => servingBlocks(at.on, [bobs(at.on)]), error: both },
    { title: 'that is told of', tell: (at) => servingBlocks(at.on, [bobs(at.on)], toldOf), error: both },
  ])('$title is refused with both named, and nobody is blamed', (lie) => network.refuses(lie))

  test("somebody else's first post that rides along is not taken; its sender is asked, and not blamed", async () => {
    const at = await network.newChain()
    const other = await network.stranger(servingBlocks(at.on, [bobs(at.on)]))
    await network.withstands(at, async () => {
      await other.say(at.on, () => riding(bobs(at.on)))
      await eventually(
        () => network.node.client.call('chain.status', { chain: at.name }),
        ({ peers }) => peers.some(({ id, state }) => id === other.id && both.test(state)),
      )
    })
    await network.keepsNoMore(at)
    await network.isSpared(other, at)
  })
})

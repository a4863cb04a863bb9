/**
 * Altered payloads (spec §8): of another content, of another length, inline, in frames and in announcements. Nothing of
 * them is kept, whoever gives them is blamed and nobody else, and the payload can be had from others.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { author, bytes } from '../support/blocks.ts'
import { above, ALICE, riding, shown } from '../support/attack-blocks.ts'
import { type AttackedChain, AttackedNetwork, type Lie } from '../support/attacked-network.ts'
import { altered, servingBlocks, type Lies } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

const LARGE = 100_000

async function payloadAt({ name }: AttackedChain, made: MadeBlock): Promise<string> {
  const got = await network.node.client.call('chain.get', { chain: name, id: shown(made), part: 'payload' })
  if (typeof got !== 'string') throw new Error('a payload is text in base64')
  return got
}

const LIES: readonly Lie[] = [
  {
    title: 'inline',
    tell: (at) => servingBlocks(at.on, [at.base, { ...above(at), payload: altered(above(at).payload) }]),
    error: /SYNC_BAD_BLOCK/,
    blame: { code: 'SYNC_BAD_BLOCK', cause: 'DAG_BAD_PAYLOAD' },
  },
  {
    title: 'inline, and of another length',
    tell: (at) => servingBlocks(at.on, [at.base, { ...above(at), payload: bytes('short') }]),
    error: /SYNC_BAD_PAYLOAD/,
    blame: { code: 'SYNC_BAD_PAYLOAD' },
  },
  {
    title: 'in frames',
    tell: (at) => {
      const large = above(at, { payload: new Uint8Array(LARGE) })
      return servingBlocks(at.on, [at.base, { ...large, payload: altered(large.payload) }])
    },
    error: /SYNC_BAD_PAYLOAD/,
    blame: { code: 'SYNC_BAD_PAYLOAD' },
  },
  {
    title: 'in a frame of another length',
    tell: (at) =>
      servingBlocks(at.on, [at.base, above(at, { payload: new Uint8Array(LARGE) })], {
        frame: (reply) => ({ ...reply, t: 'frame', offset: 0, bytes: new Uint8Array(LARGE + 1) }),
      }),
    error: /SYNC_BAD_FRAME/,
    blame: { code: 'SYNC_BAD_FRAME' },
  },
]

describe('given when asked', () => {
  test.each(LIES)('$title', (lie) => network.refuses(lie))
})

describe('in an announcement', () => {
  test.each([
    { title: 'altered', change: altered },
    { title: 'of another length', change: () => bytes('short') },
  ])('$title', async ({ change }) => {
    const at = await network.newChain()
    await network.withstands(at, async () => {
      const liar = await network.stranger()
      const made = above(at)
      await liar.say(at.on, () => riding({ ...made, payload: change(made.payload) }))
      await network.isBlamed(liar, [{ code: 'GOSSIP_BAD_BLOCK', cause: 'DAG_BAD_PAYLOAD' }])
    })
    await network.keepsNoMore(at)
  })
})

test('64 MiB of it, in frames, by one liar after another: none of it is kept', async () => {
  const at = await network.newChain(`@${author(ALICE).author}`)
  const large = above(at, { payload: randomBytes(16 * 1024 * 1024) })
  const lies = servingBlocks(at.on, [at.base, { ...large, payload: altered(large.payload) }])
  await network.withstands(
    at,
    async () => {
      const liar = await network.stranger(lies)
      await expect(network.recv(liar, at.name)).rejects.toThrow(/SYNC_BAD_PAYLOAD/)
      await network.isBlamed(liar, [{ code: 'SYNC_BAD_PAYLOAD' }])
    },
    { waves: 4 },
  )
  await network.keepsNoMore(at)
  expect(await network.bring(at.name, servingBlocks(at.on, [at.base, large]))).toBe(1)
  expect((await payloadAt(at, large)) === Buffer.from(large.payload).toString('base64')).toBe(true)
})

test('a payload that one peer lacks is asked of the next one; who gives something else for it is blamed, and the one after that is asked', async () => {
  const at = await network.newChain()
  const large = above(at, { payload: new Uint8Array(LARGE).fill(7) })
  const absent: Lies = { frame: ({ id }) => ({ t: 'no-payload', id, why: 'absent' }) }
  expect(await network.bring(at.name, servingBlocks(at.on, [at.base, large], absent))).toBe(1)
  const missing = async (): Promise<number> =>
    (await network.node.client.call('chain.status', { chain: at.name })).missing
  expect(await missing()).toBe(1)
  await network.withstands(at, async () => {
    const liar = await network.stranger(servingBlocks(at.on, [at.base, { ...large, payload: altered(large.payload) }]))
    await network.recv(liar, at.name)
    await network.isBlamed(liar, [{ code: 'SYNC_BAD_PAYLOAD' }])
  })
  expect(await missing()).toBe(1)
  const giver = await network.stranger(servingBlocks(at.on, [at.base, large]))
  await network.recv(giver, at.name)
  expect(await missing()).toBe(0)
  expect((await payloadAt(at, large)) === Buffer.from(large.payload).toString('base64')).toBe(true)
  await network.isSpared(giver, at)
})

/**
 * Altered payloads (spec §8): of another content, of another length, inline, in frames and in announcements. Nothing of
 * them is kept, whoever gives them is blamed and nobody else, and the payload can be had from others.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { author, bytes } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { above, Ordeal, type Arena, type Lie } from '../support/ordeal.ts'
import { ALICE, riding, shown } from '../support/siege.ts'
import { altered, shelf, type Lies } from '../support/stranger.ts'

let ordeal: Ordeal

beforeAll(async () => {
  ordeal = await Ordeal.open()
})

afterAll(async () => {
  await ordeal.close()
})

const LARGE = 100_000

async function payloadAt({ name }: Arena, made: MadeBlock): Promise<string> {
  const got = await ordeal.node.client.call('chain.get', { chain: name, id: shown(made), part: 'payload' })
  if (typeof got !== 'string') throw new Error('a payload is text in base64')
  return got
}

const LIES: readonly Lie[] = [
  {
    title: 'inline',
    tell: (at) => shelf(at.on, [at.base, { ...above(at), payload: altered(above(at).payload) }]),
    error: /SYNC_BAD_BLOCK/,
    blame: { code: 'SYNC_BAD_BLOCK', cause: 'DAG_BAD_PAYLOAD' },
  },
  {
    title: 'inline, and of another length',
    tell: (at) => shelf(at.on, [at.base, { ...above(at), payload: bytes('short') }]),
    error: /SYNC_BAD_PAYLOAD/,
    blame: { code: 'SYNC_BAD_PAYLOAD' },
  },
  {
    title: 'in frames',
    tell: (at) => {
      const large = above(at, { payload: new Uint8Array(LARGE) })
      return shelf(at.on, [at.base, { ...large, payload: altered(large.payload) }])
    },
    error: /SYNC_BAD_PAYLOAD/,
    blame: { code: 'SYNC_BAD_PAYLOAD' },
  },
  {
    title: 'in a frame of another length',
    tell: (at) =>
      shelf(at.on, [at.base, above(at, { payload: new Uint8Array(LARGE) })], {
        frame: (reply) => ({ ...reply, t: 'frame', offset: 0, bytes: new Uint8Array(LARGE + 1) }),
      }),
    error: /SYNC_BAD_FRAME/,
    blame: { code: 'SYNC_BAD_FRAME' },
  },
]

describe('given when asked', () => {
  test.each(LIES)('$title', (lie) => ordeal.hears(lie))
})

describe('in an announcement', () => {
  test.each([
    { title: 'altered', change: altered },
    { title: 'of another length', change: () => bytes('short') },
  ])('$title', async ({ change }) => {
    const at = await ordeal.arena()
    await ordeal.withstands(at, async () => {
      const liar = await ordeal.stranger()
      const made = above(at)
      await liar.say(at.on, () => riding({ ...made, payload: change(made.payload) }))
      await ordeal.isBlamed(liar, [{ code: 'GOSSIP_BAD_BLOCK', cause: 'DAG_BAD_PAYLOAD' }])
    })
    await ordeal.keepsNoMore(at)
  })
})

test('64 MiB of it, in frames, by one liar after another: none of it is kept', async () => {
  const at = await ordeal.arena(`@${author(ALICE).author}`)
  const large = above(at, { payload: randomBytes(16 * 1024 * 1024) })
  const lies = shelf(at.on, [at.base, { ...large, payload: altered(large.payload) }])
  await ordeal.withstands(
    at,
    async () => {
      const liar = await ordeal.stranger(lies)
      await expect(ordeal.recv(liar, at.name)).rejects.toThrow(/SYNC_BAD_PAYLOAD/)
      await ordeal.isBlamed(liar, [{ code: 'SYNC_BAD_PAYLOAD' }])
    },
    { waves: 4 },
  )
  await ordeal.keepsNoMore(at)
  expect(await ordeal.bring(at.name, shelf(at.on, [at.base, large]))).toBe(1)
  expect((await payloadAt(at, large)) === Buffer.from(large.payload).toString('base64')).toBe(true)
})

test('a payload that one peer lacks is asked of the next one; who gives something else for it is blamed, and the one after that is asked', async () => {
  const at = await ordeal.arena()
  const large = above(at, { payload: new Uint8Array(LARGE).fill(7) })
  const absent: Lies = { frame: ({ id }) => ({ t: 'no-payload', id, why: 'absent' }) }
  expect(await ordeal.bring(at.name, shelf(at.on, [at.base, large], absent))).toBe(1)
  const missing = async (): Promise<number> =>
    (await ordeal.node.client.call('chain.status', { chain: at.name })).missing
  expect(await missing()).toBe(1)
  await ordeal.withstands(at, async () => {
    const liar = await ordeal.stranger(shelf(at.on, [at.base, { ...large, payload: altered(large.payload) }]))
    await ordeal.recv(liar, at.name)
    await ordeal.isBlamed(liar, [{ code: 'SYNC_BAD_PAYLOAD' }])
  })
  expect(await missing()).toBe(1)
  const giver = await ordeal.stranger(shelf(at.on, [at.base, large]))
  await ordeal.recv(giver, at.name)
  expect(await missing()).toBe(0)
  expect((await payloadAt(at, large)) === Buffer.from(large.payload).toString('base64')).toBe(true)
  await ordeal.isSpared(giver, at)
})

/** The second peer is asked when the first one has owed its frames for 30 s. */
const FRAMES_LATE = { timeout: 120_000 }

test(
  'frames of a peer that lies meanwhile are not held against the one that gives the same payload',
  FRAMES_LATE,
  async () => {
    const at = await ordeal.arena(`@${author(ALICE + 1).author}`, ALICE + 1)
    const large = above(at, { author: ALICE + 1, payload: randomBytes(600_000) })
    const held: (() => void)[] = []
    const slow = await ordeal.stranger(
      shelf(at.on, [at.base, large], {
        frame: (reply, _request, wire) => {
          if (reply.t !== 'frame') return reply
          held.push(() => wire.reply({ ...reply, bytes: altered(reply.bytes) }))
          return undefined
        },
      }),
    )
    const lied = ordeal.recv(slow, at.name)
    lied.catch(() => undefined)
    await eventually(
      () => Promise.resolve(held.length),
      (frames) => frames === 3,
    )
    let given = 0
    const giver = await ordeal.stranger(
      shelf(at.on, [at.base, large], {
        frame: (reply, _request, wire) => {
          given += 1
          if (given < 3) return reply
          // The last frame waits until the other one's lies are in.
          for (const lie of held.splice(0)) lie()
          lied.catch(() => undefined).finally(() => wire.reply(reply))
          return undefined
        },
      }),
    )
    expect(await ordeal.recv(giver, at.name)).toMatchObject({ new: 1 })
    expect((await payloadAt(at, large)) === Buffer.from(large.payload).toString('base64')).toBe(true)
    await ordeal.isSpared(giver, at)
  },
)

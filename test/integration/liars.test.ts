/**
 * Peers that lie, in gossip and in sync, against whole daemons (spec §7, §8): nothing of a lie stays, who told it is
 * treated as it deserves and nobody else, and honest peers sync on.
 */
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeBlock, type MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { blockId, type BlockId } from '../../src/dag/ids.ts'
import { encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { ANNOUNCEMENT_BYTES, MESSAGE_BYTES } from '../../src/protocol/limits.ts'
import type { Fold, Reply, Request } from '../../src/protocol/messages.ts'
import { author, bytes, chain, must, post, type PostParts } from '../support/blocks.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { altered, BREACHES, refuse, shelf, Stranger, wireBlock, type Answer, type Lies } from '../support/stranger.ts'

const HOUR_MS = 3_600_000
const ALICE = 1
const BOB = 2

let playground: Playground
/** The daemon that is lied to, and an honest one beside it. */
let node: Daemon
let honest: Daemon
/** Brings what a chain begins with. */
let friend: Stranger
let liars: Stranger[] = []
let scenes = 0

beforeAll(async () => {
  playground = await Playground.open()
  node = await playground.start('node')
  honest = await playground.start('honest', { peers: node.addresses })
  friend = await Stranger.start()
})

afterEach(async () => {
  await Promise.all(liars.map((liar) => liar.stop()))
  liars = []
})

afterAll(async () => {
  await friend.stop()
  await playground.close()
})

async function newLiar(answer: Answer = refuse): Promise<Stranger> {
  const liar = await Stranger.start()
  liar.answer = answer
  liars.push(liar)
  await liar.meet(node)
  return liar
}

interface Scene {
  readonly on: Chain
  readonly name: string
  /** Alice's first post, which both daemons have. */
  readonly base: MadeBlock
}

/** A chain of its own for each lie. */
async function scene(name = `#scene-${String(++scenes)}`): Promise<Scene> {
  const on = chain(name)
  const base = post(on, { author: ALICE, payload: 'the first one', time: Date.now() - 60_000 })
  await Promise.all([node, honest].map(({ client }) => client.call('chains.join', { name })))
  await bring(name, shelf(on, [base]))
  // On disk, and not in its graph alone, which is ahead for a moment.
  await eventually(
    () => honest.client.call('chain.status', { chain: name }),
    ({ blocks }) => blocks === 1,
  )
  return { on, name, base }
}

/** The node pulls from an honest stranger. */
async function bring(name: string, answer: Answer): Promise<number> {
  friend.answer = answer
  return (await node.client.call('peer.recv', { addr: friend.address, chain: name })).new
}

function idsOf(at: Daemon, name: string): Promise<string[]> {
  return at.client.call('chain.consensus', { chain: name })
}

/** All that is kept of a chain. */
async function view(at: Daemon, name: string): Promise<unknown> {
  const { blocks, heads, held, bytes: size, missing } = await at.client.call('chain.status', { chain: name })
  return { blocks, heads, held, size, missing, ids: await idsOf(at, name) }
}

function pvt(n: number): string {
  const { seed, author: pub } = author(n)
  return bytesToHex(seed).toUpperCase() + pub
}

/** The honest daemon posts, and what it posts comes in; of this length, so that it rides along or is to be pulled. */
async function honestSyncMs(name: string, length = 10): Promise<number> {
  const text = 'x'.repeat(length)
  const { id } = await honest.client.call('chain.post', { chain: name, text, sign: pvt(ALICE) })
  const postedMs = performance.now()
  await eventually(
    () => idsOf(node, name),
    (ids) => ids.includes(id),
  )
  return performance.now() - postedMs
}

const TOO_LARGE_TO_RIDE = 20_000

/** Above the base. */
function above({ on, base }: Scene, parts: PostParts = {}): MadeBlock {
  return post(on, { backs: [base.block], author: ALICE, payload: 'the second one', ...parts })
}

/** Of a wrong height, and signed. */
function floating({ on, base }: Scene): MadeBlock {
  const { header, id } = base.block
  const parts = { chain: on, height: 7, time: header.time, backs: [id], payload: bytes('high'), pvt: author(ALICE) }
  return must(makeBlock({ ...parts, random: new Uint8Array(32) }))
}

function forgedSignature({ block, payload }: MadeBlock): MadeBlock {
  return { block: { ...block, signature: altered(block.signature ?? new Uint8Array(64)) }, payload }
}

/** A reply with these blocks to a `get`. */
function give(request: Request & { readonly t: 'get' }, blocks: readonly MadeBlock[]): Reply {
  return { t: 'blocks', id: request.id, asked: request.ids.length, blocks: blocks.map(wireBlock) }
}

const inventedId = (): BlockId => blockId(new Uint8Array(randomBytes(32)))

const SIXTEEN_PARTS: Fold = {
  at: '',
  parts: Array.from({ length: 16 }, (_, digit) => ({ digit, count: 9, fingerprint: new Uint8Array(randomBytes(32)) })),
}

interface Lie {
  readonly title: string
  readonly tell: (scene: Scene) => Answer
  /** What `peer recv` says of it; nothing: it ends well. */
  readonly error?: RegExp
  readonly breachesLeft: number
}

const blamed = BREACHES - 1

/** Told in answer to a pull, about a sound block above the base where not told otherwise. */
const SYNC_LIES: readonly Lie[] = [
  {
    title: 'blocks that were not asked for',
    tell: (at) =>
      shelf(at.on, [at.base, above(at)], {
        get: (_reply, request) => give(request, [above(at, { payload: 'other' })]),
      }),
    error: /SYNC_UNASKED_BLOCK/,
    breachesLeft: blamed,
  },
  {
    title: 'an altered payload',
    tell: (at) => shelf(at.on, [at.base, { ...above(at), payload: altered(above(at).payload) }]),
    error: /SYNC_BAD_BLOCK/,
    breachesLeft: blamed,
  },
  {
    title: 'a payload of another length',
    tell: (at) => shelf(at.on, [at.base, { ...above(at), payload: bytes('short') }]),
    error: /SYNC_BAD_PAYLOAD/,
    breachesLeft: blamed,
  },
  {
    title: 'an altered payload in frames',
    tell: (at) => {
      const large = above(at, { payload: new Uint8Array(100_000) })
      return shelf(at.on, [at.base, { ...large, payload: altered(large.payload) }])
    },
    error: /SYNC_BAD_PAYLOAD/,
    breachesLeft: blamed,
  },
  {
    title: 'a frame of another length',
    tell: (at) =>
      shelf(at.on, [at.base, above(at, { payload: new Uint8Array(100_000) })], {
        frame: (reply) => ({ ...reply, t: 'frame', offset: 0, bytes: new Uint8Array(100_001) }),
      }),
    error: /SYNC_BAD_FRAME/,
    breachesLeft: blamed,
  },
  {
    title: 'a bad signature',
    tell: (at) => shelf(at.on, [at.base, forgedSignature(above(at))]),
    error: /SYNC_BAD_BLOCK/,
    breachesLeft: 0,
  },
  {
    title: 'a wrong height',
    tell: (at) => shelf(at.on, [at.base, floating(at)]),
    error: /SYNC_BAD_BLOCK/,
    breachesLeft: blamed,
  },
  {
    title: 'a header in another spelling',
    tell: (at) => {
      const made = above(at)
      const headerBytes = new Uint8Array([...made.block.headerBytes, 0])
      return shelf(at.on, [at.base, made], {
        get: (_reply, request) => give(request, [{ ...made, block: { ...made.block, headerBytes } }]),
      })
    },
    error: /SYNC_BAD_BLOCK/,
    breachesLeft: blamed,
  },
  {
    title: 'a reply that settles nothing',
    tell: (at) =>
      shelf(at.on, [at.base, above(at)], {
        get: ({ id }) => ({ t: 'blocks', id, asked: 0, blocks: [] }),
      }),
    error: /SYNC_NO_PROGRESS/,
    breachesLeft: blamed,
  },
  {
    title: 'pages without ids, and more to come',
    tell: (at) => shelf(at.on, [at.base, above(at)], { diff: ({ id }) => ({ t: 'ids', id, ids: [], more: true }) }),
    error: /SYNC_BAD_PAGE/,
    breachesLeft: blamed,
  },
  {
    title: 'the same page for ever, and the same block in each fold',
    tell: (at) =>
      shelf(at.on, [at.base, above(at)], {
        diff: ({ id }) => ({ t: 'ids', id, ids: [at.base.block.id], more: true }),
        folds: ({ id }, { prefixes }) => ({
          t: 'folds',
          id,
          folds: prefixes.map((prefix) => (prefix === '' ? SIXTEEN_PARTS : { ids: [at.base.block.id], ranks: [1] })),
        }),
      }),
    error: /SYNC_BAD_PAGE/,
    breachesLeft: blamed,
  },
  {
    title: 'pages of ids that are of nothing, without end',
    tell: (at) =>
      shelf(at.on, [at.base, above(at)], {
        diff: ({ id }) => ({ t: 'ids', id, ids: Array.from({ length: 300 }, inventedId), more: true }),
      }),
    breachesLeft: BREACHES,
  },
  {
    title: 'a block without its past',
    tell: (at) => {
      const hidden = above(at)
      return shelf(at.on, [post(at.on, { backs: [hidden.block], author: ALICE })])
    },
    breachesLeft: BREACHES,
  },
  {
    title: 'another message than was asked for',
    tell: (at) =>
      shelf(at.on, [at.base, above(at)], { diff: ({ id }) => ({ t: 'offered', id, fresh: 1, missing: 0 }) }),
    error: /SYNC_WRONG_REPLY/,
    breachesLeft: blamed,
  },
  {
    title: 'a reply to what nobody asked',
    tell: (at) => shelf(at.on, [at.base, above(at)], { diff: (reply) => ({ ...reply, id: 4_000_000 }) }),
    error: /RPC_MALFORMED/,
    breachesLeft: blamed,
  },
  {
    title: 'what is no message',
    tell: (at) =>
      shelf(at.on, [at.base], {
        open: (_reply, _request, wire) => {
          wire.write(new Uint8Array([0xff, 0x00]))
          return undefined
        },
      }),
    error: /RPC_MALFORMED/,
    breachesLeft: blamed,
  },
  {
    title: 'the beginning of a giant frame',
    tell: (at) =>
      shelf(at.on, [at.base], {
        open: (_reply, _request, wire) => {
          // Its length alone, in the prefix's seven bits a byte: what is in it need not even come.
          const length = MESSAGE_BYTES + 1
          wire.writeRaw(new Uint8Array([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]))
          return undefined
        },
      }),
    error: /RPC_MALFORMED/,
    breachesLeft: blamed,
  },
  ...(['unknown-chain', 'busy', 'bad-request', 'incompatible'] as const).map((code) => ({
    title: `a refusal of everything: ${code}`,
    tell:
      () =>
      ({ id }: Request) =>
        ({ t: 'refuse', id, code }) as const,
    error: code === 'unknown-chain' ? /does not have this chain/ : /refuse|busy/,
    breachesLeft: BREACHES,
  })),
]

describe('§8 a peer that lies when it is asked', () => {
  test.each(SYNC_LIES)('$title', async ({ tell, error, breachesLeft }) => {
    const at = await scene()
    const before = await view(node, at.name)
    const liar = await newLiar(tell(at))
    const recv = node.client.call('peer.recv', { addr: liar.address, chain: at.name })
    if (error === undefined) expect(await recv).toMatchObject({ new: 0 })
    else await expect(recv).rejects.toThrow(error)
    // Tried again later, it would be blamed again.
    liar.answer = refuse
    expect(await view(node, at.name)).toEqual(before)
    expect(await liar.breachesLeft(node)).toBe(breachesLeft)
    await isBanned(liar)
    // What it lied about can still be had from others.
    expect(await bring(at.name, shelf(at.on, [at.base, above(at)]))).toBe(1)
    await honestSyncMs(at.name)
  })
})

/** The connection is closed, and none can be opened from either side. */
async function isBanned(liar: Stranger): Promise<void> {
  await eventually(
    () => Promise.resolve(liar.host.isConnected(node.peerId)),
    (is) => !is,
  )
  await expect(liar.wire(node)).rejects.toThrow()
  expect(await liar.isWelcome(node)).toBe(false)
  expect((await node.client.call('peer.list', {})).map(({ id }) => id)).not.toContain(liar.id)
}

function riding({ block, payload }: MadeBlock): Uint8Array {
  const { id, headerBytes, signature } = block
  const carried = { headerBytes, payload, ...(signature === undefined ? {} : { signature }) }
  return encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [id], block: carried })
}

describe('§7 a peer that lies in an announcement', () => {
  const REJECTED: readonly { title: string; make: (at: Scene) => Uint8Array; breachesLeft: number; on?: string }[] = [
    { title: 'a bad signature: banned at once', make: (at) => riding(forgedSignature(above(at))), breachesLeft: 0 },
    { title: 'no announcement at all', make: () => randomBytes(100), breachesLeft: blamed },
    {
      title: 'an altered payload',
      make: (at) => riding({ ...above(at), payload: altered(above(at).payload) }),
      breachesLeft: blamed,
    },
    {
      title: 'a payload of another length',
      make: (at) => riding({ ...above(at), payload: bytes('short') }),
      breachesLeft: blamed,
    },
    { title: 'a wrong height', make: (at) => riding(floating(at)), breachesLeft: blamed },
    {
      title: "a guest's post on a chain that is its owner's alone",
      on: `@!${author(ALICE).author}`,
      // Made for the chain beside it, where it would be fine: the same header but for who may write it.
      make: (at) => {
        const open = chain(`@${author(ALICE).author}`)
        const { header } = at.base.block
        const parts = { chain: open, height: 2, time: header.time, backs: [at.base.block.id], payload: bytes('guest') }
        return riding(must(makeBlock({ ...parts, pvt: author(BOB), random: new Uint8Array(32) })))
      },
      breachesLeft: blamed,
    },
  ]

  test.each(REJECTED)('$title', async ({ make, breachesLeft, on }) => {
    const at = await scene(on)
    const before = await Promise.all([node, honest].map((each) => view(each, at.name)))
    const liar = await newLiar()
    await liar.say(at.on, () => make(at))
    if (breachesLeft === 0) await isBanned(liar)
    expect(await liar.breachesLeft(node)).toBe(breachesLeft)
    await isBanned(liar)
    expect(liar.asked).toEqual([])
    expect(await Promise.all([node, honest].map((each) => view(each, at.name)))).toEqual(before)
    await honestSyncMs(at.name)
  })

  test('an oversized one is not read, and its sender is still heard after one', async () => {
    const at = await scene()
    const liar = await newLiar()
    await liar.say(at.on, () => randomBytes(ANNOUNCEMENT_BYTES + 1))
    const good = above(at)
    await liar.say(at.on, () => riding(good))
    await eventually(
      () => idsOf(node, at.name),
      (ids) => ids.includes(shown(good)),
    )
    await honestSyncMs(at.name)
  })

  test('a block without its past, or a head that nobody has: it is asked for it, and not blamed', async () => {
    const at = await scene()
    const before = await view(node, at.name)
    const liar = await newLiar()
    const hidden = above(at)
    await liar.say(at.on, () => riding(post(at.on, { backs: [hidden.block], author: ALICE })))
    await eventually(
      () => Promise.resolve(liar.asked.length),
      (asked) => asked === 1,
    )
    await liar.say(at.on, () => encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [inventedId()] }))
    await eventually(
      () => Promise.resolve(liar.asked.length),
      (asked) => asked === 2,
    )
    expect(await view(node, at.name)).toEqual(before)
    await honestSyncMs(at.name)
    expect(await liar.breachesLeft(node)).toBe(BREACHES)
  })
})

function shown({ block: { id, header } }: MadeBlock): string {
  return `${String(header.height)}_${id}`
}

describe('§2 a forum with another pioneer', () => {
  const bobs = (on: Chain): MadeBlock => post(on, { author: BOB, payload: 'no, mine', time: Date.now() - 60_000 })
  const both = new RegExp(`${author(ALICE).author}.*${author(BOB).author}`)

  test('is refused with both named, whether it is told of or found out, and nobody is blamed', async () => {
    const at = await scene()
    const before = await view(node, at.name)
    const theirs = shelf(at.on, [bobs(at.on)])
    const told = shelf(at.on, [bobs(at.on)], { open: (reply) => ({ ...reply, pioneer: author(BOB).author }) as Reply })
    for (const answer of [theirs, told]) {
      const other = await newLiar(answer)
      await expect(node.client.call('peer.recv', { addr: other.address, chain: at.name })).rejects.toThrow(both)
      expect(await other.breachesLeft(node)).toBe(BREACHES)
    }
    expect(await view(node, at.name)).toEqual(before)
    await honestSyncMs(at.name)
  })

  test("somebody else's first post that rides along is not taken; its sender is asked, and not blamed", async () => {
    const at = await scene()
    const before = await view(node, at.name)
    const other = await newLiar(shelf(at.on, [bobs(at.on)]))
    await other.say(at.on, () => riding(bobs(at.on)))
    await eventually(
      () => node.client.call('chain.status', { chain: at.name }),
      ({ peers }) => peers.some(({ id, state }) => id === other.id && both.test(state)),
    )
    expect(await view(node, at.name)).toEqual(before)
    expect(await other.breachesLeft(node)).toBe(BREACHES)
    await honestSyncMs(at.name)
  })
})

describe('§8 a payload that one peer lacks', () => {
  const PAYLOAD = new Uint8Array(100_000).fill(7)

  /** The node has the block, and misses its payload. */
  async function missing(): Promise<Scene & { large: MadeBlock }> {
    const at = await scene()
    const large = above(at, { payload: PAYLOAD })
    const absent: Lies = { frame: ({ id }) => ({ t: 'no-payload', id, why: 'absent' }) }
    expect(await bring(at.name, shelf(at.on, [at.base, large], absent))).toBe(1)
    expect(await node.client.call('chain.status', { chain: at.name })).toMatchObject({ blocks: 2, missing: 1 })
    return { ...at, large }
  }

  test('is asked of the next one; who gives something else for it is blamed, and the one after that is asked', async () => {
    const { on, name, base, large } = await missing()
    const liar = await newLiar(shelf(on, [base, { ...large, payload: altered(PAYLOAD) }]))
    await node.client.call('peer.recv', { addr: liar.address, chain: name })
    expect(await node.client.call('chain.status', { chain: name })).toMatchObject({ missing: 1 })
    expect(await liar.breachesLeft(node)).toBe(BREACHES - 1)
    const giver = await newLiar(shelf(on, [base, large]))
    await node.client.call('peer.recv', { addr: giver.address, chain: name })
    expect(await node.client.call('chain.status', { chain: name })).toMatchObject({ missing: 0 })
    const got = await node.client.call('chain.get', { chain: name, id: shown(large), part: 'payload' })
    expect(got === Buffer.from(PAYLOAD).toString('base64')).toBe(true)
    expect(await giver.breachesLeft(node)).toBe(BREACHES)
  })
})

describe('§8 a silent peer', () => {
  test.each([
    { title: 'that does not even say hello', greets: false },
    { title: 'that answers nothing', greets: true },
  ])('$title holds up no gossip, no other chain, and its own chain for a moment only', async ({ greets }) => {
    const [at, elsewhere] = [await scene(), await scene()]
    const silent = await newLiar(() => undefined)
    silent.greets = greets
    const waiting = node.client.call('peer.recv', { addr: silent.address, chain: at.name }).catch(() => undefined)
    await eventually(
      () => Promise.resolve(silent.streams),
      (streams) => streams > 0,
    )
    expect(await honestSyncMs(at.name)).toBeLessThan(2000)
    expect(await honestSyncMs(elsewhere.name, TOO_LARGE_TO_RIDE)).toBeLessThan(2000)
    expect(await honestSyncMs(at.name, TOO_LARGE_TO_RIDE)).toBeLessThan(6000)
    expect(await silent.isWelcome(node)).toBe(true)
    await silent.stop()
    await waiting
  })

  test('that offers again and again is waited for once', async () => {
    const at = await scene()
    const silent = await newLiar(() => undefined)
    const wire = await silent.wire(node)
    await wire.ask({ t: 'open', id: 1, chain: at.on.rendezvous })
    for (let id = 2; id < 30; id++) wire.send({ t: 'offer', id, chain: at.on.rendezvous })
    await eventually(
      () => Promise.resolve(silent.asked.length),
      (asked) => asked > 0,
    )
    expect(await honestSyncMs(at.name, TOO_LARGE_TO_RIDE)).toBeLessThan(6000)
  })
})

test('§8 frames of a peer that lies meanwhile are not held against the one that gives the same payload', async () => {
  const at = await scene(`@${author(ALICE).author}`)
  const large = above(at, { payload: randomBytes(600_000) })
  const held: (() => void)[] = []
  const frame = { t: 'frame' } as const
  const slow = await newLiar(
    shelf(at.on, [at.base, large], {
      frame: (reply, _request, wire) => {
        if (reply.t !== frame.t) return reply
        held.push(() => wire.reply({ ...reply, bytes: altered(reply.bytes) }))
        return undefined
      },
    }),
  )
  const lied = node.client.call('peer.recv', { addr: slow.address, chain: at.name })
  lied.catch(() => undefined)
  await eventually(
    () => Promise.resolve(held.length),
    (frames) => frames === 3,
  )
  const giver = await newLiar()
  let given = 0
  giver.answer = shelf(at.on, [at.base, large], {
    frame: (reply, _request, wire) => {
      given += 1
      if (given < 3) return reply
      // The last frame waits until the other one's lies are in.
      for (const lie of held.splice(0)) lie()
      lied.catch(() => undefined).finally(() => wire.reply(reply))
      return undefined
    },
  })
  expect(await node.client.call('peer.recv', { addr: giver.address, chain: at.name })).toMatchObject({ new: 1 })
  expect(await giver.breachesLeft(node)).toBe(BREACHES)
  const got = await node.client.call('chain.get', { chain: at.name, id: shown(large), part: 'payload' })
  expect(got === Buffer.from(large.payload).toString('base64')).toBe(true)
})

describe('§3 a block ahead of the clock', () => {
  test('is set aside, whichever way it came, until its time has come; nobody is blamed', async () => {
    const name = '#ahead'
    const on = chain(name)
    const ahead = await playground.start('ahead', { testClock: true, chains: [{ name }] })
    const base = post(on, { author: ALICE, time: Date.now() })
    const soonest = post(on, { author: ALICE, backs: [base.block], time: Date.now() + HOUR_MS, payload: 'pulled' })
    const next = post(on, { author: ALICE, backs: [base.block], time: Date.now() + HOUR_MS, payload: 'heard' })
    const above = post(on, { author: ALICE, backs: [soonest.block, next.block] })
    const stranger = await Stranger.start()
    liars.push(stranger)
    stranger.answer = shelf(on, [base, soonest])
    const recv = await ahead.client.call('peer.recv', { addr: stranger.address, chain: name })
    expect(recv).toMatchObject({ new: 1 })
    await stranger.say(on, () => riding(next))
    const status = (): ReturnType<typeof ahead.client.call<'chain.status'>> =>
      ahead.client.call('chain.status', { chain: name })
    await eventually(status, ({ held }) => held === 2)
    stranger.answer = shelf(on, [base, soonest, next, above])
    await ahead.client.call('peer.recv', { addr: stranger.address, chain: name })
    expect(await status()).toMatchObject({ blocks: 1, held: 3 })
    expect(await ahead.client.call('chain.heads', { chain: name })).toEqual([shown(base)])
    await ahead.client.call('host.now', { ms: Date.now() + HOUR_MS })
    expect(await status()).toMatchObject({ blocks: 4, held: 0 })
    expect(await ahead.client.call('chain.heads', { chain: name })).toEqual([shown(above)])
    expect(await stranger.breachesLeft(ahead)).toBe(BREACHES)
    await ahead.stop()
  })
})

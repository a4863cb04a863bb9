/**
 * A group's outsider who knows the chain id, and so rendezvous and topic, but not the key (spec §7, §8): gets nothing, can
 * write nothing, and cannot even tell a group that is joined from one that is not.
 */
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Chain } from '../../src/dag/chain.ts'
import { blockId, type BlockId } from '../../src/dag/ids.ts'
import { sealGossip } from '../../src/dag/seal.ts'
import { encodeAnnouncement, openAnnouncement, sealAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { decodeReply } from '../../src/protocol/codec.ts'
import { proofFor } from '../../src/protocol/membership-proof.ts'
import type { Announcement, Request } from '../../src/protocol/messages.ts'
import { bytes, chain, must, post } from '../support/blocks.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { BREACHES, servingBlocks, Stranger, type Wire } from '../support/stranger.ts'

const NAME = '$family'
const keyHex = randomBytes(32).toString('hex')
const key = Buffer.from(keyHex, 'hex')
/** The outsider uses its id, rendezvous and topic alone. */
const group = chain(NAME, keyHex)
const notJoined = chain(NAME, randomBytes(32).toString('hex'))

let playground: Playground
let members: [Daemon, Daemon]
let strangers: Stranger[] = []

beforeAll(async () => {
  playground = await Playground.open()
  const chains = [{ name: NAME, key: keyHex }]
  const a = await playground.start('a', { chains })
  members = [a, await playground.start('b', { chains, peers: a.addresses })]
  await memberPost(members[0], 'the first one')
})

afterEach(async () => {
  await Promise.all(strangers.map((stranger) => stranger.stop()))
  strangers = []
})

afterAll(async () => {
  await playground.close()
})

async function outsider(...meeting: readonly Daemon[]): Promise<Stranger> {
  const stranger = await Stranger.start()
  strangers.push(stranger)
  await stranger.meet(...meeting)
  return stranger
}

/** One that members added by hand: only such a stranger is told of the topic, and heard on it. */
async function addedOutsider(...meeting: readonly Daemon[]): Promise<Stranger> {
  const stranger = await Stranger.start()
  strangers.push(stranger)
  for (const { client } of meeting) await client.call('peer.add', { addr: stranger.address })
  await stranger.meet(...meeting)
  return stranger
}

async function view(node: Daemon): Promise<unknown> {
  const { blocks, heads, held, bytes, missing } = await node.client.call('chain.status', { chain: NAME })
  return { blocks, heads, held, bytes, missing, ids: await node.client.call('chain.consensus', { chain: NAME }) }
}

/** A post of one member that the other one then has. */
async function memberPost(by: Daemon, text: string): Promise<string> {
  const { id } = await by.client.call('chain.post', { chain: NAME, text })
  for (const node of members) {
    await eventually(
      () => node.client.call('chain.consensus', { chain: NAME }),
      (ids) => ids.includes(id),
    )
  }
  return id
}

async function stillExchange(): Promise<void> {
  const [a, b] = members
  await memberPost(a, 'from a')
  await memberPost(b, 'from b')
  // A post is in the order before it is stored, and counted once it is.
  const [viewOfA, viewOfB] = await eventually(
    () => Promise.all([view(a), view(b)]),
    ([one, other]) => isDeepStrictEqual(one, other),
  )
  expect(viewOfA).toEqual(viewOfB)
}

function idOf(shown: string): BlockId {
  return blockId(Uint8Array.from(Buffer.from(shown.split('_')[1] ?? '', 'hex')))
}

type Variant = (wire: Wire) => { proof?: Uint8Array }

/** Every request about a chain, the first one an `open`; the replies as they came. */
async function askAll(stranger: Stranger, about: Chain, variant: Variant): Promise<(Uint8Array | undefined)[]> {
  const [a] = members
  const [, known = ''] = await a.client.call('chain.consensus', { chain: NAME })
  const id = idOf(known)
  const wire = await stranger.wire(a)
  const on = { chain: about.rendezvous }
  const requests: Request[] = [
    { t: 'open', id: 1, ...on, ...variant(wire) },
    { t: 'heads', id: 2, ...on, after: id },
    { t: 'diff', id: 3, ...on, have: [] },
    { t: 'get', id: 4, ...on, ids: [id] },
    { t: 'frame', id: 5, ...on, block: id, offset: 0 },
    { t: 'offer', id: 6, ...on },
  ]
  const replies = []
  for (const request of requests) replies.push(await wire.ask(request))
  await wire.close()
  return replies
}

/** Opens the group as a member does; gives the proof. */
async function memberProof(stranger: Stranger): Promise<Uint8Array> {
  const [a] = members
  const wire = await stranger.wire(a)
  const proof = proofFor({ key, handshake: stranger.handshake(wire, a) }, 'requester')
  const reply = await wire.ask({ t: 'open', id: 1, chain: group.rendezvous, proof })
  expect(must(decodeReply(reply ?? new Uint8Array())).t).toBe('opened')
  await wire.close()
  return proof
}

test('§8 to an outsider a joined group is byte for byte a chain that is not joined', async () => {
  const stranger = await outsider(members[0])
  const captured = await memberProof(stranger)
  const shown = await proofShownTo(stranger)
  const unknown = await askAll(stranger, notJoined, () => ({}))
  for (const reply of unknown) expect(must(decodeReply(reply ?? new Uint8Array()))).toHaveProperty('t', 'refuse')
  const variants: Variant[] = [
    () => ({}),
    () => ({ proof: randomBytes(32) }),
    // One that was good, on another stream of the very same two peers.
    () => ({ proof: captured }),
    // The member's own, thrown back at it.
    () => ({ proof: shown }),
    // Made with every secret but the key.
    (wire) => ({
      proof: proofFor({ key: group.rendezvous, handshake: stranger.handshake(wire, members[0]) }, 'requester'),
    }),
  ]
  for (const variant of variants) {
    expect(await askAll(stranger, group, variant)).toEqual(unknown)
    expect(await askAll(stranger, notJoined, variant)).toEqual(unknown)
  }
  expect(await stranger.breachesLeft(members[0])).toBe(BREACHES)
  await stillExchange()
})

/** The proof that a member shows when it asks the stranger for the group. */
async function proofShownTo(stranger: Stranger): Promise<Uint8Array> {
  await expect(members[0].client.call('peer.recv', { addr: stranger.address, chain: NAME })).rejects.toThrow(
    /does not have this chain/,
  )
  const shown = stranger.asked.find((request) => request.t === 'open')
  if (shown?.t !== 'open' || shown.proof === undefined) throw new Error('a member asks with a proof')
  return shown.proof
}

test('§8 a member tells an outsider who answers nothing but that it knows the rendezvous, and takes nothing', async () => {
  const [a] = members
  const before = await view(a)
  const forged = post(chain(NAME, randomBytes(32).toString('hex')), { payload: 'forged' })
  const opened = servingBlocks(group, [forged])
  const tries: ((shown: Uint8Array | undefined) => { proof?: Uint8Array })[] = [
    () => ({}),
    () => ({ proof: randomBytes(32) }),
    (shown) => (shown === undefined ? {} : { proof: shown }),
  ]
  for (const answer of tries) {
    const stranger = await outsider(a)
    stranger.answer = (request, wire) => {
      const reply = opened(request, wire)
      return request.t === 'open' && reply?.t === 'opened' ? { ...reply, ...answer(request.proof) } : reply
    }
    await expect(a.client.call('peer.recv', { addr: stranger.address, chain: NAME })).rejects.toThrow(/SYNC_BAD_PROOF/)
    expect(new Set(stranger.asked.map(({ t }) => t))).toEqual(new Set(['open']))
    expect(await stranger.breachesLeft(a)).toBe(BREACHES - 1)
  }
  expect(await view(a)).toEqual(before)
  await stillExchange()
})

test('§7 nothing that an outsider announces or offers changes anything', async () => {
  const before = await Promise.all(members.map(view))
  // Sound, so that it is the sealing of the announcement alone that keeps it out.
  const forged = post(group, { payload: 'I am one of you', time: Date.now() })
  const { id, headerBytes } = forged.block
  const riding = (): Announcement => ({
    v: 1,
    nonce: randomBytes(8),
    heads: [id],
    block: { headerBytes, payload: forged.payload },
  })
  const forgeries: (() => Uint8Array)[] = [
    () => randomBytes(200),
    () => randomBytes(3),
    // In clear, as in a forum.
    () => encodeAnnouncement(riding()),
    // Sealed under what an outsider knows.
    () => sealAnnouncement(riding(), group.rendezvous, randomBytes(24)),
    () => sealGossip(randomBytes(32), randomBytes(24), encodeAnnouncement(riding())),
  ]
  for (const node of members) {
    for (const make of forgeries) {
      const stranger = await addedOutsider(node)
      await stranger.say(group, make)
      const wire = await stranger.wire(node)
      const reply = await wire.ask({ t: 'offer', id: 1, chain: group.rendezvous })
      expect(must(decodeReply(reply ?? new Uint8Array()))).toEqual({ t: 'refuse', id: 1, code: 'unknown-chain' })
      expect(await stranger.breachesLeft(node)).toBeLessThan(BREACHES)
      // A member asks it for the group, as one that was added.
      expect(stranger.asked.filter(({ t }) => t !== 'open')).toEqual([])
    }
  }
  expect(await Promise.all(members.map(view))).toEqual(before)
  await stillExchange()
})

test('§7 what an outsider hears on the topic is ciphertext', async () => {
  const [a] = members
  const stranger = await addedOutsider(...members)
  stranger.listen(group)
  const text = 'dinner at eight, bring nobody'
  const opened = await eventually(
    async () => {
      const id = idOf(await memberPost(a, text))
      const announcements = stranger.heard.map((sealed) => must(openAnnouncement(sealed, key)))
      return announcements
        .filter((announced) => 'heads' in announced)
        .filter(({ heads, block }) => heads.includes(id) && block !== undefined)
    },
    (found) => found.length > 0,
  )
  const heard = stranger.heard.map(bytesToHex)
  const secrets = opened.flatMap(({ heads, block, nonce }) => [
    ...heads.map((head) => head.toLowerCase()),
    bytesToHex(nonce),
    bytesToHex(block?.headerBytes ?? new Uint8Array()),
    // The header begins with the names of its fields, as every header does.
    bytesToHex(block?.headerBytes.subarray(0, 16) ?? new Uint8Array()),
    bytesToHex(block?.payload ?? new Uint8Array()),
  ])
  secrets.push(bytesToHex(bytes(text)), bytesToHex(bytes('heads')), bytesToHex(bytes('height')), bytesToHex(key))
  for (const secret of secrets) expect(secret).not.toBe('')
  for (const sealed of heard) for (const secret of secrets) expect(sealed).not.toContain(secret)
  await stillExchange()
})

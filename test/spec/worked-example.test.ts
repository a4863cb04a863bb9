/**
 * Holds the worked example of `docs/spec.md` to the code: every entry there is recomputed here from the few values that
 * the text gives (names, seeds, nonces), and an entry that is missing on either side fails too.
 */
import { readFileSync } from 'node:fs'
import { decode } from '@ipld/dag-cbor'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromMultihash, peerIdFromPrivateKey } from '@libp2p/peer-id'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeBlock, verifyBlock, type BlockParts, type MadeBlock } from '../../src/dag/block.ts'
import { showChainId, type Chain } from '../../src/dag/chain.ts'
import { encodeAad } from '../../src/dag/codec.ts'
import { hmacSha256, publicKeyOf, sha256, verifyZip215, type PrivateKey } from '../../src/dag/crypto.ts'
import { FingerprintTree } from '../../src/dag/fingerprint-tree.ts'
import { Graph } from '../../src/dag/graph.ts'
import { authorKey, blockId, genesisBlockId, showId } from '../../src/dag/ids.ts'
import { memberKey, openGroup } from '../../src/dag/seal.ts'
import { topicOf } from '../../src/node/net/gossip/chain-gossip.ts'
import {
  chainOfInvite,
  decodeInvite,
  decodeInviteBody,
  encodeInvite,
  encodeInviteBody,
  type Invite,
} from '../../src/node/api/invite.ts'
import { rendezvousCid } from '../../src/node/net/discovery/dht-provider.ts'
import { decodeReply, decodeRequest, encodeHello, encodeReply, encodeRequest } from '../../src/protocol/codec.ts'
import {
  decodeAnnouncement,
  encodeAnnouncement,
  openAnnouncement,
  sealAnnouncement,
} from '../../src/protocol/gossip-codec.ts'
import { proofFor, proofHolds, type Handshake } from '../../src/protocol/membership-proof.ts'
import { answerFolds } from '../../src/protocol/dag-diff.ts'
import type { Announcement, Reply, Request, Role, WireBlock } from '../../src/protocol/messages.ts'
import { bytes, chain, must } from '../support/blocks.ts'

/** What stands behind a label: text or hex, and the diagnostic notation where there is one. */
interface Entry {
  readonly diag?: string
  readonly value: string
}

/** Entries of all `hex` fences: a label, two spaces, a value; lines that begin with a space go on with it. */
function documented(): Map<string, Entry> {
  const text = readFileSync(new URL('../../docs/spec.md', import.meta.url), 'utf8')
  const fences = [...text.matchAll(/^```hex\n(.*?)^```$/gms)].map(([, inside = '']) => inside)
  const entries = new Map<string, Entry>()
  for (const [, label = '', rest = ''] of fences.join('').matchAll(/^(\S.*?) {2,}(.*(?:\n .*)*)$/gm)) {
    if (entries.has(label)) throw new RangeError(`"${label}" is there twice`)
    const flat = rest.replace(/\s+/g, ' ')
    const end = flat.startsWith('{') ? flat.lastIndexOf('}') + 1 : 0
    const value = flat.slice(end).replaceAll(' ', '')
    entries.set(label, end === 0 ? { value } : { diag: flat.slice(0, end), value })
  }
  return entries
}

/** Diagnostic notation; of a byte string over 8 bytes the first and the last four. */
function diagnostic(value: unknown): string {
  const link = CID.asCID(value)
  if (link !== null) return `42(${diagnostic(concatBytes(Uint8Array.of(0), link.bytes))})`
  if (value instanceof Uint8Array) {
    const digits = bytesToHex(value)
    return digits.length <= 16 ? `h'${digits}'` : `h'${digits.slice(0, 8)}...${digits.slice(-8)}'`
  }
  if (Array.isArray(value)) return `[${value.map(diagnostic).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}: ${diagnostic(field)}`)
  return `{${fields.join(', ')}}`
}

const raw = (value: Uint8Array): Entry => ({ value: bytesToHex(value) })
const cbor = (value: Uint8Array): Entry => ({ diag: diagnostic(decode(value)), value: bytesToHex(value) })
const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte)

const TIME = 1_700_000_000_000
const SEAL_NONCE = filled(24, 5)
const ANNOUNCE_NONCE = hexToBytes('0001020304050607')
const GROUP_KEY = filled(32, 9)

const forum = chain('#chat')
const group = chain('$family', bytesToHex(GROUP_KEY))

function keys(name: string): PrivateKey {
  const seed = sha256(bytes(name))
  return { seed, author: publicKeyOf(seed) }
}
const author1 = keys('author 1')
const author2 = keys('author 2')

function made(on: Chain, parts: Omit<BlockParts, 'chain' | 'random'>): MadeBlock {
  return must(makeBlock({ chain: on, random: () => concatBytes(SEAL_NONCE, filled(8, 0)), ...parts }))
}
const onGenesis = (on: Chain): Pick<BlockParts, 'height' | 'time' | 'backs'> => {
  return { height: 1, time: TIME, backs: [genesisBlockId(on.id)] }
}
const post = made(forum, { ...onGenesis(forum), payload: bytes('Hello'), pvt: author1 })
const like = made(forum, {
  height: 2,
  time: TIME + 60_000,
  backs: [post.block.id],
  payload: bytes(''),
  pvt: author2,
  like: { n: 1, target: post.block.id },
})
const secret = made(group, { ...onGenesis(group), payload: bytes('Hello') })

function wireBlock({ block, payload }: MadeBlock): WireBlock {
  const { headerBytes, signature } = block
  return { headerBytes, ...(signature === undefined ? {} : { signature }), state: 'inline', payload }
}

const hint: Announcement = { v: 1, nonce: ANNOUNCE_NONCE, heads: [like.block.id] }
const { headerBytes, signature, payload = like.payload } = wireBlock(like)
const riding: Announcement = {
  ...hint,
  block: { headerBytes, payload, ...(signature === undefined ? {} : { signature }) },
}
const waiting: Announcement = { v: 1, nonce: ANNOUNCE_NONCE, waiting: 3 }
const groupHint: Announcement = { ...hint, heads: [secret.block.id] }

/** What a peer that has the post and the like accepts. */
const accepted = new Graph(forum.id, 1)
for (const { block } of [post, like]) {
  const backs = block.header.backs.map((back) => accepted.indexOf(back) ?? 0)
  accepted.add({ id: block.id, height: block.header.height, time: block.header.time, backs }, true)
}

/** Digests made of names, so that there are enough of them for parts. */
const madeUp = new Graph(forum.id, 1)
for (let n = 1; n <= 33; n++) {
  madeUp.add({ id: blockId(sha256(bytes(`block ${String(n)}`))), height: 1, time: TIME + n, backs: [0] }, true)
}

/** One of each kind: the compiler says when one is missing. */
const requests: { readonly [T in Request['t']]: Request & { readonly t: T } } = {
  open: { t: 'open', id: 1, chain: forum.rendezvous },
  heads: { t: 'heads', id: 2, chain: forum.rendezvous, after: like.block.id },
  diff: { t: 'diff', id: 3, chain: forum.rendezvous, have: [post.block.id] },
  get: { t: 'get', id: 4, chain: forum.rendezvous, ids: [like.block.id] },
  frame: { t: 'frame', id: 5, chain: forum.rendezvous, block: post.block.id, offset: 0 },
  held: { t: 'held', id: 6, chain: forum.rendezvous },
  offer: { t: 'offer', id: 7, chain: forum.rendezvous },
  folds: { t: 'folds', id: 9, chain: forum.rendezvous, prefixes: ['', '00018BCFE'] },
}
const replies: { readonly [T in Reply['t']]: Reply & { readonly t: T } } = {
  opened: { t: 'opened', id: 1, blocks: 2, pioneer: author1.author, heads: [like.block.id], more: false },
  heads: { t: 'heads', id: 2, heads: [], more: false },
  ids: { t: 'ids', id: 3, ids: [like.block.id], more: false },
  blocks: { t: 'blocks', id: 4, asked: 1, blocks: [wireBlock(like)] },
  frame: { t: 'frame', id: 5, offset: 0, bytes: post.payload },
  'no-payload': { t: 'no-payload', id: 6, why: 'absent' },
  offered: { t: 'offered', id: 7, fresh: 1, missing: 0 },
  refuse: { t: 'refuse', id: 8, code: 'unknown-chain' },
  folds: {
    t: 'folds',
    id: 9,
    folds: [accepted, madeUp].flatMap((graph) => answerFolds(graph, new FingerprintTree(graph), [''])),
  },
}

async function peerOf(seed: Uint8Array): Promise<Uint8Array> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toMultihash().bytes
}

/** As the text of §8 says it, and not as the code does it. */
function proofInput(role: Role, shake: Handshake): Uint8Array {
  const parts = [bytes(role), shake.requesterNonce, shake.responderNonce, shake.requesterPeer, shake.responderPeer]
  return concatBytes(...parts.flatMap((part) => [Uint8Array.of(0, 0, 0, part.byteLength), part]))
}

let handshake: Handshake
let expected: Map<string, Entry>
const found = documented()

beforeAll(async () => {
  handshake = {
    requesterNonce: filled(32, 1),
    responderNonce: filled(32, 2),
    requesterPeer: await peerOf(filled(32, 10)),
    responderPeer: await peerOf(filled(32, 11)),
  }
  expected = expectedEntries()
})

function blockEntries(name: string, { block, payload: stored }: MadeBlock): [string, Entry][] {
  return [
    [`${name} header`, cbor(block.headerBytes)],
    [`${name} id`, { value: showId(block.header.height, block.id) }],
    [`${name} payload`, raw(stored)],
    ...(block.signature === undefined ? [] : [[`${name} signature`, raw(block.signature)] as [string, Entry]]),
  ]
}

function chainEntries(name: string, { id, genesisBytes, rendezvous }: Chain): [string, Entry][] {
  return [
    [`${name} genesis`, cbor(genesisBytes)],
    [`${name} id`, { value: showId(0, id) }],
    [`${name} rendezvous`, raw(rendezvous)],
    [`${name} topic`, { value: topicOf(rendezvous) }],
  ]
}

/** To the forum, with its founder, at the responder. */
function forumInvite(): Invite {
  const { name, pioneers } = forum.params
  return { name, chain: forum.id, pioneers, founder: author1.author, peers: invite().peers }
}

/** To the group, with its key, at the responder. */
function invite(): Invite {
  const { name, pioneers } = group.params
  const responder = peerIdFromMultihash(Digest.decode(handshake.responderPeer))
  const peers = [`/ip4/192.0.2.1/tcp/8331/p2p/${responder.toString()}`]
  return { name, chain: group.id, pioneers, key: GROUP_KEY, peers }
}

/** The responder follows author 1, and the requester somebody else. */
const incompatible: Reply = { t: 'refuse', id: 10, code: 'incompatible', pioneer: author1.author, blocks: 2 }

function expectedEntries(): Map<string, Entry> {
  const membership = { key: GROUP_KEY, handshake }
  const proof = proofFor(membership, 'requester')
  const counterproof = proofFor(membership, 'responder')
  return new Map<string, Entry>([
    ...chainEntries('forum', forum),
    ['forum DHT key', { value: rendezvousCid(forum.rendezvous).toString() }],
    ['author 1', { value: author1.author }],
    ['author 2', { value: author2.author }],
    ...blockEntries('post', post),
    ...blockEntries('like', like).filter(([label]) => label !== 'like payload'),
    ['hint', cbor(encodeAnnouncement(hint))],
    ['riding', cbor(encodeAnnouncement(riding))],
    ['waiting', cbor(encodeAnnouncement(waiting))],
    ['hello', cbor(encodeHello({ t: 'hello', v: 1, nonce: handshake.requesterNonce }))],
    ...Object.values(requests).map((request): [string, Entry] => [
      `request ${request.t}`,
      cbor(encodeRequest(request)),
    ]),
    ...Object.values(replies).map((reply): [string, Entry] => [`reply ${reply.t}`, cbor(encodeReply(reply))]),
    ['incompatible', cbor(encodeReply(incompatible))],
    ['fold of both', raw(new FingerprintTree(accepted).fingerprint(''))],
    ['fold of 33', raw(new FingerprintTree(madeUp).fingerprint(''))],
    ...chainEntries('group', group),
    ['secret AAD', raw(encodeAad(secret.block.header))],
    ...blockEntries('secret', secret),
    ['secret hint', raw(sealAnnouncement(groupHint, GROUP_KEY, SEAL_NONCE))],
    ['requester peer', raw(handshake.requesterPeer)],
    ['responder peer', raw(handshake.responderPeer)],
    ['member key', raw(memberKey(GROUP_KEY))],
    ['proof input', raw(proofInput('requester', handshake))],
    ['group open', cbor(encodeRequest({ t: 'open', id: 1, chain: group.rendezvous, proof }))],
    [
      'group opened',
      cbor(encodeReply({ t: 'opened', id: 1, blocks: 1, proof: counterproof, heads: [secret.block.id], more: false })),
    ],
    ['invite', cbor(encodeInviteBody(invite()))],
    ['invite spelt', { value: encodeInvite(invite()) }],
    ['forum invite', cbor(encodeInviteBody(forumInvite()))],
    ['forum invite spelt', { value: encodeInvite(forumInvite()) }],
  ])
}

function hexOf(label: string): Uint8Array {
  return hexToBytes(found.get(label)?.value ?? 'there is no such entry')
}

test('docs/spec.md has every entry, and none that is not recomputed', () => {
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
})

test.each([...found.keys()])('docs/spec.md, worked example: %s', (label) => {
  expect(found.get(label)).toEqual(expected.get(label))
})

describe('what the document prints is taken by a reader', () => {
  test('§3 ids are digests of what is printed, and its signatures are the authors’', () => {
    expect(`0_${bytesToHex(sha256(hexOf('forum genesis'))).toUpperCase()}`).toBe(showChainId(forum))
    for (const [name, { block }] of Object.entries({ post, like })) {
      const id = blockId(sha256(hexOf(`${name} header`)))
      expect(found.get(`${name} id`)?.value).toBe(showId(block.header.height, id))
      expect(verifyBlock({ ...block, id, signature: hexOf(`${name} signature`) })).toBe(true)
      const author = authorKey(hexOf(name === 'post' ? 'author 1' : 'author 2'))
      expect(verifyZip215(author, id, hexOf(`${name} signature`))).toBe(true)
    }
  })

  test('§3 the payload of a group opens with the key and the header without pay', () => {
    const opened = openGroup(GROUP_KEY, hexOf('secret AAD'), hexOf('secret payload'))
    expect(new TextDecoder().decode(must(opened))).toBe('Hello')
  })

  test('§7 announcements', () => {
    expect(must(decodeAnnouncement(hexOf('hint')))).toEqual(hint)
    expect(must(decodeAnnouncement(hexOf('riding')))).toEqual(riding)
    expect(must(decodeAnnouncement(hexOf('waiting')))).toEqual(waiting)
    expect(must(openAnnouncement(hexOf('secret hint'), GROUP_KEY))).toEqual(groupHint)
  })

  test('§11 an invite', () => {
    const read = must(decodeInvite(found.get('invite spelt')?.value ?? ''))
    expect(read).toEqual(invite())
    expect(must(decodeInviteBody(hexOf('invite')))).toEqual(read)
    expect(must(chainOfInvite(read, [])).id).toBe(group.id)
    expect(must(decodeInvite(found.get('forum invite spelt')?.value ?? ''))).toEqual(forumInvite())
    expect(must(decodeInviteBody(hexOf('forum invite')))).toEqual(forumInvite())
  })

  test('§8 requests and replies', () => {
    for (const request of Object.values(requests)) {
      expect(must(decodeRequest(hexOf(`request ${request.t}`)))).toEqual(request)
    }
    for (const reply of Object.values(replies)) {
      expect(must(decodeReply(hexOf(`reply ${reply.t}`)))).toEqual(reply)
    }
    expect(must(decodeReply(hexOf('incompatible')))).toEqual(incompatible)
  })

  test('§8 the proof of membership is an HMAC-SHA256 over the printed input', () => {
    const proof = hmacSha256(hexOf('member key'), hexOf('proof input'))
    expect(must(decodeRequest(hexOf('group open')))).toMatchObject({ proof })
    expect(proofHolds(proof, { key: GROUP_KEY, handshake }, 'requester')).toBe(true)
  })
})

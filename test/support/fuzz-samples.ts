/**
 * Right messages of every kind, to make wrong ones of. A kind that is added to the protocol, or a method to the control
 * port, does not compile until it has a sample here, and is fuzzed from then on.
 */
import { concat } from './fuzz-mutate.ts'
import { author, bytes, chain, like, post } from './blocks.ts'
import { drawnId } from './draw.ts'
import { HANDSHAKE } from './sync-sim.ts'
import type { Block, MadeBlock } from '../../src/dag/block.ts'
import { encodeAad } from '../../src/dag/codec.ts'
import type { FoldPart } from '../../src/dag/fingerprint-tree.ts'
import { idBytes } from '../../src/dag/ids.ts'
import { FRAME_BYTES } from '../../src/dag/store.ts'
import type { Method, ParamsOf } from '../../src/node/control/schema.ts'
import type { Invite } from '../../src/node/api/invite.ts'
import { HELD_SLOTS } from '../../src/protocol/intake-limits.ts'
import { proofFor } from '../../src/protocol/membership-proof.ts'
import type { Announcement, HeadsAnnouncement, Hello, Reply, Request, WireBlock } from '../../src/protocol/messages.ts'

const FORUM = chain('#fuzz', author(1).author)
const GROUP_KEY = 'AB'.repeat(32)
const GROUP = chain('$fuzz', GROUP_KEY)
const OWNED = chain(`@${author(2).author}`)

/** One chain of each kind. */
export const CHAINS = [FORUM, GROUP, OWNED, chain(`@!${author(2).author}`)]

const first = post(FORUM, { author: 1 })
const second = post(FORUM, { author: 2, backs: [first.block] })
const anonymous = post(FORUM, { backs: [first.block], payload: '' })
const welcome = like(FORUM, 1, anonymous.block, { author: 1, backs: [second.block, anonymous.block] })
const dislike = like(FORUM, -1, second.block, { author: 1, backs: [welcome.block] })
const inGroup = post(GROUP, { author: 3, payload: 'among us' })
const toOwner = post(OWNED, { author: 3, payload: 'for your eyes', toOwner: true })
const wide = post(FORUM, {
  author: 1,
  backs: Array.from({ length: 16 }, (_, n) => post(FORUM, { author: 1, payload: String(n) }).block),
})

const answer = post(FORUM, { author: 2, backs: [welcome.block], re: anonymous.block })
const labelled = post(FORUM, {
  author: 1,
  backs: [second.block],
  payload: '# Olá',
  label: { type: 'text/markdown', name: 'olá.md' },
  re: first.block,
})
const named = post(GROUP, { payload: 'x', label: { name: 'n'.repeat(255) } })
const typed = post(FORUM, { author: 1, backs: [first.block], label: { type: `a/${'b'.repeat(125)}` } })

const MADE: readonly MadeBlock[] = [
  ...[first, second, anonymous, welcome, dislike, inGroup, toOwner, wide],
  ...[answer, labelled, named, typed],
]

export const HEADERS = MADE.map(({ block }) => block.headerBytes)

/** Headers of signed blocks, each with its signature behind it. */
export const SIGNED = MADE.flatMap(({ block }) =>
  block.signature === undefined ? [] : [concat(block.headerBytes, block.signature)],
)

const nonce = new Uint8Array(32).fill(7)
const rendezvous = FORUM.rendezvous
const ids = (count: number): Block['id'][] => Array.from({ length: count }, (_, n) => drawnId(String(n))).sort()
const about = { id: 1, chain: rendezvous }

export const HELLOS: readonly Hello[] = [
  { t: 'hello', v: 1, nonce },
  { t: 'hello', v: 1, nonce: new Uint8Array(32) },
]

const membership = { key: GROUP.params.key ?? nonce, handshake: HANDSHAKE }

const ADDRESS = '/ip4/10.0.0.2/tcp/8331/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

/** One of each kind of chain, with and without what may be left out. */
export const INVITES: readonly Invite[] = [
  { name: '#', chain: chain('#').id, pioneers: [], peers: [] },
  { name: '#olá', chain: chain('#olá').id, pioneers: [], peers: [] },
  { name: '#', chain: chain('#').id, pioneers: [], founder: author(1).author, peers: [ADDRESS] },
  { name: FORUM.params.name, chain: FORUM.id, pioneers: FORUM.params.pioneers, peers: [ADDRESS] },
  { name: GROUP.params.name, chain: GROUP.id, pioneers: [], key: membership.key, peers: [ADDRESS, ADDRESS] },
  {
    name: GROUP.params.name,
    chain: GROUP.id,
    pioneers: [],
    peers: [ADDRESS.replace('/ip4/10.0.0.2', '/dns4/a.example')],
  },
  { name: OWNED.params.name, chain: OWNED.id, pioneers: [], peers: [ADDRESS.replace('/ip4/10.0.0.2', '/ip6/::1')] },
]

/** A proof of membership, and what it is checked against. */
export const PROOF = { proof: proofFor(membership, 'requester'), membership, role: 'requester' } as const

const REQUESTS_BY_KIND: { readonly [T in Request['t']]: readonly (Request & { readonly t: T })[] } = {
  open: [
    { t: 'open', ...about },
    { t: 'open', id: 0xffff_ffff, chain: rendezvous, proof: PROOF.proof },
  ],
  heads: [{ t: 'heads', ...about, after: drawnId('a') }],
  diff: [
    { t: 'diff', ...about, have: ids(3) },
    { t: 'diff', ...about, have: [], after: drawnId('a') },
  ],
  get: [{ t: 'get', ...about, ids: ids(4) }],
  frame: [{ t: 'frame', ...about, block: drawnId('a'), offset: 3 * FRAME_BYTES }],
  held: [{ t: 'held', ...about, id: 24 }],
  folds: [
    { t: 'folds', ...about, prefixes: [''] },
    { t: 'folds', ...about, prefixes: ['0', '018BCFE5', '018BCFE56', first.block.id + first.block.id.slice(0, 22)] },
  ],
  offer: [{ t: 'offer', ...about, id: 65_536 }],
}

export const REQUESTS: readonly Request[] = Object.values(REQUESTS_BY_KIND).flat()

function wire({ block, payload }: MadeBlock, state: WireBlock['state'] = 'inline'): WireBlock {
  const { headerBytes, signature } = block
  return {
    headerBytes,
    state,
    ...(signature === undefined ? {} : { signature }),
    ...(state === 'inline' ? { payload } : {}),
  }
}

const part = (digit: number): FoldPart => ({ digit, count: 20, fingerprint: nonce })

const REPLIES_BY_KIND: { readonly [T in Reply['t']]: readonly (Reply & { readonly t: T })[] } = {
  opened: [
    { t: 'opened', id: 1, blocks: 2, heads: ids(2), more: false },
    { t: 'opened', id: 1, blocks: 2, proof: PROOF.proof, pioneer: author(1).author, heads: [], more: true },
  ],
  heads: [{ t: 'heads', id: 1, heads: ids(3), more: true }],
  ids: [{ t: 'ids', id: 255, ids: ids(5).reverse(), more: false }],
  blocks: [
    { t: 'blocks', id: 1, asked: 4, blocks: [wire(first), wire(anonymous), wire(dislike, 'frames')] },
    { t: 'blocks', id: 1, asked: 256, blocks: [wire(inGroup, 'hidden'), wire(wide, 'absent')] },
    { t: 'blocks', id: 1, asked: 2, blocks: [wire(labelled), wire(answer)] },
    { t: 'blocks', id: 1, asked: 1, blocks: [] },
  ],
  frame: [{ t: 'frame', id: 1, offset: FRAME_BYTES, bytes: bytes('the last frame') }],
  'no-payload': [
    { t: 'no-payload', id: 1, why: 'hidden' },
    { t: 'no-payload', id: 1, why: 'absent' },
  ],
  folds: [
    {
      t: 'folds',
      id: 1,
      folds: [
        { ids: ids(3), ranks: [3, 1, Number.MAX_SAFE_INTEGER] },
        { ids: [], ranks: [] },
      ],
    },
    { t: 'folds', id: 1, folds: [{ at: '018BC', parts: [0, 1, 15].map(part) }] },
  ],
  offered: [
    { t: 'offered', id: 1, fresh: 0, missing: Number.MAX_SAFE_INTEGER },
    { t: 'offered', id: 1, fresh: 0, missing: 3, delayed: 2 },
  ],
  refuse: [
    { t: 'refuse', id: 1, code: 'unknown-chain' },
    { t: 'refuse', id: 1, code: 'incompatible', pioneer: author(2).author, blocks: 3 },
  ],
}

export const REPLIES: readonly Reply[] = Object.values(REPLIES_BY_KIND).flat()

function riding({ block, payload }: MadeBlock): NonNullable<HeadsAnnouncement['block']> {
  const { headerBytes, signature } = block
  return { headerBytes, payload, ...(signature === undefined ? {} : { signature }) }
}

const hint = { v: 1, nonce: nonce.subarray(0, 8) } as const

export const ANNOUNCEMENTS: readonly Announcement[] = [
  { ...hint, heads: ids(1) },
  { ...hint, heads: ids(16) },
  { ...hint, heads: [first.block.id], block: riding(first) },
  { ...hint, heads: [anonymous.block.id, second.block.id], block: riding(anonymous) },
  { ...hint, heads: [labelled.block.id], block: riding(labelled) },
  { ...hint, waiting: 0 },
  { ...hint, waiting: HELD_SLOTS },
]

/** 24 bytes, and the key that announcements and payloads of the group are sealed under. */
export const SEALING = { key: membership.key, nonce: new Uint8Array(24).fill(5) }

/** Payloads as a group stores them, and what they are bound to. */
export const GROUP_PAYLOADS = {
  key: SEALING.key,
  aad: encodeAad(inGroup.block.header),
  plain: [bytes(''), bytes('x'), bytes('a text'), new Uint8Array(200).fill(3)],
}

/** Payloads as only the owner reads them. */
export const OWNER_PAYLOADS = {
  owner: author(2),
  plain: GROUP_PAYLOADS.plain,
  ephemeral: idBytes(drawnId('ephemeral')),
}

/** The token of the control port under test. */
export const TOKEN = '5e'.repeat(32)

const on = { chain: '#fuzz' }
const block = { ...on, id: `2_${second.block.id}` }
const signed = { ...block, sign: 'CD'.repeat(64) }
const addr = '/ip4/127.0.0.1/tcp/8330'

/** Right params of every method. */
export const CONTROL_PARAMS: { readonly [M in Method]: ParamsOf<M> } = {
  auth: { token: TOKEN },
  hello: { nonce: '07'.repeat(32) },
  'rpc.discover': {},
  'host.info': {},
  'host.page': {},
  'host.stop': {},
  'host.now': { ms: 1_700_000_000_000 },
  'keys.shared': { passphrase: 'a “pass\\phrase”\n' },
  'keys.pubpvt': { passphrase: '\u{1f511}' },
  'chains.join': { name: '$fuzz', keys: [GROUP_KEY] },
  'chains.invite': { ...on, withKey: true },
  'chains.leave': { name: '#fuzz' },
  'chains.list': {},
  'chains.news': { from: { '#fuzz': [block.id] }, without: [author(1).author], last: 9 },
  'chains.listen': { from: { '#fuzz': [block.id] } },
  'chain.genesis': on,
  'chain.heads': { ...on, state: 'all' },
  'chain.get': { ...block, part: 'payload', decrypt: 'AB'.repeat(64) },
  'chain.blocks': { ...on, last: 50, payloads: 1024 },
  'chain.post': { ...on, payload: 'QQ==', encrypt: true, type: 'text/plain', name: 'olá.txt', re: block.id },
  'chain.draft': {
    chain: '#chat',
    author: 'AB'.repeat(32),
    text: 'hello',
    type: 'text/plain',
    name: 'a.txt',
    re: '1_9074E8',
  },
  'chain.submit': { draft: `1_${'9074E836'.repeat(8)}`, signature: Buffer.alloc(64).toString('base64') },
  'chain.like': { ...signed, why: 'well said' },
  'chain.dislike': signed,
  'chain.reps': { ...on, of: author(1).author },
  'chain.profiles': { ...on, of: [author(1).author] },
  'chain.remove': block,
  'chain.traverse': { ...on, from: [block.id], all: true },
  'chain.consensus': on,
  'chain.status': on,
  'chain.founder': { ...on, pub: author(1).author },
  'chain.missing': on,
  'chain.listen': { ...on, from: [block.id] },
  'peer.list': {},
  'peer.add': { addr },
  'peer.remove': { addr },
  'peer.ping': { addr },
  'peer.chains': { addr },
  'peer.send': { addr, ...on },
  'peer.recv': { addr, ...on },
  'peer.held': { addr, ...on },
  'peer.check': { addr, ...on },
}

const call = (method: string, params: unknown, id: number | string | null = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', method, params, id })

/** What clients send: a call of each method, then conversations, batches and notifications. */
export const LINES: readonly Uint8Array[] = [
  ...Object.entries(CONTROL_PARAMS).map(([method, params]) => `${call(method, params)}\n`),
  `${call('hello', CONTROL_PARAMS.hello)}\n${call('auth', CONTROL_PARAMS.auth)}\n${call('host.info', {}, 'two')}\n`,
  `[${call('host.now', {}, 1)},${call('chains.list', {}, 2)},${call('chains.list', {}, null)}]\n`,
  `{"jsonrpc":"2.0","method":"chains.list"}\n${call('chain.post', { ...on, text: '\ud800 \u0000' })}\n`,
].map(bytes)

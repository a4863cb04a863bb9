#!/usr/bin/env node
/**
 * Writes test/vectors/reputation.json: `node scripts/reputation-vectors.mjs`. It shares no code with `src`: bytes and CIDs
 * come from @ipld/dag-cbor and multiformats, keys and signatures from libsodium, and what is expected from the literal
 * definitions in test/support/reputation-twin.ts. The file, once there, is not written again: nodes have agreed on it.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as dagCbor from '@ipld/dag-cbor'
import sodium from 'libsodium-wrappers-sumo'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import ts from 'typescript'

await sodium.ready

const file = fileURLToPath(new URL('../test/vectors/reputation.json', import.meta.url))
if (existsSync(file)) {
  console.error(`${file} is there already: what nodes have agreed on is never written again`)
  process.exit(1)
}

/** The twin imports nothing, so that taking its types away makes it a module. */
async function loadTwin() {
  const source = readFileSync(new URL('../test/support/reputation-twin.ts', import.meta.url), 'utf8')
  const { outputText } = ts.transpileModule(source, { compilerOptions: { target: 'es2022', module: 'esnext' } })
  return import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)
}
const { headsOf, inOrder, ReputationTwin } = await loadTwin()

const ascii = (text) => new TextEncoder().encode(text)
const hex = (bytes) => Buffer.from(bytes).toString('hex').toUpperCase()
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const sha256 = (...parts) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest())
const link = (codec, digest) => CID.createV1(codec, Digest.create(0x12, digest))
const blockLink = (id) => link(0x71, unhex(id))

const MINUTE = 60_000
const DAY = 86_400_000
const FIRST_DAY = 1_699_920_000_000

const authors = {}
/** The author with this letter; the seed is made of the letter. */
function author(letter) {
  authors[letter] ??= { letter, seed: sha256(ascii(`reputation vectors: ${letter}`)) }
  const { seed } = authors[letter]
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed)
  return { seed, publicKey, privateKey, pub: hex(publicKey) }
}

/** One line a block, in the order of arrival: `backs < name @day time likes target`; `!` before one that is not sound. */
const FORUMS = [
  {
    title: 'a founder, newcomers who are held and welcomed, and 24 hours',
    name: '#vectors',
    blocks: `
      genesis  < a1    @0 08:00
    ! genesis  < b8    @0 07:00
      a1       < b1    @0 10:00
    ! b1       < b9    @0 10:30
    ! a1 b1    < a7    @0 10:30
    ! a1 b1    < a8    @0 10:30 dislikes b1
    ! a1       < a9    @0 10:30 likes a1
      a1 b1    < a2    @0 11:00 likes b1
    ! a2       < b7    @0 11:30 likes a2
      a2       < anon1 @0 11:30
      a2 anon1 < a3    @0 12:00 likes anon1
      a3       < b2    @1 09:59:59.999
      a3       < b4    @1 10:00:00.001
      a3       < b3    @1 10:00
      a3       < b5    @1 10:01
      b3 b4    < c1    @1 12:00
      b3 b4 c1 < b6    @1 12:01 likes c1
      b3 b4 c1 < a4    @1 12:02 likes c1
      a4       < a5    @2 00:00`,
  },
  {
    title: 'dislikes hide a post, likes bring it back',
    name: '#hiding',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 09:00
      a1 b1    < a2    @0 09:10 likes b1
      a2       < a3    @0 10:00 dislikes b1
      a3       < a4    @0 10:01 dislikes b1
      a4       < a5    @0 10:02 dislikes b1
      a5       < a6    @0 10:03 dislikes b1
      a6       < c1    @0 11:00 dislikes b1
      a6       < a7    @0 11:01 dislikes b1
      a7       < a8    @0 12:00 likes b1
      a8       < a9    @0 12:01 likes b1
      a9       < a10   @0 12:02 dislikes b1
      a10      < a11   @0 12:03 dislikes a1
      a11      < b2    @1 13:00`,
  },
  {
    title: 'rivals for one rep, a withdrawal, and blocks on unpaid ones of the same author',
    name: '#rivals',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 10:00
      a1 b1    < a2    @0 11:00 likes b1
      a2       < a3    @0 11:01 likes b1
      a3       < c1    @0 12:30
      a3 c1    < b3    @0 13:00 likes c1
      b3       < b4    @1 13:00
      a3       < b2    @0 12:00
      b2       < a4    @1 14:00
      a4       < d1    @1 14:10
      a4 d1    < a5    @1 14:11 likes d1
      a5       < a6    @1 14:12 likes d1
      a6       < d3    @1 16:00
      d3       < a7    @1 17:00
      a7       < d4    @2 16:00
      d3       < d5    @2 16:30
      a6       < d2    @1 15:00`,
  },
  {
    title: '90 days',
    name: '#window',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 09:00
      a1 b1    < a2    @0 10:00 likes b1
      a2       < b2    @90 09:00
      a2       < b3    @90 09:00:00.001
      a2       < a3    @90 08:00:00.001
      a3 b2    < b4    @90 10:00
      a3 b2    < b5    @90 10:00:00.001
      a3 b2    < a4    @91 00:00
      a4       < b6    @91 08:59:59.999
      a4       < b7    @91 09:00`,
  },
  {
    title: 'three pioneers, and midnight',
    name: '#three',
    pioneers: 'abc',
    blocks: `
      genesis  < s1    @0 08:00
      genesis  < a1    @0 23:59:59.999
      genesis  < b1    @0 09:00
      a1       < a2    @1 00:00
      a2 b1    < c1    @1 01:00
      b1 s1    < b2    @1 02:00 likes s1
      b2 c1    < a3    @1 23:59:59.999
      a3       < a4    @2 00:00
      a4       < c2    @2 02:00 dislikes s1`,
  },
  {
    title: 'an identity chain with its owner and two guests',
    owner: 'o',
    blocks: `
      genesis  < o1    @0 08:00
      o1       < g1    @0 09:00
      o1       < anon1 @0 09:00
      o1 g1    < o2    @0 10:00 likes g1
      o1       < o3    @0 10:00
      o2 o3    < g2    @0 11:00
      o2 o3    < g3    @1 09:00
      g3       < h1    @1 09:30
      g3 h1    < g4    @1 10:00 likes h1
      g4       < o4    @1 11:00 dislikes o1
      o4       < o5    @1 11:01 dislikes o1
      o5       < o6    @1 11:02 dislikes o1
      o6       < o7    @1 11:03 dislikes o1
      o7       < o8    @1 11:04 dislikes o1
      o8       < o9    @1 12:00 dislikes g3
      o9       < o10   @1 12:01 dislikes g3
      o10      < o11   @1 12:02 dislikes g3
      o11      < o12   @1 12:03 dislikes g3
      o12      < o13   @1 12:04 dislikes g3
    ! o13      < o99   @1 13:00 likes o1`,
  },
]

const LINE =
  /^(!)?\s*(.+?)\s+< (([a-z]+)\d+)\s+@(\d+) (\d\d):(\d\d)(?::(\d\d)\.(\d{3}))?(?:\s+(likes|dislikes) (\S+))?$/

function chainOf({ name, pioneers = '', owner }) {
  const shown = name ?? `@${author(owner).pub}`
  const keys = [...pioneers].map((letter) => author(letter).pub).sort()
  const id = hex(sha256(dagCbor.encode({ freechains: 1, name: shown, pioneers: keys.map(unhex) })))
  return { name: shown, pioneers: keys, ...(owner === undefined ? {} : { owner: author(owner).pub }), id }
}

/** One line as a block of the twin and as what goes over the wire. */
function read(line, chain, known) {
  const [, unsound, left, name, letters, day, hours, minutes, seconds = '0', ms = '0', verb, target] = LINE.exec(line)
  const backs = left === 'genesis' ? [] : left.split(' ').map((back) => known.get(back))
  const by = letters === 'anon' ? undefined : author(letters)
  const time = FIRST_DAY + Number(day) * DAY + (Number(hours) * 60 + Number(minutes)) * MINUTE + Number(seconds) * 1000
  const like = target === undefined ? undefined : { n: verb === 'likes' ? 1 : -1, target: known.get(target) }
  const payload = ascii(name)
  const header = dagCbor.encode({
    v: 1,
    height: 1 + Math.max(0, ...backs.map(({ twin }) => twin.height)),
    time: time + Number(ms),
    backs:
      backs.length === 0
        ? [blockLink(chain.id)]
        : backs
            .map(({ twin }) => twin.id)
            .sort()
            .map(blockLink),
    ...(by === undefined ? {} : { author: by.publicKey }),
    pay: { cid: link(0x55, sha256(payload)), size: payload.length, seal: 'none' },
    ...(like === undefined ? {} : { like: { n: like.n, target: blockLink(like.target.twin.id) } }),
  })
  const digest = sha256(header)
  const twin = {
    id: hex(digest),
    height: 1 + Math.max(0, ...backs.map((back) => back.twin.height)),
    time: time + Number(ms),
    backs: backs.length === 0 ? 'genesis' : backs.map((back) => back.twin),
    ...(by === undefined ? {} : { author: by.pub }),
    ...(like === undefined ? {} : { like: { n: like.n, target: like.target.twin } }),
  }
  const signature =
    by && sodium.crypto_sign_detached(Buffer.concat([ascii('freechains/block/1'), digest]), by.privateKey)
  const shown = {
    name,
    id: `${twin.height}_${twin.id}`,
    time: twin.time,
    backs: left.split(' '),
    ...(by === undefined ? {} : { author: letters }),
    ...(like === undefined ? {} : { like: { n: like.n, target } }),
    payload: name,
    header: hex(header),
    ...(by === undefined ? {} : { signature: hex(signature) }),
  }
  return { name, twin, shown, isSound: unsound === undefined }
}

/** What a peer that has just these blocks must say. */
function expectedAfter(rules, known, letters, time) {
  const nameOf = new Map([...known.values()].map(({ name, twin }) => [twin, name]))
  const all = new Set(nameOf.keys())
  const [paid, accepted] = [rules.paid(all), rules.accepted(all)]
  const names = (blocks) => inOrder(blocks).map((u) => nameOf.get(u))
  const targets = new Set([...all].flatMap((u) => (u.like === undefined ? [] : [u.like.target])))
  const repsAt = (t) => letters.map((letter) => [letter, rules.reps(author(letter).pub, accepted, t)])
  const times = [time, time + DAY - 1, time + DAY, time + 90 * DAY, time + 90 * DAY + 1]
  return {
    heads: names(headsOf(accepted)),
    paid: names(paid),
    accepted: names([...accepted].filter((u) => !paid.has(u))),
    held: names([...all].filter((u) => !accepted.has(u))),
    hidden: names([...targets].filter((u) => rules.hidden(u, all))),
    posts: Object.fromEntries(inOrder(targets).map((u) => [nameOf.get(u), rules.repsOfPost(u, all)])),
    reps: Object.fromEntries(times.map((t) => [t, Object.fromEntries(repsAt(t))])),
  }
}

function play(forum) {
  const chain = chainOf(forum)
  const lines = forum.blocks
    .trim()
    .split('\n')
    .map((line) => line.trim())
  const letters = [...new Set(lines.map((line) => LINE.exec(line)[4]))].filter((letter) => letter !== 'anon').sort()
  const isFirstPosters = forum.owner === undefined && chain.pioneers.length === 0
  const rules = new ReputationTwin({
    kind: forum.owner === undefined ? 'forum' : 'identity',
    pioneers: chain.pioneers,
    ...(chain.owner === undefined ? {} : { owner: chain.owner }),
    ...(isFirstPosters ? { pioneer: author(LINE.exec(lines[0])[4]).pub } : {}),
  })
  const known = new Map()
  const blocks = lines.map((line) => {
    const block = read(line, chain, known)
    const { name, twin, shown, isSound } = block
    if (rules.isSound(twin) !== isSound) throw new TypeError(`${line}: it is${isSound ? ' not' : ''} sound`)
    if (!isSound) return { ...shown, sound: false }
    known.set(name, block)
    const k = rules.k(twin)
    const after = expectedAfter(rules, known, letters, twin.time)
    return { ...shown, sound: true, k: k === Infinity ? 'unlimited' : k, after }
  })
  return { title: forum.title, chain, blocks }
}

const NOTE = [
  'Reputation and acceptance (docs/spec.md §4, §5) on real blocks: another implementation can be held to this file.',
  'authors: a letter, the Ed25519 seed and the public key. chain: what the chain is joined with, and its id (digest of the genesis).',
  'blocks, in the order of arrival: header is the canonical dag-cbor in hex, id its height and sha2-256, signature the 64 bytes beside it.',
  'name, time, backs, author, like and payload (its text) say again, in names of blocks and letters of authors, what the header says.',
  'sound: false is a block that a peer refuses for what it and its past say (§2, §3, §5): nothing follows from it.',
  'k: k(u) of the block (0 if unsigned). after: what a peer says that has all sound blocks up to this one, none set aside, delayed or dropped.',
  'heads, paid, accepted (not paid, and in the past of a paid one), held (sound, and neither), hidden (3.b): names, each list in order (§1).',
  'posts: reps of the posts that any like or dislike speaks of. reps: by time (ms since the epoch) and author, reps(author, accepted, time);',
  'of an unlimited author what the formula gives, which nobody goes by. Asked at the block’s own time, 24 h (less 1 ms) and 90 days (and 1 ms) later.',
  'Whatever the order of arrival, pasts first, the answers after the last block are the same.',
]

/** JSON, of which everything deeper than some levels is on one line. */
function layOut(value, levels, indent = '') {
  if (levels === 0 || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  const isList = Array.isArray(value)
  const parts = Object.entries(value).map(([key, part]) => {
    return `${inner}${isList ? '' : `${JSON.stringify(key)}: `}${layOut(part, levels - 1, inner)}`
  })
  const [open, close] = isList ? '[]' : '{}'
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`
}

const forums = FORUMS.map(play)
const shownAuthors = Object.values(authors)
  .map(({ letter, seed }) => [letter, { seed: hex(seed), pub: author(letter).pub }])
  .sort(([a], [b]) => (a < b ? -1 : 1))
const content = { note: NOTE, authors: Object.fromEntries(shownAuthors), forums }
writeFileSync(file, `${layOut(content, 6)}\n`)
console.log(`${file}: ${forums.flatMap(({ blocks }) => blocks).length} blocks`)
